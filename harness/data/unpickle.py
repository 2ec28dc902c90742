"""Reads pickles without letting them run code: only names on an allow-list can be looked up."""

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from equipoise.harness.core.errors import DataError

__all__ = ["ARRAYS", "NUMPY_SCALARS", "ORDERED", "Allowed", "load_pickle", "look_up", "read_pickle"]

Allowed = Mapping[tuple[str, str], Any]
"""(module, name) to the object that a pickle is given for it."""

NUMPY_SCALARS: Allowed = {
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "scalar"): np.float64(0).__reduce__()[0],
    ("numpy._core.multiarray", "scalar"): np.float64(0).__reduce__()[0],
}
"""What a pickle of plain containers with numpy scalars needs."""

_RECONSTRUCT = np.empty(0).__reduce__()[0]

ARRAYS: Allowed = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}
"""What a pickle of plain containers with numpy arrays needs."""

ORDERED: Allowed = {("collections", "OrderedDict"): OrderedDict}
"""Dictionaries written by older Pythons."""


def read_pickle(path: Path, allowed: Allowed | None = None) -> Any:
    """Reads a pickle of plain containers, numbers and text.

    Args:
        path: The file.
        allowed: Further names it may look up, as (module, name) to the object given for it.

    Returns:
        What was pickled.

    Raises:
        DataError: The file is missing or damaged, or asks for a name that is not allowed.
    """
    try:
        with path.open("rb") as file:
            return load_pickle(file, str(path), allowed)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def load_pickle(file: IO[bytes], shown: str, allowed: Allowed | None = None, encoding: str = "ASCII") -> Any:
    """Reads the next pickle of an open file.

    Args:
        file: Open at the start of a pickle; afterwards at its end.
        shown: What an error calls the file.
        allowed: As in `read_pickle`.
        encoding: Of the texts in a pickle of Python 2; ``bytes`` leaves them as they are.

    Raises:
        DataError: The pickle is damaged, or asks for a name that is not allowed.
    """
    try:
        return _Restricted(file, shown, allowed or {}, encoding).load()
    except DataError:
        raise
    except Exception as error:  # a damaged pickle raises anything
        raise DataError(
            f"{shown}: not a readable pickle ({type(error).__name__}: {error}); get the file again"
        ) from error


class _Restricted(pickle.Unpickler):
    def __init__(self, file: IO[bytes], shown: str, allowed: Allowed, encoding: str) -> None:
        super().__init__(file, encoding=encoding)
        self.shown, self.allowed = shown, allowed

    def find_class(self, module: str, name: str) -> Any:
        return look_up(module, name, self.shown, self.allowed)


def look_up(module: str, name: str, shown: str, allowed: Allowed) -> Any:
    """What a pickle is given for a name it asks for.

    Raises:
        DataError: The name is not allowed.
    """
    try:
        return allowed[module, name]
    except KeyError:
        raise DataError(
            f"{shown}: the pickle asks for {module}.{name}, which is not on the allow-list; nothing was run. "
            "Get the file from its source again"
        ) from None
