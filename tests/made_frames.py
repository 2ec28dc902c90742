"""Small pickles as older versions of pandas wrote their frames, made without pandas."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any, ClassVar

import numpy as np


class _Object:
    def __init__(self, state: Any = None) -> None:
        self.state = state

    def __getstate__(self) -> Any:
        return self.state


class DataFrame(_Object):
    pass


class BlockManager(_Object):
    pass


class Index:
    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = labels

    def __reduce__(self) -> Any:
        return new_index, (Index, {"data": np.array(self.labels, dtype=object), "name": None})


class RangeIndex:
    def __init__(self, stop: int) -> None:
        self.stop = stop

    def __reduce__(self) -> Any:
        return new_index, (RangeIndex, {"name": None, "start": 0, "stop": self.stop, "step": 1})


def new_index(kind: type, state: Mapping[str, Any]) -> None:
    """Named in the pickles only."""


NAMES = {
    DataFrame: "pandas.core.frame DataFrame",
    BlockManager: "pandas.core.internals.managers BlockManager",
    Index: "pandas.core.indexes.base Index",
    RangeIndex: "pandas.core.indexes.range RangeIndex",
    new_index: "pandas.core.indexes.base _new_Index",
}


class _Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]  # the one in Python, whose names can be replaced
    def save_global(self, found: Any, name: str | None = None) -> None:
        if found not in NAMES:
            return super().save_global(found, name)
        self.write(pickle.GLOBAL + NAMES[found].replace(" ", "\n").encode() + b"\n")
        self.memoize(found)
        return None

    dispatch: ClassVar = {**pickle._Pickler.dispatch, type: save_global, FunctionType: save_global}  # type: ignore[attr-defined]


def write_frame(path: Path, columns: Mapping[str, Sequence[Any]]) -> Path:
    """Writes texts as a block of objects a column, and numbers as one block of floats.

    Protocol 3 has no framing, so that a test can put another name in the place of one.
    """
    texts = [name for name, values in columns.items() if isinstance(values[0], str)]
    numbers = [name for name in columns if name not in texts]
    blocks = [np.array([columns[name] for name in numbers], dtype=np.float64)]
    blocks += [np.array([columns[name]], dtype=object) for name in texts]
    index = [Index(numbers), *(Index([name]) for name in texts)]
    rows = max(map(len, columns.values()))
    state = ([Index(list(columns)), RangeIndex(rows)], blocks, index, {"0.14.1": None})
    with path.open("wb") as file:
        _Pickler(file, 3).dump(DataFrame({"_data": BlockManager(state), "_typ": "dataframe"}))
    return path
