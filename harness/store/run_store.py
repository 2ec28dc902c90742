"""The rows of the runs: Parquet files, written whole or not at all, and a manifest beside them.

The format is open: ``pandas.read_parquet(OUT / "runs")`` reads it. One row per proposal, with the `COLUMNS` and one
column per further objective; each file carries a summary of its runs in its metadata under ``equipoise``.
"""

import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from equipoise.harness.core.errors import StoreError, reason_of
from equipoise.harness.core.files import remove_scratch, write_whole
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.sealed import sealed, unsealed
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.store.format_1 import derive_training_charge
from equipoise.harness.store.locks import in_turn
from equipoise.harness.store.manifest_file import read_manifest
from equipoise.harness.store.run_file import (
    COLUMNS,
    GoneError,
    Run,
    Summary,
    check_rows,
    checked_rows,
    digest_of,
    packed,
    read_part,
    summaries_of,
)

# pyarrow and pandas are imported where they are used: a worker starts to search before it needs to write.
if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["RunStore"]

LOG = logging.getLogger("equipoise")

FAILURE_KEYS = frozenset({"run_id", "task", "method", "repeat", "error", "traceback"})
"""The part of a failure that is read."""


RUN = ("task", "method", "budget", "repeat")
"""The columns that tell one run from another."""


class RunStore:
    """The results folder of one suite.

    Args:
        path: The folder; made when something is first written.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.runs = self.path / "runs"
        self._summaries: dict[str, Summary] | None = None
        self._held: dict[Path, list[dict[str, Any]]] = {}

    # Writing.

    def write(self, runs: Sequence[Run], space: SearchSpace) -> Path:
        """Writes finished runs of one space as one file: complete, or not there at all.

        Args:
            runs: At least one.
            space: Formats the architectures.

        Raises:
            StoreError: The folder cannot be written.
        """
        first, last = runs[0].spec, runs[-1].spec
        content = packed(runs, space)
        path = self.runs / f"{first.run_id}-{last.run_id[:8]}-{len(runs)}-{digest_of(content)}.parquet"
        write_whole(path, content)
        return path

    def record_failure(self, failure: Mapping[str, Any]) -> None:
        """Appends one line to ``failures.jsonl``."""
        with in_turn(self.path):
            _append(self.path / "failures.jsonl", sealed(failure))

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replaces ``manifest.json``."""
        write_whole(self.path / "manifest.json", (json.dumps(sealed(manifest), indent=2) + "\n").encode())

    # Reading.

    def manifest(self) -> dict[str, Any] | None:
        """The content of ``manifest.json``; None if there is none.

        Raises:
            StoreError: The file is damaged.
        """
        return read_manifest(self.path / "manifest.json")

    def failures(self) -> list[dict[str, Any]]:
        """The failures of runs that are still not stored, the latest of each; a damaged line is logged and left."""
        latest: dict[str, dict[str, Any]] = {}
        path = self.path / "failures.jsonl"
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{path}: cannot be read ({error.strerror})") from error
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                failure = unsealed(line)
                if missing := FAILURE_KEYS - {key for key, value in failure.items() if isinstance(value, str | int)}:
                    raise ValueError(f"'{min(missing)}' is missing")
            except ValueError as error:  # or a line cut by a crash
                LOG.warning("%s: line %d is damaged (%s); it is left out", path, number, reason_of(error))
                continue
            latest[str(failure["run_id"])] = failure
        return [failure for run_id, failure in latest.items() if run_id not in self.summaries()]

    def summaries(self) -> dict[str, Summary]:
        """The stored runs by run_id.

        Raises:
            StoreError: A part is damaged.
        """
        if self._summaries is None:
            entries = _settled(self._all_entries).values()
            self._summaries = {entry["run_id"]: Summary(**entry) for held in entries for entry in held}
        return self._summaries

    def forget(self) -> None:
        """Reads the files again at the next request."""
        self._summaries = None
        self._held.clear()

    def _entries(self, part: Path) -> list[dict[str, Any]]:
        """The summaries of a part, read once: parts are written whole and never changed."""
        if part not in self._held:
            self._held[part] = summaries_of(part)
        return self._held[part]

    def _all_entries(self) -> dict[Path, list[dict[str, Any]]]:
        return {part: self._entries(part) for part in self.parts()}

    def has(self, spec: RunSpec) -> bool:
        """Whether the rows of a run are stored."""
        return spec.run_id in self.summaries()

    def parts(self) -> list[Path]:
        """The files of rows, in a fixed order."""
        return sorted(self.runs.glob("*.parquet"))

    def drop_damaged(self, scratch: bool = True) -> list[str]:
        """Moves damaged files aside (to ``runs/*.damaged``), so that their runs are repeated.

        Args:
            scratch: Whether to remove the scratch files of interrupted writes: only where nobody else writes.

        Returns:
            One line per damaged file, to be shown.
        """
        if scratch:
            remove_scratch(self.path, r"manifest\.json")
            remove_scratch(self.runs, r"[0-9a-f]{20}-[0-9a-f]{8}-\d+(-[0-9a-f]{16})?\.parquet")
        said = []
        self.forget()
        for part in self.parts():
            if not os.access(part, os.R_OK):
                continue  # not damaged: reading it says what is wrong
            try:
                self._held[part] = check_rows(part)
            except GoneError:
                continue
            except StoreError as error:
                _set_aside(part)
                said.append(f"{error}; moved aside, its runs are repeated")
        return said

    def frame(
        self, columns: Sequence[str] | None = None, task: str | None = None, as_stored: bool = False
    ) -> "pd.DataFrame":
        """All rows, sorted by task, method (both in the order of the manifest), budget, repeat and query.

        Rows that were written before suites could have several budgets get the budget of the suite.
        Rows of format 1 have no ``training_charge``; it is derived from their ``charge`` where that tells it (see
        `derive_training_charge`), and NaN elsewhere. An objective that a run does not have is NaN.

        Args:
            columns: Only these; all of `COLUMNS` and the objectives by default.
            task: Only rows of this task.
            as_stored: Whether to leave NaN where ``training_charge`` was not stored.

        Raises:
            StoreError: The store is empty or damaged.
        """
        return _settled(lambda: self._frame(columns, task, as_stored))

    def _frame(self, columns: Sequence[str] | None, task: str | None, as_stored: bool) -> "pd.DataFrame":
        import pyarrow as pa
        import pyarrow.compute as pc

        stored = self._all_entries()
        runs = {part: [e["run_id"] for e in held if task in (None, e["task"])] for part, held in stored.items()}
        parts = [part for part, ids in runs.items() if ids]
        if not parts:
            raise StoreError(f"{self.path}: no stored runs{f' of {task}' if task else ''}")
        wanted = list(dict.fromkeys([*(columns or COLUMNS), *RUN, "query"]))
        derived = "training_charge" in wanted and not as_stored
        tables = []
        for part in parts:
            table = read_part(part, partial(_rows_of, part, wanted, columns is None, derived))
            tables.append(table if task is None else table.filter(pc.equal(table["task"], task)))
        joined = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
        for name in wanted:
            if name not in joined.column_names:
                joined = joined.append_column(name, pa.nulls(len(joined), pa.float64()))
        frame: pd.DataFrame = joined.to_pandas()
        suite = (self.manifest() or {}).get("suite", {})
        frame["budget"] = frame["budget"].fillna(_only_budget(suite))
        if derived and frame["training_charge"].isna().any():
            derive_training_charge(frame, suite)
        for column, key in (("task", "tasks"), ("method", "methods")):
            listed = [entry.get("label", entry["name"]) for entry in suite.get(key, [])]
            present = sorted(frame[column].cat.categories)
            order = [name for name in listed if name in present] + [name for name in present if name not in listed]
            frame[column] = frame[column].cat.set_categories(order)
        for column in {"architecture", "status"} & set(wanted):  # whatever order the parts came in
            frame[column] = frame[column].cat.set_categories(sorted(frame[column].cat.categories))
        frame = frame.sort_values([*RUN, "query"], ignore_index=True, kind="stable")
        _refuse_two_of_a_kind(self.path, [entry for part in parts for entry in stored[part]], _only_budget(suite))
        if sum(map(len, runs.values())) > len(set().union(*runs.values())):  # a run was stored twice
            frame = frame.drop_duplicates([*RUN, "query"], ignore_index=True)
        if columns is None:
            columns = [*COLUMNS, *sorted(name for name in map(str, frame) if name.startswith("objective:"))]
        return frame[list(columns)]

    def rows_of(self, run_ids: Iterable[str]) -> Iterator[tuple[str, "pd.DataFrame"]]:
        """The rows of some runs as they are stored, run by run; each part is read once.

        Args:
            run_ids: Of runs that are stored; the order of the parts decides that of the runs.

        Raises:
            StoreError: A part is damaged.
        """
        left = set(run_ids)
        while left:
            found = False
            for part, entries in _settled(self._all_entries).items():
                if left.isdisjoint(entry["run_id"] for entry in entries):
                    continue
                try:
                    table = read_part(part, partial(_whole, part))
                except GoneError:
                    break  # merged meanwhile: its runs are in another part
                offset = 0
                for entry in entries:
                    if entry["run_id"] in left:
                        left.remove(entry["run_id"])
                        found = True
                        yield entry["run_id"], table.slice(offset, entry["queries"]).to_pandas()
                    offset += entry["queries"]
            if not found:
                raise StoreError(f"{self.path}: runs {', '.join(sorted(left))[:80]} are not stored")


_Read = TypeVar("_Read")


def _settled(read: Callable[[], _Read]) -> _Read:
    """Reads once more where a part was merged with others meanwhile."""
    for _ in range(20):
        try:
            return read()
        except GoneError:
            continue
    return read()


def _set_aside(part: Path) -> None:
    try:
        part.replace(part.with_suffix(".damaged"))
    except FileNotFoundError:
        return  # another shard was first
    except OSError as error:
        raise StoreError(f"{part}: damaged, and cannot be moved aside ({error.strerror})") from error


def _rows_of(part: Path, wanted: Sequence[str], objectives: bool, derived: bool, file: "pq.ParquetFile") -> "pa.Table":
    return checked_rows(file.read(columns=_present(file, wanted, objectives, derived)), file, part)


def _whole(part: Path, file: "pq.ParquetFile") -> "pa.Table":
    return checked_rows(file.read(), file, part)


def _present(file: "pq.ParquetFile", wanted: Sequence[str], objectives: bool, derived: bool) -> list[str]:
    """The columns to read from one file: those wanted that it has, and what an absent one is derived from."""
    stored = file.schema_arrow.names
    found = [name for name in wanted if name in stored]
    if objectives:
        found += [name for name in stored if name.startswith("objective:")]
    if derived and "training_charge" not in stored:
        found += [name for name in ("charge", "status", "fidelity", "cost_seconds") if name not in found]
    return found


def _only_budget(suite: Mapping[str, Any]) -> float:
    """The budget of a suite that has one; the largest where it has several; NaN without a suite."""
    amounts = next(iter(suite.get("budget", {}).values()), nan)
    return float(max(amounts) if isinstance(amounts, list) else amounts)


def _refuse_two_of_a_kind(path: Path, entries: Sequence[Mapping[str, Any]], budget: float) -> None:
    """Refuses two different runs under one name: they would be read as one of twice the length.

    Raises:
        StoreError: There are some.
    """
    known: dict[tuple[str, str, int, float], str] = {}
    for entry in entries:
        name = (entry["task"], entry["method"], entry["repeat"], entry.get("budget", budget))
        if known.setdefault(name, entry["run_id"]) != entry["run_id"]:
            raise StoreError(
                f"{path}: repeat {name[2]} of {name[1]} on {name[0]} is stored twice, from two suites; move the files "
                f"of one away (runs {known[name][:8]} and {entry['run_id'][:8]} in {path / 'runs'})"
            )


def _append(path: Path, content: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
            cut = end > 0 and file.read(1) != b"\n"  # by a crash: the next line starts after a newline
            file.write(b"\n" * cut + json.dumps(content).encode() + b"\n")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror})") from error
