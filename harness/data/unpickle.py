"""Reads pickles without letting them run code: only names on an allow-list can be looked up."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import DataError

__all__ = ["NUMPY_SCALARS", "read_pickle"]

NUMPY_SCALARS: Mapping[tuple[str, str], Any] = {
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "scalar"): np.float64(0).__reduce__()[0],
    ("numpy._core.multiarray", "scalar"): np.float64(0).__reduce__()[0],
}
"""What a pickle of plain containers with numpy scalars needs."""


def read_pickle(path: Path, allowed: Mapping[tuple[str, str], Any] | None = None) -> Any:
    """Reads a pickle of plain containers, numbers and text.

    Args:
        path: The file.
        allowed: Further names it may look up, as (module, name) to the object given for it.

    Returns:
        What was pickled.

    Raises:
        DataError: The file is damaged, or asks for a name that is not allowed.
    """

    class Restricted(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            try:
                return (allowed or {})[module, name]
            except KeyError:
                raise DataError(
                    f"{path}: the pickle asks for {module}.{name}, which is not on the allow-list; nothing was run. "
                    "Get the file from its source again"
                ) from None

    try:
        with path.open("rb") as file:
            return Restricted(file).load()
    except DataError:
        raise
    except Exception as error:  # a damaged pickle raises anything
        raise DataError(
            f"{path}: not a readable pickle ({type(error).__name__}: {error}); get the file again"
        ) from error
