"""Packed runs in memory: a frame of the runs, and the lists that some columns have per run."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.packed_checks import check_runs
from equipoise.harness.store.packed_runs import read_packed
from equipoise.harness.store.rebuilt import REBUILT, STATUSES, Numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PackedTable"]


class PackedTable:
    """The file of an entry, read at the first question and checked against its suite.

    Args:
        path: The file.
        suite: What it holds runs of.
    """

    def __init__(self, path: Path, suite: Suite) -> None:
        self.path, self._suite = path, suite

    def proposals(self, places: Numbers, lengths: Numbers) -> Numbers:
        """The numbers of the proposals of some runs, one run after the other."""
        values: Numbers = _gathered(self._lists["proposals"][0], self._starts[places], lengths).astype(np.int64)
        return values

    def departures(self, column: str) -> npt.NDArray[np.bool_]:
        """Tells for each run whether it holds values of its own in a column."""
        found = self._lists.get(column)
        return np.zeros(len(self.runs), dtype=np.bool_) if found is None else found[2]

    def overridden(self, rebuilt: Mapping[str, Any], places: Numbers, lengths: Numbers) -> dict[str, Any]:
        """Columns as they are rebuilt, with the values that some runs hold of their own."""
        columns = dict(rebuilt)
        for column, (values, starts, present) in self._lists.items():
            if column == "proposals":
                continue
            own = present[places]
            told = columns.get(column, np.empty(int(lengths.sum()), dtype=values.dtype)).copy()
            told[np.repeat(own, lengths)] = _gathered(values, starts[places[own]], lengths[own])
            columns[column] = told
        if missing := set(REBUILT) - set(columns):
            raise StoreError(f"{self.path}: damaged (no column '{min(missing)}', and the task does not tell it)")
        return columns

    @cached_property
    def _table(self) -> Any:
        return read_packed(self.path)

    @cached_property
    def runs(self) -> "pd.DataFrame":
        """One row per run, without what has a list per run."""
        names = [name for name in self._table.column_names if name not in (*REBUILT, "proposals")]
        frame: pd.DataFrame = self._table.select(names).to_pandas()
        for name in ("task", "method", "ended", "code"):
            frame[name] = frame[name].astype(object)
        check_runs(frame, self._suite, self.path)
        return frame

    @cached_property
    def _lists(self) -> Mapping[str, tuple[Any, Numbers, npt.NDArray[np.bool_]]]:
        """Values, first places and presence of the columns that have a list per run."""
        found = {}
        queries = self.runs["queries"].to_numpy(np.int64)
        for name in ("proposals", *(name for name in REBUILT if name in self._table.column_names)):
            column = self._table[name].combine_chunks()
            offsets, present = column.offsets.to_numpy().astype(np.int64), column.is_valid().to_numpy(False)
            if (np.diff(offsets)[present] != queries[present]).any():
                raise StoreError(f"{self.path}: damaged ({name} are not as many as the queries of their run)")
            found[name] = column.values.to_numpy(zero_copy_only=False), offsets[:-1], present
        if "status" in found and not set(np.unique(found["status"][0]).tolist()) <= set(range(len(STATUSES))):
            raise StoreError(f"{self.path}: damaged (a status that is none)")
        return found

    @cached_property
    def _starts(self) -> Numbers:
        """The place of the first proposal of each run, that of the longer run where they are shared."""
        _, starts, present = self._lists["proposals"]
        starts, longer = starts.copy(), dict[tuple[str, str, int], tuple[int, int]]()
        order = np.argsort(-self.runs["budget"].to_numpy(), kind="stable").tolist()
        names = ("task", "method", "repeat")
        runs = list(zip(*(self.runs[name].tolist() for name in names), strict=True))
        queries = self.runs["queries"].tolist()
        for place in order:
            if present[place]:
                longer[runs[place]] = int(starts[place]), queries[place]
                continue
            start, length = longer.get(runs[place], (0, -1))
            if queries[place] > length:
                raise StoreError(f"{self.path}: damaged (a run of {runs[place][1]} has too few proposals)")
            starts[place] = start
        return np.asarray(starts)


def _gathered(values: Any, starts: Numbers, lengths: Numbers) -> Any:
    """Values of some runs, one after the other."""
    ends = np.cumsum(lengths)
    place = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
    return values[place]
