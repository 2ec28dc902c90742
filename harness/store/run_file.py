"""One run file of a store: the rows of some runs as a Parquet table, and their summaries in its metadata."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.errors import StoreError, reason_of
from equipoise.harness.core.files import parse_json
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.trajectory import Trajectory, objective_columns

# pyarrow is imported where it is used: a worker starts to search before it needs to write.
if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = [
    "COLUMNS",
    "FORMAT",
    "GoneError",
    "Run",
    "Summary",
    "check_rows",
    "checked_rows",
    "digest_of",
    "kept_of",
    "packed",
    "packed_table",
    "read_part",
    "summaries_in",
    "summaries_of",
]

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

MOST_TEXTS = 1 << 16
"""Texts of a space that are kept, about 15 MB; all are forgotten beyond."""

RANGES = ["task", "method", "budget", "repeat", "query"]
"""Columns of which a file states the range, so that a reader can skip it. Ranges of all take a third of the writing."""

TEXTS = [name for name, kind in COLUMNS.items() if kind == "text"]


class GoneError(StoreError):
    """A file is no longer there: another process has merged it with others since its name was read."""


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
        code: Digest of the source of its method (`equipoise.harness.core.method_code`); empty if unknown.
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
    code: str = ""


@dataclass(frozen=True)
class Run:
    """A finished run: its specification, its record, and its CPU time."""

    spec: RunSpec
    trajectory: Trajectory
    process_seconds: float
    code: str = ""

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
            self.code,
        )


def packed(runs: Sequence[Run], space: SearchSpace) -> "pa.Buffer":
    """Packs runs into the bytes of a run file.

    Args:
        runs: At least one.
        space: Formats the architectures.
    """
    return packed_table(_table(runs, space), [vars(run.summary()) for run in runs])


def _table(runs: Sequence[Run], space: SearchSpace) -> "pa.Table":
    import pyarrow as pa

    counts = [len(run.trajectory) for run in runs]
    arrays: dict[str, Any] = {
        "task": _repeated([run.spec.task for run in runs], counts),
        "method": _repeated([run.spec.label for run in runs], counts),
        "budget": pa.array(np.repeat([run.spec.budget.limit for run in runs], counts), "float64"),
        "repeat": pa.array(np.repeat([run.spec.repeat for run in runs], counts), "int32"),
        "query": pa.array(np.concatenate([np.arange(1, count + 1) for count in counts]), "int32"),
    }
    for name, kind in COLUMNS.items():
        if name not in arrays:
            entries = chain.from_iterable(getattr(run.trajectory, name) for run in runs)
            if kind == "text":
                codes = _Codes()
                indices = pa.array(np.fromiter(map(codes.__getitem__, entries), np.int32, sum(counts)))
                words = _formatted(codes, space) if name == "architecture" else codes
                arrays[name] = pa.DictionaryArray.from_arrays(indices, pa.array(list(words), pa.string()))
            else:
                arrays[name] = pa.array(list(entries), kind)
    for name, column in objective_columns([row for run in runs for row in run.trajectory.objectives]).items():
        arrays[name] = pa.array(column, "float64")
    return pa.table(arrays)


def _repeated(texts: Sequence[str], counts: Sequence[int]) -> "pa.DictionaryArray":
    """A column of one text per run, each repeated for the rows of its run."""
    import pyarrow as pa

    codes = _Codes()
    numbers = [codes[text] if count else 0 for text, count in zip(texts, counts, strict=True)]
    indices = np.repeat(np.array(numbers, np.int32), counts)
    return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(list(codes), pa.string()))


def _formatted(architectures: Iterable[Architecture], space: SearchSpace) -> list[str]:
    """The texts of architectures; those of one space come again from file to file, so they are kept."""
    texts = _texts(space)
    if len(texts) >= MOST_TEXTS:
        texts.clear()
    return [texts.get(one) or texts.setdefault(one, space.format(one)) for one in architectures]


@lru_cache(maxsize=4)
def _texts(_: SearchSpace) -> dict[Architecture, str]:
    """Architecture to text, kept for all files that a worker writes of one space."""
    return {}


class _Codes(dict[Any, int]):
    """Numbers values in the order in which they are first asked for."""

    def __missing__(self, value: Any) -> int:
        self[value] = code = len(self)
        return code


def digest_of(content: "bytes | pa.Buffer") -> str:
    """Digests the bytes of a run file, for its name: 16 hexadecimal digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def summaries_of(part: Path) -> list[dict[str, Any]]:
    """Reads the entries of a file's runs: the fields of a `Summary` each.

    Raises:
        StoreError: It is damaged, or not a file of a store.
    """
    summaries: list[dict[str, Any]] = read_part(part, lambda file: summaries_in(file, part))
    return summaries


def summaries_in(file: "pq.ParquetFile", part: Path) -> list[dict[str, Any]]:
    """The same of a file that is open.

    Raises:
        StoreError: It is damaged, or not a file of a store.
    """
    try:
        summaries: list[dict[str, Any]] = parse_json((file.schema_arrow.metadata or {})[b"equipoise"])
    except (KeyError, ValueError) as error:
        raise StoreError(f"{part}: not a run file of an Equipoise store (no summary of its runs)") from error
    try:
        for entry in summaries:
            if "shortfall" in entry:  # its name in format 1
                entry["unspent"] = entry.pop("shortfall")
            for name, kind in _KINDS.items():
                if not isinstance(entry[name], kind):
                    raise TypeError(f"{name} is of the wrong kind")
            for name, default in (("code", ""), ("budget", nan)):
                if not isinstance(entry.setdefault(name, default), str if name == "code" else int | float):
                    raise TypeError(f"{name} is of the wrong kind")
    except (KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{part}: damaged or cut off (the summary of a run: {reason_of(error)})") from error
    return summaries


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("run_id", "task", "method", "ended"), str),
    **dict.fromkeys(("repeat", "queries"), int),
    **dict.fromkeys(("unspent", "process_seconds"), (int, float)),
}


def check_rows(part: Path) -> list[dict[str, Any]]:
    """Reads all of a run file, and holds the summaries of its runs against its rows.

    Returns:
        The summaries.

    Raises:
        StoreError: It is damaged.
    """
    table, summaries = read_part(part, lambda file: (checked_rows(file.read(), file, part), summaries_in(file, part)))
    names = [name for name in ("task", "method", "repeat", "budget") if name in table.column_names]
    distinct = {tuple(entry[name] for name in names) for entry in summaries}
    counts = [entry["queries"] for entry in summaries]
    if (
        len(distinct) < len(summaries)
        or min(counts, default=0) < 0
        or sum(counts) != len(table)
        or not all(_agrees(table[name], [entry[name] for entry in summaries], counts) for name in names)
    ):
        raise StoreError(f"{part}: damaged or cut off (the summaries of its runs are not those of its rows)")
    return list(summaries)


def checked_rows(table: "pa.Table", file: "pq.ParquetFile", part: Path) -> "pa.Table":
    """Rows as they were read; those of a file whose name states no digest of its bytes only after a check.

    Text that is not stored as a dictionary, since the description of the columns is damaged, is turned into one.

    Raises:
        ValueError: A column has another name or type, an index points nowhere, or a charge is less than its part.
    """
    import pyarrow as pa

    if _stated_digest(part) is not None:
        return table
    table.validate(full=True)
    if strange := [n for n in file.schema_arrow.names if n not in COLUMNS and not n.startswith("objective:")]:
        raise ValueError(f"column {strange[0]!r}")
    for place, field in enumerate(table.schema):
        kind = COLUMNS.get(field.name, "float64")
        if kind == "text" and pa.types.is_string(field.type):
            table = table.set_column(place, field.name, table[field.name].dictionary_encode())
        elif not (_is_coded(field.type) if kind == "text" else str(field.type) in _NUMBERS):
            raise ValueError(f"column {field.name} is of type {field.type}")
    # No checksum tells which bytes are of which column here: a charge below its part shows that they were mixed up.
    if "training_charge" in table.column_names and "charge" in table.column_names:
        part_of, whole = (table[name].to_numpy() for name in ("training_charge", "charge"))
        if not ((part_of >= 0) & (part_of <= whole)).all():
            raise ValueError("a training_charge exceeds its charge")
    return table


def _is_coded(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))


_NUMBERS = ("int32", "int64", "float", "double")


def _agrees(column: "pa.ChunkedArray", stated: Sequence[Any], counts: Sequence[int]) -> bool:
    """Whether each value of a column is the one that is stated for its run."""
    import pyarrow as pa

    if column.null_count:
        return False
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return bool(np.array_equal(column.to_numpy(), np.repeat(stated, counts)))
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    coded = column.unify_dictionaries().combine_chunks()
    coded = coded.chunk(0) if isinstance(coded, pa.ChunkedArray) else coded
    codes = {text: code for code, text in enumerate(coded.dictionary.to_pylist())}
    return bool(np.array_equal(coded.indices.to_numpy(), np.repeat([codes.get(text, -1) for text in stated], counts)))


def kept_of(part: Path, entries: Sequence[Mapping[str, Any]]) -> "pa.Buffer":
    """Packs some of the runs of a file again.

    Args:
        part: The file.
        entries: The summaries of the runs that stay.

    Raises:
        StoreError: It is damaged.
    """
    import pyarrow as pa

    table = read_part(part, lambda file: file.read())
    stays = {_name_of(entry, "budget" in table.column_names) for entry in entries}
    chosen = table.filter(pa.array([name in stays for name in _names_of_rows(table)]))
    return packed_table(chosen, [{**entry} for entry in entries])


def packed_table(table: "pa.Table", summaries: Sequence[Mapping[str, Any]]) -> "pa.Buffer":
    """Packs rows that are at hand as a table.

    Args:
        table: The rows of some runs, one run after the other.
        summaries: The summaries of these runs, in the same order.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    table = table.replace_schema_metadata({"equipoise": json.dumps(list(summaries))})
    options: dict[str, Any] = {"use_dictionary": TEXTS, "write_statistics": RANGES, "write_page_checksum": True}
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue()


def _name_of(entry: Mapping[str, Any], with_budget: bool) -> tuple[Any, ...]:
    return entry["task"], entry["method"], entry["repeat"], *((entry["budget"],) if with_budget else ())


def _names_of_rows(table: "pa.Table") -> list[tuple[Any, ...]]:
    names = ("task", "method", "repeat", *(("budget",) if "budget" in table.column_names else ()))
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


@lru_cache(maxsize=100_000)
def _is_whole(part: Path, _state: tuple[int, int, int]) -> bool:
    """Whether the bytes of a file are those that its name states; read once for each state of the file."""
    stated = _stated_digest(part)
    if stated is None:
        return True  # written before the names stated it
    with part.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16] == stated


def _stated_digest(part: Path) -> str | None:
    match = re.fullmatch(r".*-([0-9a-f]{16})", part.stem)
    return None if match is None else match[1]


def read_part(part: Path, read: Callable[["pq.ParquetFile"], Any]) -> Any:
    """Reads from a run file, after all its bytes were compared with the digest in its name.

    Raises:
        GoneError: It is not there.
        StoreError: It is damaged, or may not be read.
    """
    import pyarrow.parquet as pq

    try:
        state = part.stat()
        if not _is_whole(part, (state.st_size, state.st_mtime_ns, state.st_ino)):
            raise StoreError(f"{part}: damaged or cut off (it is not what its name says)")
        with pq.ParquetFile(part, page_checksum_verification=True) as file:
            return read(file)
    except FileNotFoundError:
        raise GoneError(f"{part}: is not there") from None
    except StoreError:
        raise
    except PermissionError:
        raise StoreError(f"{part}: cannot be read (permission denied); run as its owner, or change its mode") from None
    except Exception as error:  # a damaged file raises anything
        raise StoreError(f"{part}: damaged or cut off ({reason_of(error)})") from error
