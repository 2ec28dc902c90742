"""Adam on one flat array: one step, whatever the number of layers."""

from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Adam"]

Floats = npt.NDArray[np.floating[Any]]


class Adam:
    """Moves weights that lie in one flat array against their gradient, in place.

    At the sizes of the predictors here a gradient costs a fraction of a millisecond, and a layered optimiser would cost
    as much again.

    Args:
        weights: The flat array.
        betas: Decay of the two moments.
        epsilon: Added to the root of the second moment.

    Source: Kingma and Ba, Adam, ICLR 2015, algorithm 1.
    """

    def __init__(self, weights: Floats, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8) -> None:
        self._weights, self._betas, self._epsilon = weights, betas, epsilon
        self._mean, self._square = np.zeros_like(weights), np.zeros_like(weights)
        self._scratch, self._root = np.empty_like(weights), np.empty_like(weights)
        self._steps = 0

    def step(self, gradient: Floats, rate: float, factors: Floats | None = None) -> None:
        """Takes one step.

        Args:
            gradient: As long as the weights.
            rate: Learning rate of this step.
            factors: Multipliers of each weight's rate.
        """
        (first, second), scratch, root = self._betas, self._scratch, self._root
        self._steps += 1
        if first > 0:
            self._mean *= first
            np.multiply(gradient, 1.0 - first, out=scratch)
            self._mean += scratch
            mean = self._mean
        else:
            mean = gradient
        self._square *= second
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1.0 - second
        self._square += scratch
        scale = sqrt(1.0 - second**self._steps)
        np.sqrt(self._square, out=root)
        root += self._epsilon * scale
        np.divide(mean, root, out=scratch)
        scratch *= rate * scale / (1.0 - first**self._steps)
        if factors is not None:
            scratch *= factors
        self._weights -= scratch
