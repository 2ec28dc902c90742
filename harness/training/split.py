"""A split of the training images of a data set whose source has no validation part."""

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError

__all__ = ["hold_out"]

SEED = 14


def hold_out(y: npt.NDArray[np.int64], share: float, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Splits positions, stratified by class, in the same way on every machine.

    Args:
        y: n labels.
        share: Share of each class to hold out.
        name: Name of the data set, for messages.

    Returns:
        Positions that stay and positions held out, both ascending.

    Raises:
        DataError: A class has fewer than two images.
    """
    rng = np.random.default_rng(SEED)
    out = np.zeros(len(y), dtype=bool)
    for label, count in zip(*np.unique(y, return_counts=True), strict=True):
        if count < 2:
            raise DataError(f"{name}: class {label} has one image; training and validation need one each")
        taken = min(max(1, round(share * count)), count - 1)
        out[rng.permutation(np.flatnonzero(y == label))[:taken]] = True
    return np.flatnonzero(~out), np.flatnonzero(out)
