"""Image data sets of the user's: an ``.npz`` file with ``train_x``, ``train_y``, ``test_x`` and ``test_y``."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, one_line, reason_of
from equipoise.harness.data.npz_arrays import load_npz

__all__ = ["read_npz"]

NEEDED = ("train_x", "train_y", "test_x", "test_y")
OPTIONAL = ("validation_x", "validation_y")


def read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Reads the arrays, images as n x channels x height x width.

    Images may also be n x height x width, or have one or three channels last. ``validation_x`` and ``validation_y``
    may be given, both or none.

    Raises:
        DataError: The file is missing or damaged, lacks an array, or an array has another type or shape.
    """
    try:
        arrays = load_npz(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: no readable image archive ({reason_of(error)})") from error
    missing = [name for name in NEEDED if name not in arrays]
    given = [name for name in OPTIONAL if name in arrays]
    if missing or len(given) == 1:
        lacking = ", ".join(missing) or next(name for name in OPTIONAL if name not in given)
        raise DataError(f"{path} lacks {lacking}; it holds {one_line(', '.join(arrays)) or 'nothing'}")
    arrays = {name: arrays[name] for name in (*NEEDED, *given)}
    for name, array in arrays.items():
        arrays[name] = _images(array, f"{path}: {name}") if name.endswith("_x") else _labels(array, f"{path}: {name}")
    return arrays


def _images(array: npt.NDArray[Any], where: str) -> npt.NDArray[Any]:
    if array.dtype != np.uint8:
        raise DataError(f"{where} is of type {array.dtype}; images are unsigned bytes (uint8, 0 to 255)")
    if array.ndim == 3:
        return array[:, None]
    if array.ndim == 4 and array.shape[1] in (1, 3):
        return array
    if array.ndim == 4 and array.shape[3] in (1, 3):
        return np.ascontiguousarray(array.transpose(0, 3, 1, 2))
    raise DataError(
        f"{where} has shape {array.shape}; accepted: n x height x width, n x channels x height x width and "
        "n x height x width x channels, with 1 or 3 channels"
    )


def _labels(array: npt.NDArray[Any], where: str) -> npt.NDArray[np.int64]:
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise DataError(f"{where} is {array.dtype} of shape {array.shape}; labels are n whole numbers")
    return array.astype(np.int64)
