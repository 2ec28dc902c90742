"""All weights of a model in one flat tensor: one gradient, one optimiser step, whatever the number of layers."""

from collections.abc import Mapping
from math import prod, sqrt
from typing import Any

import numpy as np
import torch

__all__ = ["Parameters"]


class Parameters:
    """Named weights that lie in one flat tensor, and Adam on it with a clipped gradient.

    At these sizes a step of a layered optimiser costs more than the gradient itself.

    Args:
        shapes: Name to shape; the first dimension of a matrix is its inputs. Names ending in ``_table`` hold one row an
            item and start small, those ending in ``_bias`` start at zero.
        rng: Draws the start.
        learning_rate: Of Adam.
        clip: Largest norm of the gradient.

    Source: Kingma and Ba, Adam, ICLR 2015.
    """

    def __init__(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        rng: np.random.Generator,
        learning_rate: float = 5e-3,
        clip: float = 1.0,
    ) -> None:
        self._shapes = dict(shapes)
        parts = [self._start(name, shape, rng) for name, shape in self._shapes.items()]
        self.flat = torch.from_numpy(np.concatenate(parts).astype(np.float32)).requires_grad_()
        self._sizes = [prod(shape) for shape in self._shapes.values()]
        self._rate, self._clip, self._step = learning_rate, clip, 0
        self._mean, self._square = torch.zeros_like(self.flat), torch.zeros_like(self.flat)

    @staticmethod
    def _start(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
        if name.endswith("_bias"):
            return np.zeros(prod(shape))
        if name.endswith("_table"):
            return rng.normal(0.0, 0.3, prod(shape))
        bound = 1.0 / sqrt(shape[0])
        return rng.uniform(-bound, bound, prod(shape))

    def views(self) -> dict[str, Any]:
        """The weights by name, as views into the flat tensor."""
        parts = torch.split(self.flat, self._sizes)
        return {name: part.view(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}

    def descend(self, loss: Any) -> None:
        """One step of Adam. A loss or gradient that is not finite is skipped."""
        self.flat.grad = None
        loss.backward()
        gradient = self.flat.grad
        norm = float(gradient.norm())
        if not np.isfinite(norm):
            return
        if norm > self._clip:
            gradient = gradient * (self._clip / norm)
        self._step += 1
        with torch.no_grad():
            self._mean.lerp_(gradient, 0.1)
            self._square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
            scale = sqrt(1.0 - 0.999**self._step) / (1.0 - 0.9**self._step)
            self.flat.addcdiv_(self._mean, self._square.sqrt().add_(1e-8), value=-self._rate * scale)
