"""Reads the rows of a table, Parquet or CSV, in batches."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, nearest, one_line
from equipoise.harness.spaces._declared import DeclaredConditional, DeclaredSpace
from equipoise.harness.tables.header import TableHeader

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["KEY", "RowBatch", "batches", "files_of", "read_header"]

KEY = b"equipoise"
"""The key of the header in the metadata of a Parquet file."""

MOST_HEADER_LINES = 10_000
BATCH_ROWS = 1 << 16

VALUES = (("validation_error", "validation"), ("test_error", "test"))
"""An error, or the value as shown, which the metric of the header turns into the error."""


@dataclass(frozen=True)
class RowBatch:
    """A batch of n rows.

    Attributes:
        texts: The distinct architectures of the batch, as text.
        codes: n positions in `texts`.
        fidelity: n epochs.
        seed: n labels.
        validation: n errors.
        test: n errors, NaN where the row has none.
        seconds: n costs, NaN where the row has none.
        objectives: For each further objective n values, NaN where the row has none.
    """

    texts: list[str]
    codes: npt.NDArray[np.int64]
    fidelity: npt.NDArray[np.int64]
    seed: npt.NDArray[np.int64]
    validation: npt.NDArray[np.float64]
    test: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]
    objectives: dict[str, npt.NDArray[np.float64]]


def files_of(path: Path) -> tuple[Path, ...]:
    """The file of the rows, and the file of the header where that is another."""
    sidecar = path.with_name(f"{path.name}.json")
    return (path, sidecar) if _is_csv(path) and sidecar.is_file() else (path,)


def read_header(path: Path) -> TableHeader:
    """Reads the header of a table: of the Parquet metadata, of leading ``#`` lines, or of ``FILE.json`` beside a CSV.

    Raises:
        DataError: There is none, or it is not valid.
    """
    if _is_csv(path):
        text = _comment(path) or _sidecar(path)
    else:
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(path) as file:
                text = (file.schema_arrow.metadata or {}).get(KEY, b"").decode()
        except Exception as error:  # a damaged file raises anything
            raise _unreadable(path, error) from error
    if not text:
        csv = f"leading '#' lines, or into {path.name}.json beside it"
        place = csv if _is_csv(path) else f"its metadata, under '{KEY.decode()}'"
        raise DataError(f"{path}: has no table header; write one into {place}")
    try:
        return TableHeader.from_json(text, path.parent)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def batches(path: Path, header: TableHeader) -> Iterator[RowBatch]:
    """Yields the rows of a table in bounded memory.

    Raises:
        DataError: A column is missing, unknown or of the wrong kind, or the file is damaged.
    """
    try:
        with _opened(path, header) as (names, records):
            _check_names(path, header, names)
            for record in records:
                if record.num_rows:
                    yield _rows(path, header, record)
    except DataError:
        raise
    except Exception as error:  # a damaged file raises anything
        raise _unreadable(path, error) from error


@contextmanager
def _opened(path: Path, header: TableHeader) -> Iterator[tuple[list[str], Iterator["pa.RecordBatch"]]]:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    if not _is_csv(path):
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            names = file.schema_arrow.names
            wanted = [name for name in names if name not in header.extra]
            yield names, file.iter_batches(BATCH_ROWS, columns=wanted)
        return
    further = [f"objective:{one.name}" for one in header.objectives]
    numbers = {name: pa.float64() for name in ("cost_seconds", *further, *(n for pair in VALUES for n in pair))}
    whole = {"fidelity": pa.int64(), "seed": pa.int64()}
    texts = {name: pa.string() for name in ("architecture", *(d.name for d in header.space.decisions))}
    with _text(path) as file:
        _skip_comment(file)
        convert = csv.ConvertOptions(
            column_types={**texts, **numbers, **whole}
        )  # texts as they are: NA may be an option
        with csv.open_csv(pa.PythonFile(file, mode="r"), convert_options=convert) as reader:
            yield reader.schema.names, reader


def _check_names(path: Path, header: TableHeader, names: list[str]) -> None:
    decisions = [d.name for d in header.space.decisions] if isinstance(header.space, DeclaredSpace) else []
    further = [f"objective:{one.name}" for one in header.objectives]
    accepted = ["architecture", "fidelity", "seed", "cost_seconds", *further, *(n for pair in VALUES for n in pair)]
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{path}: column '{name}' occurs twice")
        if name not in (*accepted, *decisions, *header.extra):
            raise DataError(
                f"{path}: unknown column '{name}'; {nearest(name, (*accepted, *decisions))}, or list it under 'extra'"
            )
    required = ["architecture"] if not decisions or not set(decisions) <= set(names) else []
    required += ["fidelity"] if len(header.fidelities) > 1 else []
    required += ["seed"] if len(header.seeds) > 1 else []
    required += ["cost_seconds"] if header.cost is not None else []
    required += further
    for name in required:
        if name not in names:
            raise DataError(f"{path}: column '{name}' is missing (columns: {', '.join(names)})")
    for pair, declared in zip(VALUES, (header.validation, header.test), strict=True):
        there = [name for name in pair if name in names]
        if len(there) > 1 or (declared is not None and not there) or (declared is None and there):
            told = f"the header calls the split '{declared}'" if declared else "the header names no such split"
            raise DataError(f"{path}: {' or '.join(pair)}: {told}, the file has {', '.join(there) or 'neither'}")


def _rows(path: Path, header: TableHeader, record: "pa.RecordBatch") -> RowBatch:
    texts, codes = _architectures(path, header, record)
    return RowBatch(
        texts,
        codes,
        _numbers(path, record, "fidelity", header.fidelities),
        _numbers(path, record, "seed", header.seeds),
        _errors(header, record, VALUES[0]),
        _errors(header, record, VALUES[1]),
        _floats(record, "cost_seconds"),
        {one.name: _floats(record, f"objective:{one.name}") for one in header.objectives},
    )


def _architectures(
    path: Path, header: TableHeader, record: "pa.RecordBatch"
) -> tuple[list[str], npt.NDArray[np.int64]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if "architecture" in record.schema.names:
        column = record.column("architecture")
    else:
        words = [pc.cast(record.column(decision.name), pa.string()) for decision in header.space.decisions]
        if isinstance(header.space, DeclaredConditional):  # an empty cell is a decision that does not matter
            words = [pc.fill_null(word, "") for word in words]
        column = pc.binary_join_element_wise(*words, ",")
    if not pa.types.is_dictionary(column.type):
        column = pc.dictionary_encode(pc.cast(column, pa.string()))
    distinct = column.dictionary.to_pylist()
    if column.null_count or "" in distinct:
        raise DataError(f"{path}: a row has no architecture")
    return distinct, column.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _numbers(path: Path, record: "pa.RecordBatch", name: str, accepted: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """A column of whole numbers; where it may be omitted, the one number it would hold (0 where there is none)."""
    if name not in record.schema.names:
        return np.full(record.num_rows, accepted[0] if accepted else 0, dtype=np.int64)
    column = record.column(name)
    if not accepted and column.null_count == len(column):
        return np.zeros(record.num_rows, dtype=np.int64)
    values = column.to_numpy(zero_copy_only=False)
    strange = ~np.isin(values, accepted)
    if strange.any():
        raise DataError(
            f"{path}: {name} {values[strange][0]} is not in the header, which says {list(accepted) or 'there is none'}"
        )
    numbers: npt.NDArray[np.int64] = values.astype(np.int64)
    return numbers


def _errors(header: TableHeader, record: "pa.RecordBatch", names: tuple[str, str]) -> npt.NDArray[np.float64]:
    if names[1] in record.schema.names:
        return (_floats(record, names[1]) - header.metric.offset) / header.metric.slope
    return _floats(record, names[0])


def _floats(record: "pa.RecordBatch", name: str) -> npt.NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in record.schema.names:
        return np.full(record.num_rows, np.nan)
    values: npt.NDArray[np.float64] = pc.cast(record.column(name), pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _is_csv(path: Path) -> bool:
    return path.name.endswith((".csv", ".csv.gz"))


def _text(path: Path) -> Any:
    return gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb")


def _comment(path: Path) -> str:
    """The leading ``#`` lines of a CSV, without the signs."""
    try:
        with _text(path) as file:
            return _skip_comment(file)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise _unreadable(path, error) from error


def _skip_comment(file: IO[bytes]) -> str:
    """Reads the leading ``#`` lines and leaves the file after them."""
    lines: list[str] = []
    while len(lines) < MOST_HEADER_LINES:
        place = file.tell()
        line = file.readline(1 << 20)
        if not line.startswith(b"#"):
            file.seek(place)
            break
        lines.append(line.decode().lstrip("#").strip())
    return "\n".join(lines).strip()


def _sidecar(path: Path) -> str:
    found = files_of(path)
    try:
        return found[1].read_text(encoding="utf-8") if len(found) > 1 else ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(found[1], error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = getattr(error, "strerror", None) or str(error).splitlines()[0] if str(error) else type(error).__name__
    return DataError(f"{path}: cannot be read as a table ({one_line(reason)})")
