"""The rows of the runs: Parquet files, written whole or not at all, and a manifest beside them.

The format is open: ``pandas.read_parquet(OUT / "runs")`` reads it. One row per proposal, with the `COLUMNS` and one
column per further objective; each file carries a summary of its runs in its metadata under ``equipoise``.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.files import remove_scratch, write_whole
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.sealed import sealed
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.store.failures import read_failures, record_failure
from equipoise.harness.store.format_1 import derive_budgets
from equipoise.harness.store.manifest_file import read_manifest
from equipoise.harness.store.run_file import Run, Summary
from equipoise.harness.store.run_file_reader import GoneError, check_rows, checked_rows, read_part, summaries_of
from equipoise.harness.store.run_file_writer import file_name, packed
from equipoise.harness.store.stored_frame import frame_of

# pyarrow and pandas are imported where they are used: a worker starts to search before it needs to write.
if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["RunStore"]


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
        content = packed(runs, space)
        path = self.runs / file_name([run.spec.run_id for run in runs], content)
        write_whole(path, content)
        return path

    def record_failure(self, failure: Mapping[str, Any]) -> None:
        """Appends one line to ``failures.jsonl``."""
        record_failure(self.path, failure)

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
        return [failure for run_id, failure in read_failures(self.path).items() if run_id not in self.summaries()]

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
        held = {part: self._entries(part) for part in self.parts()}
        if any(isnan(entry["budget"]) for entries in held.values() for entry in entries):
            derive_budgets(chain.from_iterable(held.values()), (self.manifest() or {}).get("suite", {}))
        return held

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

        Rows of format 1 have no ``budget``, which is derived (see `derive_budgets`), and no ``training_charge``; it is
        derived from their ``charge`` where that tells it (see `derive_training_charge`), and NaN elsewhere. An
        objective that a run does not have is NaN.

        Args:
            columns: Only these; all of `COLUMNS` and the objectives by default.
            task: Only rows of this task.
            as_stored: Whether to leave NaN where ``training_charge`` was not stored.

        Raises:
            StoreError: The store is empty or damaged.
        """
        return _settled(lambda: self._frame(columns, task, as_stored))

    def _frame(self, columns: Sequence[str] | None, task: str | None, as_stored: bool) -> "pd.DataFrame":
        stored = self._all_entries()
        entries = {part: held for part, held in stored.items() if any(task in (None, each["task"]) for each in held)}
        if not entries:
            raise StoreError(f"{self.path}: no stored runs{f' of {task}' if task else ''}")
        return frame_of(self.path, entries, (self.manifest() or {}).get("suite", {}), columns, task, as_stored)

    def rows_of(self, run_ids: Iterable[str]) -> Iterator[tuple[str, "pd.DataFrame"]]:
        """The rows of some runs as they are stored, run by run; each part is read once.

        Args:
            run_ids: Of runs that are stored; the order of the parts decides that of the runs.

        Raises:
            StoreError: A part is damaged, or a run is not stored.
        """
        left = set(run_ids)
        while left:
            merged = False
            for part, entries in _settled(self._all_entries).items():
                if left.isdisjoint(entry["run_id"] for entry in entries):
                    continue
                try:
                    table = read_part(part, partial(_whole, part))
                except GoneError:
                    merged = True  # meanwhile: its runs are in another part
                    break
                offset = 0
                for entry in entries:
                    if entry["run_id"] in left:
                        left.remove(entry["run_id"])
                        yield entry["run_id"], table.slice(offset, entry["queries"]).to_pandas()
                    offset += entry["queries"]
            if left and not merged:
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


def _whole(part: Path, file: "pq.ParquetFile") -> "pa.Table":
    return checked_rows(file.read(), file, part)
