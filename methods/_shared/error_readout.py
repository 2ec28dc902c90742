"""The read-out of a graph network: from the mean over nodes to an error, or to its mean and deviation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["UNITS", "ErrorReadout", "Head", "activate", "readout_parts", "readout_shapes"]

Floats = npt.NDArray[np.float32]

UNITS = 16
ZERO, HALF, ONE = (np.array(value, dtype=np.float32) for value in (0.0, 0.5, 1.0))
"""Arrays, since an operation spends less time on them than on scalars."""


class Head(NamedTuple):
    """Activations of the read-out that the backward pass reads, for B graphs."""

    pooled: Floats
    active: Floats
    dropped: Floats
    mean: Floats
    spread_active: Floats
    spread: Floats


def readout_shapes(hidden: int, uncertain: bool) -> list[tuple[int, ...]]:
    """The matrices of the read-out: into the hidden layer and out of it, and the same for the deviation.

    Means over nodes and hidden units have a last entry that is always one: the last row of a matrix is the bias, and
    the last column of the first, which is constant, keeps the one.
    """
    return [(hidden + 1, UNITS + 1), (UNITS + 1, 1)] * (2 if uncertain else 1)


def readout_parts(arrays: Sequence[Floats]) -> list[Floats]:
    """Views without the constant columns: matrix, bias, matrix, bias."""
    parts = []
    for hidden, last in zip(arrays[::2], arrays[1::2], strict=True):
        parts += [hidden[:-1, :-1], hidden[-1, :-1], last[:-1], last[-1]]
    return parts


class _Perceptron:
    """One hidden layer and one output, with their gradients."""

    def __init__(self, weights: Sequence[Floats], gradients: Sequence[Floats], uncertain: bool) -> None:
        (self._hidden, self._last), (self._to_hidden, self._to_last) = weights, gradients
        self._hidden[-1, -1] = 1.0
        self._hidden_back, self._last_back, self._uncertain = self._hidden.T, self._last.T, uncertain

    def forward(self, pooled: Floats, mask: Floats | None) -> tuple[Floats, Floats, Floats]:
        """The hidden activations, the same after dropout, and the outputs."""
        active: Floats = pooled.dot(self._hidden)
        activate(active, self._uncertain)
        dropped = active if mask is None else active * mask
        return active, dropped, dropped.dot(self._last)

    def backward(self, to_out: Floats, pooled: Floats, active: Floats, dropped: Floats, mask: Floats | None) -> Floats:
        """The gradient with respect to what came in."""
        dropped.T.dot(to_out, self._to_last)
        to_active: Floats = to_out.dot(self._last_back)
        if mask is not None:
            to_active *= mask
        to_active *= np.minimum(active + ONE, ONE) if self._uncertain else np.sign(active)
        pooled.T.dot(to_active, self._to_hidden)
        to_pooled: Floats = to_active.dot(self._hidden_back)
        return to_pooled


class ErrorReadout:
    """One hidden layer of 16 units; two of them where the deviation is predicted as well.

    Args:
        weights: Matrices of `readout_shapes`.
        gradients: Where their gradients are written.
        uncertain: Whether there is a deviation.
        scale: The largest error, in percent, that is given without a deviation.
    """

    def __init__(self, weights: Sequence[Floats], gradients: Sequence[Floats], uncertain: bool, scale: float) -> None:
        self._uncertain, self._half_scale = uncertain, np.array(scale / 2, dtype=np.float32)
        self._mean, *spread = (
            _Perceptron(weights[at : at + 2], gradients[at : at + 2], uncertain) for at in range(0, len(weights), 2)
        )
        self._spread = spread[0] if spread else self._mean

    def read(self, pooled: Floats, mask: Floats | None) -> Head:
        """The errors of B graphs.

        Args:
            pooled: B x (H + 1); means over nodes, and one.
            mask: B x 17 dropout factors, the last of them 1; None keeps all units.
        """
        active, dropped, mean = self._mean.forward(pooled, mask)
        if not self._uncertain:  # a logistic function, by one that does not overflow
            mean *= HALF
            np.tanh(mean, out=mean)
            mean += ONE
            mean *= self._half_scale
            return Head(pooled, active, dropped, mean, active, mean)
        spread_active, _, spread = self._spread.forward(pooled, None)
        activate(spread, True)
        return Head(pooled, active, dropped, mean, spread_active, np.exp(np.minimum(spread, 60.0) / 2))

    def gradient(self, head: Head, targets: Floats, mask: Floats) -> Floats:
        """The gradient of the mean loss with respect to the means over nodes; those of the weights are written.

        Args:
            head: What `read` gave.
            targets: B x 1; errors in percent.
            mask: B x 17 dropout factors, the last of them 1.
        """
        residual = head.mean - targets
        residual /= np.float32(len(targets))
        if not self._uncertain:
            residual *= head.mean * (2.0 - head.mean / self._half_scale)
            return self._mean.backward(residual, head.pooled, head.active, head.dropped, mask)
        ratio = residual * len(targets) / head.spread
        residual /= head.spread**2
        half = np.log(head.spread)  # half of the last activation
        to_last = np.minimum(2.0 * half + 1.0, 1.0)
        to_last *= 1.0 - ratio * ratio
        to_last /= 2 * len(targets)
        to_pooled = self._spread.backward(to_last, head.pooled, head.spread_active, head.spread_active, None)
        to_pooled += self._mean.backward(residual, head.pooled, head.active, head.dropped, mask)
        return to_pooled


def activate(values: Floats, uncertain: bool) -> None:
    """In place: CELU for the uncertain network, a rectifier for the other, as published."""
    if uncertain:
        np.maximum(values, np.expm1(np.minimum(values, ZERO)), out=values)
    else:
        np.maximum(values, ZERO, out=values)
