"""Reads a run file of a store, and holds its bytes, summaries and rows against each other."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.errors import StoreError, reason_of
from equipoise.harness.core.files import parse_json
from equipoise.harness.store.run_file import COLUMNS

# pyarrow is imported where it is used: a worker starts to search before it needs to read.
if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["GoneError", "check_rows", "checked_rows", "read_part", "summaries_in", "summaries_of"]


class GoneError(StoreError):
    """A file is no longer there: another process has merged it with others since its name was read."""


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
