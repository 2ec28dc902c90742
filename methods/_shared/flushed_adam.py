"""Adam on one flat array, in few passes, that leaves no denormal numbers behind."""

from math import sqrt

import numpy as np
import numpy.typing as npt

__all__ = ["FlushedAdam"]

Floats = npt.NDArray[np.float32]

PERIOD = 32
"""Steps after which negligible moments are set to zero."""

NEGLIGIBLE_MEAN, NEGLIGIBLE_SQUARE = np.float32(1e-20), np.float32(1e-30)
"""Far below what the step can tell from zero, and far above the least normal number, 1e-38."""


class FlushedAdam:
    """Moves weights that lie in one flat array against their gradient, in place.

    The moments of weights without a gradient (of rectifiers that never fire) decay towards zero. Below 1e-38 an
    operation on them takes the processor a hundred times as long, so negligible moments are set to zero.

    Args:
        weights: The flat array.
        betas: Decay of the two moments.
        epsilon: Added to the root of the second moment.

    Attributes:
        mean: The first moment divided by one minus its decay.
        square: The second moment divided by one minus its decay.

    Source: Kingma and Ba, Adam, ICLR 2015, algorithm 1.
    """

    def __init__(self, weights: Floats, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8) -> None:
        self._weights, self._betas, self._epsilon = weights, betas, epsilon
        self.mean, self.square = np.zeros_like(weights), np.zeros_like(weights)
        self._scratch, self._steps = np.empty_like(weights), 0

    def step(self, gradient: Floats, rate: float, factors: Floats | None = None) -> None:
        """Takes one step.

        Args:
            gradient: As long as the weights.
            rate: Learning rate of this step.
            factors: Multipliers of each weight's rate.
        """
        (first, second), scratch, mean = self._betas, self._scratch, gradient
        self._steps += 1
        if first > 0:
            mean = self.mean
            mean *= np.float32(first)
            mean += gradient
        self.square *= np.float32(second)
        np.multiply(gradient, gradient, out=scratch)
        self.square += scratch
        scale = sqrt((1.0 - second**self._steps) / (1.0 - second))
        np.sqrt(self.square, out=scratch)
        scratch += np.float32(self._epsilon * scale)
        np.divide(mean, scratch, out=scratch)
        scratch *= np.float32(rate * scale * (1.0 - first) / (1.0 - first**self._steps))
        if factors is not None:
            scratch *= factors
        self._weights -= scratch
        if self._steps % PERIOD == 0:
            self.mean[np.abs(self.mean) < NEGLIGIBLE_MEAN] = 0.0
            self.square[self.square < NEGLIGIBLE_SQUARE] = 0.0
