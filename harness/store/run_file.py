"""One run file of a store: the rows of some runs as a Parquet table, and their summaries in its metadata."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.suite import RunSpec
from equipoise.harness.core.trajectory import Trajectory, objective_columns

# pyarrow is imported where it is used: a worker starts to search before it needs to write.
if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["COLUMNS", "FORMAT", "Run", "Summary", "packed", "read_part", "summaries_of"]

FORMAT = 2
"""Version of the store, in its manifest. 1 had no ``budget``, no ``training_charge`` and no objectives; it is read
too."""

COLUMNS: Mapping[str, str] = {
    "task": "text",
    "method": "text",
    "budget": "float64",
    "repeat": "int32",
    "query": "int32",
    "architecture": "text",
    "fidelity": "int32",
    "validation_error": "float64",
    "charge": "float64",
    "training_charge": "float64",
    "cost_seconds": "float64",
    "overhead_seconds": "float32",
    "status": "text",
}
"""The columns of a row and their types; texts are stored as dictionaries.

Where a task has further objectives, one ``objective:NAME`` each (float64, NaN for an invalid proposal) follows.
"""

TEXTS = [name for name, kind in COLUMNS.items() if kind == "text"]


@dataclass(frozen=True)
class Summary:
    """The entry of one run in the metadata of its file.

    Attributes:
        run_id: Hash of its spec.
        task: Name of the task.
        method: Label of the method.
        repeat: Repeat number, from 1.
        queries: Rows.
        unspent: The part of the budget left at the end.
        ended: Why the run ended early; empty if it did not.
        process_seconds: CPU time of the whole run.
        budget: The amount, in the unit of the suite; NaN in files that were written before suites had several.
    """

    run_id: str
    task: str
    method: str
    repeat: int
    queries: int
    unspent: float
    ended: str
    process_seconds: float
    budget: float = nan


@dataclass(frozen=True)
class Run:
    """A finished run: its specification, its record, and its CPU time."""

    spec: RunSpec
    trajectory: Trajectory
    process_seconds: float

    def summary(self) -> Summary:
        """Its entry in the metadata of the file."""
        return Summary(
            self.spec.run_id,
            self.spec.task,
            self.spec.label,
            self.spec.repeat,
            len(self.trajectory),
            self.trajectory.unspent,
            self.trajectory.ended,
            self.process_seconds,
            self.spec.budget.limit,
        )


def packed(runs: Sequence[Run], space: SearchSpace) -> "pa.Buffer":
    """Packs runs into the bytes of a run file.

    Args:
        runs: At least one.
        space: Formats the architectures.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    summaries = json.dumps([asdict(run.summary()) for run in runs])
    table = _table(runs, space).replace_schema_metadata({"equipoise": summaries})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=TEXTS, write_page_checksum=True)
    return sink.getvalue()


def _table(runs: Sequence[Run], space: SearchSpace) -> "pa.Table":
    import pyarrow as pa

    counts = [len(run.trajectory) for run in runs]
    columns: dict[str, Any] = {
        "task": [run.spec.task for run in runs for _ in range(len(run.trajectory))],
        "method": [run.spec.label for run in runs for _ in range(len(run.trajectory))],
        "budget": np.repeat([run.spec.budget.limit for run in runs], counts),
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
    for name, values in objective_columns([row for run in runs for row in run.trajectory.objectives]).items():
        arrays[name] = pa.array(values, "float64")
    return pa.table(arrays)


class _Codes(dict[Any, int]):
    """Numbers values in the order in which they are first asked for."""

    def __missing__(self, value: Any) -> int:
        self[value] = code = len(self)
        return code


def summaries_of(part: Path) -> list[dict[str, Any]]:
    """Reads the entries of a file's runs: the fields of a `Summary` each.

    Raises:
        StoreError: It is damaged, or not a file of a store.
    """
    metadata = read_part(part, lambda file: file.schema_arrow.metadata or {})
    try:
        summaries: list[dict[str, Any]] = json.loads(metadata[b"equipoise"])
    except (KeyError, ValueError) as error:
        raise StoreError(f"{part}: not a run file of an Equipoise store (no summary of its runs)") from error
    for entry in summaries:
        if "shortfall" in entry:  # its name in format 1
            entry["unspent"] = entry.pop("shortfall")
    return summaries


def read_part(part: Path, read: Callable[["pq.ParquetFile"], Any]) -> Any:
    """Reads from a run file and checks what is read against its checksums.

    Raises:
        StoreError: It is damaged, or may not be read.
    """
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
