"""A layer of the graph isomorphism network, forward and backward, on classes of nodes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.error_readout import ONE, ZERO, activate
from equipoise.methods._shared.gin_workspace import Bits, LayerArrays, Workspace
from equipoise.methods._shared.weighted_normalisation import WeightedNormalisation

__all__ = ["ARRAYS", "GinLayer", "layer_shapes", "trained_parts"]

Floats = npt.NDArray[np.float32]

ARRAYS = 4
"""Arrays of a layer."""

SIGN = np.array(31, dtype=np.int32)
"""By how many bits the sign is shifted to fill an integer."""


def layer_shapes(inputs: int, hidden: int) -> list[tuple[int, ...]]:
    """The arrays of a layer: the matrix into the inner units, that out of them, scale and shift.

    Every state has a last entry that is always one. The last row of a matrix is therefore the bias; the last column,
    which is constant, keeps the one.
    """
    return [(inputs + 1, hidden + 1), (hidden + 1, hidden + 1), (hidden,), (hidden,)]


def trained_parts(arrays: Sequence[Floats]) -> list[Floats]:
    """Views without the constant columns: matrix, bias, matrix, bias, scale, shift."""
    into, out, scale, shift = arrays
    return [into[:-1, :-1], into[-1, :-1], out[:-1, :-1], out[-1, :-1], scale, shift]


class GinLayer:
    """A perceptron with one hidden layer, an activation and a normalisation.

    Args:
        weights: Arrays of `layer_shapes`, which the owner trains.
        gradients: Arrays of the same shapes, where gradients are written; those of constant columns mean nothing.
        uncertain: Whether the activation is a CELU instead of a rectifier.

    Attributes:
        normalisation: The last operation.
    """

    def __init__(self, weights: Sequence[Floats], gradients: Sequence[Floats], uncertain: bool) -> None:
        self._into, self._out, scale, shift = weights
        self._to_into, self._to_out, to_scale, to_shift = gradients
        self._into[-1, -1] = self._out[-1, -1] = 1.0
        self._into_back, self._out_back, self._uncertain = self._into.T, self._out.T, uncertain
        self.normalisation = WeightedNormalisation(scale, shift, to_scale, to_shift)

    def forward(self, gathered: Floats, weight: Floats | None, own: LayerArrays, state: Floats) -> None:
        """Writes the states of the nodes.

        Args:
            gathered: C x (inputs + 1).
            weight: C shares of the classes, or None for the running averages of the normalisation.
            own: What is kept for the backward pass.
            state: Receives the result.
        """
        inner, active = own.inner, own.active
        gathered.dot(self._into, inner)
        np.maximum(inner, ZERO, out=inner)
        inner.dot(self._out, active)
        activate(active, self._uncertain)
        self.normalisation.forward(active, weight, own.centred, state)

    def backward(self, gathered: Floats, weight: Floats, own: LayerArrays, space: Workspace) -> None:
        """Writes the gradients of the weights, and from that of the states that of the inner ones.

        Args:
            gathered: C x (inputs + 1).
            weight: C x 1 shares of the classes.
            own: What `forward` left.
            space: Its `to_state` holds the gradient of the states, and its `to_inner` receives that of the inner ones.
        """
        delta, to_inner = space.delta, space.to_inner
        self.normalisation.backward(space.to_state, weight, own.centred, space.scratch, delta)
        if self._uncertain:
            delta *= np.minimum(own.active + ONE, ONE)
        else:
            _rectify(space.delta_bits, own.active_bits, space.scratch_bits)
        own.inner.T.dot(delta, self._to_out)
        delta.dot(self._out_back, to_inner)
        _rectify(space.to_inner_bits, own.inner_bits, space.scratch_bits)
        gathered.T.dot(to_inner, self._to_into)

    def pass_on(self, gather: Floats, space: Workspace) -> None:
        """Writes the gradient of the states before the layer, from that of the inner ones."""
        space.to_inner.dot(self._into_back, space.delta)
        gather.T.dot(space.delta, space.to_fed)


def _rectify(delta: Bits, output: Bits, scratch: Bits) -> None:
    """Sets a gradient to zero, in place, where the output of a rectifier is.

    All are numbers read as integers. The sign bit of the negated integer says so: a comparison, and a product by its
    booleans, cost twice as much.
    """
    np.negative(output, out=scratch)
    np.right_shift(scratch, SIGN, out=scratch)
    np.bitwise_and(delta, scratch, out=delta)
