"""Reads a pickled pandas DataFrame without pandas: into columns, by an allow-list.

A frame is pickled as the internals of the pandas that wrote it: other versions may not read it, and reading it with
pandas means running whatever the file names. Here every name is given a stand-in that only keeps its state.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, reason_of
from equipoise.harness.data.unpickle import ARRAYS, Allowed, read_pickle

__all__ = ["read_frame"]


class _Kept:
    """Stands for an object of pandas: keeps the state it is given."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _index(_: Any, state: dict[str, Any]) -> dict[str, Any]:
    return state


FRAMES: Allowed = {
    **ARRAYS,
    ("pandas.core.frame", "DataFrame"): _Kept,
    ("pandas.core.internals.managers", "BlockManager"): _Kept,
    ("pandas.core.indexes.base", "_new_Index"): _index,
    ("pandas.core.indexes.base", "Index"): _Kept,
    ("pandas.core.indexes.range", "RangeIndex"): _Kept,
    ("builtins", "slice"): slice,
}
"""The names in frames of older versions of pandas, whose managers store blocks beside the names of columns."""


def read_frame(path: Path, wanted: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Reads columns of a pickled frame.

    Args:
        path: The pickle.
        wanted: Names of columns.

    Returns:
        Arrays of one length, by name.

    Raises:
        DataError: The file is damaged, asks for a name that is not allowed, is no such frame, or lacks a column.
    """
    pickled = read_pickle(path, FRAMES)
    try:
        columns = dict(_columns(pickled.state["_data"].state))
        found = {name: columns[name] for name in wanted}
    except Exception as error:  # whatever is in the place of what the format says
        raise DataError(
            f"{path}: not a frame of the older format with the columns {', '.join(wanted)} ({reason_of(error)}); "
            "get the file again"
        ) from error
    if len({values.shape for values in found.values()}) > 1:
        raise DataError(f"{path}: its columns differ in length; get the file again")
    return found


def _columns(state: tuple[Any, ...]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Pairs of name and values; the state is (axes, blocks, names of each block's columns, ...)."""
    _, blocks, names = state[:3]
    for block, index in zip(blocks, names, strict=True):
        yield from zip(index["data"].tolist(), np.atleast_2d(block), strict=True)
