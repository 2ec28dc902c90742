"""Weights of a small network, and their gradient, each in one flat array, which Adam moves in one step."""

from collections.abc import Mapping
from math import prod, sqrt

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.flushed_adam import FlushedAdam
from equipoise.methods._shared.network_arrays import parts_of

__all__ = ["FlatWeights"]

Floats = npt.NDArray[np.float32]


class FlatWeights:
    """Named weights as views of one array. A layered optimiser would cost more than the gradient of such a network.

    Args:
        shapes: Name to shape. Weights start uniform within 1 / sqrt(inputs), the inputs being all dimensions but the
            last; names that end in ``_bias`` start at 0, in ``_table`` normal with deviation 0.3, in ``_gain`` at 1.
        rng: Draws the start.
        rate: Learning rate of Adam.
        betas: Of Adam.

    Attributes:
        flat: All weights.
        gradient: Where the gradient of a loss is written, in the order of `flat`.
        views: The weights by name.
        gradients: Their gradients by name, as views of `gradient`.
    """

    def __init__(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        rng: np.random.Generator,
        rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        drawn = [_start(name, shape, rng) for name, shape in shapes.items()]
        self.flat: Floats = np.concatenate(drawn).astype(np.float32)
        self.gradient: Floats = np.zeros_like(self.flat)
        sizes = list(shapes.values())
        self.views = dict(zip(shapes, parts_of(self.flat, sizes), strict=True))
        self.gradients = dict(zip(shapes, parts_of(self.gradient, sizes), strict=True))
        self._adam, self._rate = FlushedAdam(self.flat, betas), rate

    def descend(self) -> None:
        """Takes one step against `gradient`; one that is not finite is skipped."""
        if np.isfinite(self.gradient @ self.gradient):
            self._adam.step(self.gradient, self._rate)


def _start(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    size = prod(shape)
    if name.endswith("_bias"):
        return np.zeros(size)
    if name.endswith("_gain"):
        return np.ones(size)
    if name.endswith("_table"):
        return rng.normal(0.0, 0.3, size)
    bound = 1.0 / sqrt(max(1, prod(shape[:-1])))
    return rng.uniform(-bound, bound, size)
