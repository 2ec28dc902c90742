"""Weights of a small network in one flat tensor, which Adam moves in one step."""

from collections.abc import Mapping
from math import prod, sqrt
from typing import Any

import numpy as np
import torch

from equipoise.methods._shared.adam import Adam

__all__ = ["FlatWeights"]


class FlatWeights:
    """Named weights as views of one tensor. A layered optimiser would cost more than the gradient of such a network.

    Args:
        shapes: Name to shape. Weights start uniform within 1 / sqrt(inputs), the inputs being all dimensions but the
            last; names that end in ``_bias`` start at 0, in ``_table`` normal with deviation 0.3, in ``_gain`` at 1.
        rng: Draws the start.
        rate: Learning rate of Adam.
        betas: Of Adam.
    """

    def __init__(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        rng: np.random.Generator,
        rate: float,
        betas: tuple[float, float] = (0.9, 0.999),
    ) -> None:
        torch.set_num_threads(1)
        values = np.concatenate([_start(name, shape, rng) for name, shape in shapes.items()]).astype(np.float32)
        self._flat = torch.from_numpy(values).requires_grad_()
        self._shapes, self._sizes, self._rate = dict(shapes), [prod(shape) for shape in shapes.values()], rate
        self._adam = Adam(values, betas)

    @property
    def views(self) -> dict[str, Any]:
        """The weights by name, connected to the flat tensor."""
        parts = torch.split(self._flat, self._sizes)
        return {name: part.view(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}

    def descend(self, loss: Any) -> None:
        """Takes one step against the gradient of a loss; one that is not finite is skipped."""
        self._flat.grad = None
        loss.backward()
        gradient = self._flat.grad.numpy()
        if np.isfinite(gradient).all():
            self._adam.step(gradient, self._rate)


def _start(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    size = prod(shape)
    if name.endswith("_bias"):
        return np.zeros(size)
    if name.endswith("_gain"):
        return np.ones(size)
    if name.endswith("_table"):
        return rng.normal(0.0, 0.3, size)
    bound = 1.0 / sqrt(max(1, prod(shape[:-1])))
    return rng.uniform(-bound, bound, size)
