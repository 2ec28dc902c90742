"""The arrays of a graph isomorphism network that every step of its training writes to again."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["LayerArrays", "Workspace", "Workspaces"]

Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.int32]


class LayerArrays(NamedTuple):
    """Results of the forward pass of a layer that the backward pass reads: C x (H + 1) for C classes of nodes.

    Attributes:
        gathered: The states that come in, summed over each class and those that feed it, and one.
        inner: The rectified inner states, and one.
        active: The states before their normalisation, and one.
        centred: The same minus their mean, and one.
        inner_bits: `inner` as integers.
        active_bits: `active` as integers.
    """

    gathered: Floats
    inner: Floats
    active: Floats
    centred: Floats
    inner_bits: Bits
    active_bits: Bits


class Workspace(NamedTuple):
    """The arrays for C classes of nodes and H units.

    Attributes:
        layers: One entry per layer.
        fed: (C + 1) x (H + 1); `state`, and a node whose state is one, which feeds all others with a bias.
        state: C x (H + 1); what the last layer gave, and zero.
        to_fed: (C + 1) x (H + 1); the gradient of `fed`.
        to_state: C x (H + 1); that of `state`, whose last column means nothing.
        delta: C x (H + 1); the gradient of `active`, then of `gathered`.
        to_inner: C x (H + 1); that of `inner`.
        scratch: C x (H + 1).
        delta_bits: `delta` as integers.
        to_inner_bits: `to_inner` as integers.
        scratch_bits: `scratch` as integers.
    """

    layers: tuple[LayerArrays, ...]
    fed: Floats
    state: Floats
    to_fed: Floats
    to_state: Floats
    delta: Floats
    to_inner: Floats
    scratch: Floats
    delta_bits: Bits
    to_inner_bits: Bits
    scratch_bits: Bits


class Workspaces:
    """Workspaces by number of classes. All lie in the same memory, so that it stays in the processor's cache.

    Args:
        layers: Layers of the network.
        hidden: H.
    """

    def __init__(self, layers: int, hidden: int) -> None:
        self._layers, self._width, self._classes = layers, hidden + 1, 0
        self._memory: Floats = np.empty((0, 0), dtype=np.float32)
        self._known: dict[int, Workspace] = {}
        self._one = np.eye(self._width, dtype=np.float32)[-1]

    def of(self, classes: int) -> Workspace:
        """The arrays for C classes; what those for another C held is lost."""
        space = self._known.get(classes) or self._new(classes)
        space.fed[-1] = self._one
        return space

    def _new(self, classes: int) -> Workspace:
        count = 4 * self._layers + 5
        if classes > self._classes:
            self._memory = np.empty((classes + 1) * self._width * count, dtype=np.float32)
            self._classes = classes
            self._known.clear()
        size = (classes + 1) * self._width
        whole = self._memory[: size * count].reshape(count, classes + 1, self._width)
        arrays = [array[:-1] for array in whole]
        bits = [array.view(np.int32) for array in arrays]
        layers = []
        for at in range(0, 4 * self._layers, 4):
            gathered, inner, active, centred = arrays[at : at + 4]
            layers.append(LayerArrays(gathered, inner, active, centred, bits[at + 1], bits[at + 2]))
        state, to_state, delta, to_inner, scratch = arrays[-5:]
        space = Workspace(
            tuple(layers), whole[-5], state, whole[-4], to_state, delta, to_inner, scratch, bits[-3], bits[-2], bits[-1]
        )
        self._known[classes] = space
        return space
