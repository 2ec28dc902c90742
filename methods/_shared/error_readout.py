"""The read-out of a graph network: from the mean over nodes to an error, or to its mean and deviation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["UNITS", "ErrorReadout", "Head", "activate"]

Floats = npt.NDArray[np.float32]

UNITS = 16
ZERO, ONE, TWO = np.float32(0.0), np.float32(1.0), np.float32(2.0)


class Head(NamedTuple):
    """Activations of the read-out that the backward pass reads, for B graphs."""

    pooled: Floats
    active: Floats
    mean: Floats
    spread_active: Floats
    spread: Floats


class ErrorReadout:
    """One hidden layer of 16 units; two of them where the deviation is predicted as well.

    Args:
        weights: Of each hidden layer and of the output that follows it, with the bias as last row.
        gradients: Where their gradients are written.
        uncertain: Whether there is a deviation.
        scale: The largest error, in percent, that is given without a deviation.
    """

    def __init__(self, weights: Sequence[Floats], gradients: Sequence[Floats], uncertain: bool, scale: float) -> None:
        self._weights, self._gradients = weights, gradients
        self._uncertain, self._scale = uncertain, np.float32(scale)

    def read(self, pooled: Floats, mask: Floats | np.float32) -> Head:
        """The errors of B graphs.

        Args:
            pooled: Means over nodes.
            mask: B x 16 dropout factors, or one.
        """
        active, mean = self._outputs(pooled, 0, mask)
        if not self._uncertain:
            bounded = self._scale / (ONE + np.exp(-np.minimum(np.maximum(mean, -60.0), 60.0)))
            return Head(pooled, active, bounded, active, mean)
        spread_active, spread = self._outputs(pooled, 2, ONE)
        activate(spread, True)
        return Head(pooled, active, mean, spread_active, np.exp(np.minimum(spread, 60.0) / 2))

    def _outputs(self, pooled: Floats, at: int, mask: Floats | np.float32) -> tuple[Floats, Floats]:
        hidden, last = self._weights[at : at + 2]
        active: Floats = pooled @ hidden[:-1]
        active += hidden[-1]
        activate(active, self._uncertain)
        output: Floats = np.matmul(active * mask, last[:-1])
        output += last[-1]
        return active, output

    def gradient(self, head: Head, targets: Floats, mask: Floats) -> Floats:
        """The gradient of the mean loss with respect to the means over nodes; those of the weights are written.

        Args:
            head: What `read` gave.
            targets: B errors as fractions.
            mask: B x 16 dropout factors.
        """
        residual = head.mean - np.float32(100.0) * targets[:, None]
        residual /= np.float32(len(targets))
        if not self._uncertain:
            residual *= TWO * head.mean * (ONE - head.mean / self._scale)
            return self._backward(residual, head.active, head.pooled, 0, mask)
        ratio = residual * len(targets) / head.spread
        residual /= head.spread**2
        half = np.log(head.spread)  # half of the last activation
        to_last = np.minimum(2.0 * half + 1.0, 1.0)
        to_last *= 1.0 - ratio * ratio
        to_last /= 2 * len(targets)
        to_pooled = self._backward(to_last, head.spread_active, head.pooled, 2, ONE)
        to_pooled += self._backward(residual, head.active, head.pooled, 0, mask)
        return to_pooled

    def _backward(self, to_out: Floats, active: Floats, pooled: Floats, at: int, mask: Floats | np.float32) -> Floats:
        """The backward pass from an output to the means over nodes."""
        hidden, last = self._gradients[at : at + 2]
        np.matmul((active * mask).T, to_out, out=last[:-1])
        np.add.reduce(to_out, axis=0, out=last[-1])
        to_active = to_out @ self._weights[at + 1][:-1].T
        to_active *= mask
        to_active *= np.minimum(active + ONE, ONE) if self._uncertain else active > 0
        np.matmul(pooled.T, to_active, out=hidden[:-1])
        np.add.reduce(to_active, axis=0, out=hidden[-1])
        to_pooled: Floats = np.matmul(to_active, self._weights[at][:-1].T)
        return to_pooled


def activate(values: Floats, uncertain: bool) -> None:
    """In place: CELU for the uncertain network, a rectifier for the other, as published."""
    if uncertain:
        np.maximum(values, np.expm1(np.minimum(values, ZERO)), out=values)
    else:
        np.maximum(values, ZERO, out=values)
