"""Packed runs in memory: a frame of the runs, and the lists that some columns have per run."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.files import parse_json
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.numbering import Numbers
from equipoise.harness.store.packed_checks import bytes_of, check_numbers, check_runs
from equipoise.harness.store.packed_runs import CHECKSUMS, read_packed
from equipoise.harness.store.proposal_codes import STREAMS, ProposalCodes
from equipoise.harness.store.rebuilt import REBUILT, STATUSES

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

    def proposals(self, places: Numbers, lengths: Numbers, task: str, codes: ProposalCodes) -> Numbers:
        """The numbers of the proposals of some runs, one run after the other.

        Args:
            places: Rows of `runs`, all of one task.
            lengths: Their queries.
            task: Its name.
            codes: Those of its space.

        Raises:
            StoreError: The file is damaged, or was packed under another numbering of the architectures.
        """
        sources, which = np.unique(self._sources[places], return_inverse=True)
        held = self.runs["queries"].to_numpy(np.int64)[sources]
        if "proposals" in self._lists:
            values, starts, _ = self._lists["proposals"]
            numbers = _gathered(values, starts[sources], held).astype(np.int64)
        else:
            numbers = self._decoded(sources, held, task, codes)
        check_numbers(numbers, codes.cardinalities, self.path)
        return np.asarray(_gathered(numbers, (np.cumsum(held) - held)[which], lengths))

    def _decoded(self, sources: Numbers, held: Numbers, task: str, codes: ProposalCodes) -> Numbers:
        if self._checksums.get(task) != codes.checksum:
            raise StoreError(
                f"{self.path}: its numbers of the architectures of {task} are not those of this version of Equipoise; "
                "use the one that packed it, or get the entry again"
            )
        streams = {
            name: _gathered(values, starts[sources], lengths[sources])
            for name, (values, starts, lengths) in self._streams.items()
        }
        try:
            return codes.decode(streams, held)
        except StoreError as error:
            raise StoreError(f"{self.path}: damaged ({error})") from error

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
        names = [name for name in self._table.column_names if name not in (*REBUILT, *STREAMS, "proposals")]
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
        for name in (name for name in ("proposals", *REBUILT) if name in self._table.column_names):
            column = self._table[name].combine_chunks()
            offsets, present = column.offsets.to_numpy().astype(np.int64), column.is_valid().to_numpy(False)
            if (np.diff(offsets)[present] != queries[present]).any():
                raise StoreError(f"{self.path}: damaged ({name} are not as many as the queries of their run)")
            found[name] = column.values.to_numpy(zero_copy_only=False), offsets[:-1], present
        if "status" in found and not set(np.unique(found["status"][0]).tolist()) <= set(range(len(STATUSES))):
            raise StoreError(f"{self.path}: damaged (a status that is none)")
        return found

    @cached_property
    def _streams(self) -> Mapping[str, tuple[Any, Numbers, Numbers]]:
        """Bytes, first places and lengths of the streams of codes, per run."""
        queries, found = self.runs["queries"].to_numpy(np.int64), {}
        expected = np.where(self._present, queries, 0)
        for name in (name for name in STREAMS if name in self._table.column_names):
            values, lengths = bytes_of(self._table[name], int(queries.sum()), self.path)
            if name == "parents" and (lengths != expected).any():
                raise StoreError(f"{self.path}: damaged (parents are not as many as the queries of their run)")
            found[name] = values, np.cumsum(lengths) - lengths, lengths
        edited = np.concatenate([[0], np.cumsum(found["parents"][0] > 0)])
        starts = found["parents"][1]
        edits = edited[starts + expected] - edited[starts]
        for name in list(found)[1:]:
            if (found[name][2] != (edits if name == "edits" else expected - edits)).any():
                raise StoreError(f"{self.path}: damaged ({name} are not as many as the parents of their run tell)")
        return found

    @cached_property
    def _present(self) -> npt.NDArray[np.bool_]:
        """Tells for each run whether its proposals are stored with it."""
        column = self._table["proposals" if "proposals" in self._table.column_names else STREAMS[0]]
        return np.asarray(column.is_valid().to_numpy())

    @cached_property
    def _checksums(self) -> Mapping[str, str]:
        try:
            told = parse_json((self._table.schema.metadata or {}).get(CHECKSUMS, b"{}"))
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}

    @cached_property
    def _sources(self) -> Numbers:
        """The row that holds the proposals of each run: its own, or that of the longer run where they are shared."""
        sources, longer = np.arange(len(self.runs)), dict[tuple[str, str, int], int]()
        order = np.argsort(-self.runs["budget"].to_numpy(), kind="stable").tolist()
        names = ("task", "method", "repeat")
        runs = list(zip(*(self.runs[name].tolist() for name in names), strict=True))
        queries = self.runs["queries"].tolist()
        for place in order:
            if self._present[place]:
                longer[runs[place]] = place
                continue
            source = longer.get(runs[place], -1)
            if source < 0 or queries[place] > queries[source]:
                raise StoreError(f"{self.path}: damaged (a run of {runs[place][1]} has too few proposals)")
            sources[place] = source
        return sources


def _gathered(values: Any, starts: Numbers, lengths: Numbers) -> Any:
    """Values of some runs, one after the other."""
    ends = np.cumsum(lengths)
    place = np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
    return values[place]
