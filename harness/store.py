"""The rows of the runs: Parquet parts, written whole or not at all, and a manifest beside them.

The format is open: ``pandas.read_parquet(OUT / "runs")`` reads it. One row a proposal, with the `COLUMNS`;
each part carries a summary of its runs in its metadata under ``equipoise``.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import StoreError
from harness.runner import Trajectory
from harness.space import SearchSpace
from harness.suite import RunSpec

# pyarrow and pandas are imported where they are used: a worker starts to play before it needs to write.
if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["COLUMNS", "Run", "RunStore", "Summary", "write_whole"]

COLUMNS: Mapping[str, str] = {
    "task": "text",
    "method": "text",
    "repeat": "int32",
    "query": "int32",
    "architecture": "text",
    "fidelity": "int32",
    "validation_error": "float64",
    "charge": "float64",
    "cost_seconds": "float64",
    "overhead_seconds": "float32",
    "status": "text",
}
"""The columns of a row and their types; texts are stored as dictionaries."""


TEXTS = [name for name, kind in COLUMNS.items() if kind == "text"]


@dataclass(frozen=True)
class Summary:
    """What a part says of one run beside its rows.

    Attributes:
        run_id: Hash of its spec.
        task: Name of the task.
        method: Label of the method.
        repeat: Repeat number, from 1.
        queries: Rows.
        shortfall: What was left of the budget.
        ended: Why the run ended early; empty if it did not.
        process_seconds: CPU time of the whole run.
    """

    run_id: str
    task: str
    method: str
    repeat: int
    queries: int
    shortfall: float
    ended: str
    process_seconds: float


@dataclass(frozen=True)
class Run:
    """A finished run: what was asked, what happened, and what it took."""

    spec: RunSpec
    trajectory: Trajectory
    process_seconds: float

    def summary(self) -> Summary:
        """What the part will say of it."""
        return Summary(
            self.spec.run_id,
            self.spec.task,
            self.spec.label,
            self.spec.repeat,
            len(self.trajectory),
            self.trajectory.shortfall,
            self.trajectory.ended,
            self.process_seconds,
        )


class RunStore:
    """The results folder of one suite.

    Args:
        path: The folder; made when something is first written.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.runs = self.path / "runs"
        self._summaries: dict[str, Summary] | None = None

    # Writing.

    def write(self, runs: Sequence[Run], space: SearchSpace) -> Path:
        """Writes finished runs of one space as one part: complete, or not there at all.

        Args:
            runs: At least one.
            space: Formats the architectures.

        Raises:
            StoreError: The folder cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = _table(runs, space)
        summaries = [asdict(run.summary()) for run in runs]
        table = table.replace_schema_metadata({"equipoise": json.dumps(summaries)})
        first, last = runs[0].spec, runs[-1].spec
        name = f"{first.run_id}-{last.run_id[:8]}-{len(runs)}.parquet"
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", use_dictionary=TEXTS, write_page_checksum=True)
        path = self.runs / name
        write_whole(path, sink.getvalue())
        return path

    def record_failure(self, failure: Mapping[str, Any]) -> None:
        """Appends one line to ``failures.jsonl``."""
        _append(self.path / "failures.jsonl", failure)

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replaces ``manifest.json``."""
        write_whole(self.path / "manifest.json", (json.dumps(manifest, indent=2) + "\n").encode())

    # Reading.

    def manifest(self) -> dict[str, Any] | None:
        """What ``manifest.json`` holds; None if there is none.

        Raises:
            StoreError: The file is damaged.
        """
        path = self.path / "manifest.json"
        try:
            content: Any = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StoreError(f"{path}: damaged ({error}); move the folder away, or restore the file") from error
        if not isinstance(content, dict) or "suite" not in content:
            raise StoreError(f"{path}: no manifest of Equipoise; move the folder away, or restore the file")
        manifest: dict[str, Any] = content
        return manifest

    def failures(self) -> list[dict[str, Any]]:
        """The failures of runs that are still not stored, the latest of each."""
        latest: dict[str, dict[str, Any]] = {}
        try:
            lines = (self.path / "failures.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return []
        for line in lines:
            try:
                failure = json.loads(line)
                latest[failure["run_id"]] = failure
            except (ValueError, KeyError, TypeError):  # a line cut by a crash
                continue
        return [failure for run_id, failure in latest.items() if run_id not in self.summaries()]

    def summaries(self) -> dict[str, Summary]:
        """The stored runs by run_id.

        Raises:
            StoreError: A part is damaged.
        """
        if self._summaries is None:
            self._summaries = {
                entry["run_id"]: Summary(**entry) for part in self.parts() for entry in _summaries_of(part)
            }
        return self._summaries

    def has(self, spec: RunSpec) -> bool:
        """Whether the rows of a run are stored."""
        return spec.run_id in self.summaries()

    def parts(self) -> list[Path]:
        """The files of rows, in a fixed order."""
        return sorted(self.runs.glob("*.parquet"))

    def drop_damaged(self) -> list[str]:
        """Moves damaged parts aside (to ``runs/*.damaged``), so that their runs are played again.

        Returns:
            One line for each, to be shown.
        """
        said = []
        for part in self.parts():
            if not os.access(part, os.R_OK):
                continue  # not damaged: reading it says what is wrong
            try:
                _summaries_of(part)
                _checked(part, lambda file: file.read())
            except StoreError as error:
                part.replace(part.with_suffix(".damaged"))
                said.append(f"{error}; moved aside, its runs are played again")
        self._summaries = None
        return said

    def frame(self, columns: Sequence[str] | None = None, task: str | None = None) -> "pd.DataFrame":
        """All rows, sorted by task, method (both in the order of the manifest), repeat and query.

        Args:
            columns: Only these of `COLUMNS`.
            task: Only rows of this task.

        Raises:
            StoreError: The store is empty or damaged.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        runs = {part: [e["run_id"] for e in _summaries_of(part) if task in (None, e["task"])] for part in self.parts()}
        parts = [part for part, ids in runs.items() if ids]
        if not parts:
            raise StoreError(f"{self.path}: no stored runs{f' of {task}' if task else ''}")
        wanted = list(dict.fromkeys([*(columns or COLUMNS), "task", "method", "repeat", "query"]))
        tables = []
        for part in parts:
            table = _checked(part, lambda file: file.read(columns=wanted))
            tables.append(table if task is None else table.filter(pc.equal(table["task"], task)))
        frame: pd.DataFrame = pa.concat_tables(tables).unify_dictionaries().to_pandas()
        suite = (self.manifest() or {}).get("suite", {})
        for column, key in (("task", "tasks"), ("method", "methods")):
            listed = [entry.get("label", entry["name"]) for entry in suite.get(key, [])]
            present = sorted(frame[column].cat.categories)
            order = [name for name in listed if name in present] + [name for name in present if name not in listed]
            frame[column] = frame[column].cat.set_categories(order)
        for column in {"architecture", "status"} & set(wanted):  # whatever order the parts came in
            frame[column] = frame[column].cat.set_categories(sorted(frame[column].cat.categories))
        frame = frame.sort_values(["task", "method", "repeat", "query"], ignore_index=True, kind="stable")
        _refuse_two_of_a_kind(self.path, [entry for part in parts for entry in _summaries_of(part)])
        if sum(map(len, runs.values())) > len(set().union(*runs.values())):  # a run was stored twice
            frame = frame.drop_duplicates(["task", "method", "repeat", "query"], ignore_index=True)
        return frame if columns is None else frame[list(columns)]


def _refuse_two_of_a_kind(path: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    """Two different runs under one name would be read as one of twice the length.

    Raises:
        StoreError: There are some.
    """
    known: dict[tuple[str, str, int], str] = {}
    for entry in entries:
        name = (entry["task"], entry["method"], entry["repeat"])
        if known.setdefault(name, entry["run_id"]) != entry["run_id"]:
            raise StoreError(
                f"{path}: repeat {name[2]} of {name[1]} on {name[0]} is stored twice, from two suites; move the parts "
                f"of one away (runs {known[name][:8]} and {entry['run_id'][:8]} in {path / 'runs'})"
            )


def write_whole(path: Path, content: "bytes | pa.Buffer") -> None:
    """Writes a file so that it is there whole or not at all, even if the machine stops.

    Raises:
        StoreError: It cannot be written; nothing is left of it.
    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink()
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); free some space or choose --out elsewhere"
        ) from error


def _append(path: Path, content: Mapping[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
            cut = end > 0 and file.read(1) != b"\n"  # by a crash: the next line begins anew
            file.write(b"\n" * cut + json.dumps(content).encode() + b"\n")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror})") from error


def _table(runs: Sequence[Run], space: SearchSpace) -> "pa.Table":
    import pyarrow as pa

    counts = [len(run.trajectory) for run in runs]
    columns: dict[str, Any] = {
        "task": [run.spec.task for run in runs for _ in range(len(run.trajectory))],
        "method": [run.spec.label for run in runs for _ in range(len(run.trajectory))],
        "repeat": np.repeat([run.spec.repeat for run in runs], counts),
        "query": np.concatenate([np.arange(1, count + 1) for count in counts]),
    }
    arrays: dict[str, Any] = {}
    for name, kind in COLUMNS.items():
        if name not in columns:
            columns[name] = list(chain.from_iterable(getattr(run.trajectory, name) for run in runs))
        if kind == "text":
            codes = _Codes()
            indices = pa.array(list(map(codes.__getitem__, columns[name])), pa.int32())
            words = map(space.format, codes) if name == "architecture" else codes
            arrays[name] = pa.DictionaryArray.from_arrays(indices, pa.array(list(words), pa.string()))
        else:
            arrays[name] = pa.array(columns[name], kind)
    return pa.table(arrays)


class _Codes(dict[Any, int]):
    """Numbers values in the order in which they are first asked for."""

    def __missing__(self, value: Any) -> int:
        self[value] = code = len(self)
        return code


def _summaries_of(part: Path) -> list[dict[str, Any]]:
    metadata = _checked(part, lambda file: file.schema_arrow.metadata or {})
    try:
        summaries: list[dict[str, Any]] = json.loads(metadata[b"equipoise"])
    except (KeyError, ValueError) as error:
        raise StoreError(f"{part}: not a part of an Equipoise store (no summary of its runs)") from error
    return summaries


def _checked(part: Path, read: Callable[["pq.ParquetFile"], Any]) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(part, page_checksum_verification=True) as file:
            return read(file)
    except PermissionError:
        raise StoreError(f"{part}: cannot be read (permission denied); run as its owner, or change its mode") from None
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise StoreError(f"{part}: damaged or cut off ({reason})") from error
