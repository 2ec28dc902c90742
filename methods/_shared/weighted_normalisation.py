"""Batch normalisation of states that stand for several nodes each."""

import numpy as np
import numpy.typing as npt

__all__ = ["WeightedNormalisation"]

Floats = npt.NDArray[np.float32]

TINY = np.array(1e-5, dtype=np.float32)


class WeightedNormalisation:
    """Normalises H features over weighted rows, then scales and shifts them.

    A last feature, which is always one, carries the shift. Scaling is the product with a diagonal matrix: at these
    sizes it takes two thirds of the time in which an array library multiplies each row by the factors.

    Args:
        scale: H factors, which the owner trains.
        shift: H summands.
        to_scale: Where the gradient of the scale is written.
        to_shift: Where that of the shift is.
    """

    def __init__(self, scale: Floats, shift: Floats, to_scale: Floats, to_shift: Floats) -> None:
        self._scale, self._shift, self._to_scale, self._to_shift = scale, shift, to_scale, to_shift
        width, hidden = len(scale) + 1, len(scale)
        self._mean, self._variance, self._inverse = (np.zeros(width, dtype=np.float32) for _ in range(3))
        self._running_mean, self._running_variance = np.zeros_like(self._mean), np.ones_like(self._mean)
        self._matrix, self._back, self._product = (np.zeros((width, width), dtype=np.float32) for _ in range(3))
        self._factors, self._shift_row = self._matrix[:-1], self._matrix[-1, :-1]
        self._back_row, self._product_row = self._back[-1, :-1], self._product[-1, :-1]
        self._factor, self._back_diagonal, self._product_diagonal = (
            matrix.reshape(-1)[: hidden * width : width + 1] for matrix in (self._matrix, self._back, self._product)
        )
        self._inverses, self._scratch = self._inverse[:-1], np.empty_like(scale)

    def forward(self, states: Floats, weight: Floats | None, centred: Floats, out: Floats) -> None:
        """Normalises the rows.

        Args:
            states: C x (H + 1).
            weight: C, with the sum 1; None takes the running averages.
            centred: C x (H + 1); receives the states minus the mean, which `backward` reads.
            out: C x (H + 1); receives the result, with zero as last feature.
        """
        mean, variance, inverse = self._mean, self._variance, self._inverse
        if weight is None:
            mean, variance = self._running_mean, self._running_variance
            np.subtract(states, mean, out=centred)
        else:
            weight.dot(states, mean)
            mean[-1] = 0.0
            np.subtract(states, mean, out=centred)
            np.multiply(centred, centred, out=out)
            weight.dot(out, variance)
        np.add(variance, TINY, out=inverse)
        np.sqrt(inverse, out=inverse)
        np.reciprocal(inverse, out=inverse)
        np.multiply(self._inverses, self._scale, out=self._factor)
        self._shift_row[:] = self._shift
        centred.dot(self._matrix, out)

    def backward(self, delta: Floats, weight: Floats, centred: Floats, scratch: Floats, out: Floats) -> None:
        """Writes the gradients of scale and shift, and that of the states.

        Args:
            delta: C x (H + 1); the gradient of the result, summed over the nodes of a row; its last column is not used.
            weight: C x 1.
            centred: As `forward` left it.
            scratch: C x (H + 1).
            out: C x (H + 1); receives the gradient of the states.
        """
        inverse, factor, to_scale, to_shift = self._inverses, self._factor, self._to_scale, self._to_shift
        centred.T.dot(delta, self._product)
        np.multiply(self._product_diagonal, inverse, out=to_scale)
        to_shift[:] = self._product_row
        np.multiply(inverse, factor, out=self._scratch)
        np.multiply(self._scratch, to_scale, out=self._back_diagonal)
        np.multiply(factor, to_shift, out=self._back_row)
        centred.dot(self._back, scratch)
        np.multiply(scratch, weight, out=scratch)
        delta[:, :-1].dot(self._factors, out)
        np.subtract(out, scratch, out=out)

    def remember(self, count: int, momentum: float) -> None:
        """Moves the running averages towards the last batch of so many nodes."""
        for running, last, share in (
            (self._running_mean, self._mean, momentum),
            (self._running_variance, self._variance, momentum * count / max(count - 1, 1)),
        ):
            running *= np.float32(1.0 - momentum)
            running += np.float32(share) * last
