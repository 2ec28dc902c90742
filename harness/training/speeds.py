"""The speed of the machine for each piece of a table, which makes the seconds of different pieces comparable."""

import numpy as np
import numpy.typing as npt

__all__ = ["speeds"]

ENOUGH = 4
"""Least number of architectures per unknown of the regression; with fewer, seconds are not changed."""


def speeds(
    seconds: npt.NDArray[np.float64], features: npt.NDArray[np.float64], pieces: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """The slowness of each piece relative to the median piece; its seconds are divided by it.

    A table takes hours, in which the clock of the machine, its other load and even the code change. Architectures are
    trained in a random order, so apart from its architectures, pieces differ by the time at which they were made. The
    logarithm of the seconds is regressed on the decisions of an architecture and on the piece, by least squares.

    Args:
        seconds: Seconds of each architecture, n.
        features: Its decisions, one-hot, n x d.
        pieces: The number of its piece, from 0 on, n.

    Returns:
        A factor for each piece, median 1; all are 1 where there are too few architectures to tell.
    """
    count = int(pieces.max()) + 1
    if len(seconds) < ENOUGH * (features.shape[1] + count):
        return np.ones(count)
    unknowns = np.hstack([features, np.eye(count)[pieces]])
    found, *_ = np.linalg.lstsq(unknowns, np.log(seconds), rcond=None)
    slowness = found[features.shape[1] :]
    factors: npt.NDArray[np.float64] = np.exp(slowness - np.median(slowness))
    return factors
