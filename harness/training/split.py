"""Training and validation images out of one set that its source did not divide."""

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError

__all__ = ["hold_out"]

SEED = 14


def hold_out(y: npt.NDArray[np.int64], share: float, name: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Divides positions so that every class is divided in the same proportion, the same way wherever it is asked.

    Args:
        y: n labels.
        share: Of each class, how much is held out.
        name: Of the images, for the message.

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
