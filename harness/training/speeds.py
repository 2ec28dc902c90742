"""How fast the machine was while each piece of a table was made, so that seconds of different hours can be compared."""

import numpy as np
import numpy.typing as npt

__all__ = ["speeds"]

ENOUGH = 4
"""Architectures for each unknown of the regression; with fewer, seconds stay as they were measured."""


def speeds(
    seconds: npt.NDArray[np.float64], features: npt.NDArray[np.float64], pieces: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """The slowness of each piece beside the median piece: what its seconds are to be divided by.

    A table takes hours, in which the clock of the machine, its other load and even the code change. Architectures are
    trained in a random order, so what sets a piece apart from the others beyond its architectures is the hour: the
    logarithm of the seconds is regressed on the decisions of an architecture and on the piece, by least squares.

    Args:
        seconds: What each architecture took, n.
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
