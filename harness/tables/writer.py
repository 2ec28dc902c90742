"""Writes a table row by row, in bounded memory; the file appears only when it is complete and checked."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import Architecture
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.rows import KEY
from equipoise.harness.tables.table import open_table

__all__ = ["TableWriter"]

GROUP_ROWS = 1 << 16
"""Rows per row group, which are held in memory."""


class TableWriter:
    """Writes the Parquet file of a table.

        with TableWriter(path, header) as table:
            table.add("|nor_conv_3x3~0|+...", seed=777, fidelity=200, validation_error=0.09, cost_seconds=812.0)

    At the end of the block the whole file is read back and checked as `open_table` does, and only then placed; if
    the block raises, or the check fails, nothing remains. The checked columns stay in the cache.

    Args:
        path: The file to write, ``.parquet``.
        header: Its header; `TableHeader.columns` names the values that every row must give.

    Raises:
        DataError: The folder cannot be written.
    """

    def __init__(self, path: Path, header: TableHeader) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path, self.header = path, header
        self._scratch = path.with_name(f".{path.name}.{os.getpid()}.parquet")
        self._schema = pa.schema(
            [(column, _type(column)) for column in header.columns], metadata={KEY: header.to_json(path.parent)}
        )
        self._names = frozenset(header.columns[1:])
        self._buffer: dict[str, list[Any]] = {column: [] for column in header.columns}
        self._texts: dict[Architecture, str] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = pq.ParquetWriter(self._scratch, self._schema, compression="zstd", write_page_checksum=True)
        except OSError as error:
            raise DataError(f"{path}: cannot be written ({error.strerror})") from error

    def add(self, architecture: Architecture | str, **values: float | None) -> None:
        """Adds one row.

        Args:
            architecture: Options, or the text of the space.
            values: The other columns of the header by name; ``test_error`` may be None below full training.

        Raises:
            DataError: Values are missing or too many, or the disk is full.
        """
        if values.keys() != self._names:
            different = ", ".join(sorted(values.keys() ^ self._names))
            raise DataError(f"{self.path}: a row gives architecture, {', '.join(sorted(self._names))}; not {different}")
        self._buffer["architecture"].append(self._text(architecture))
        for name, value in values.items():
            self._buffer[name].append(value)
        if len(self._buffer["architecture"]) >= GROUP_ROWS:
            self._flush()

    def extend(self, architecture: Architecture | str, **values: Sequence[float | None]) -> None:
        """Adds rows of one architecture, given as columns of equal length."""
        for row in zip(*values.values(), strict=True):
            self.add(architecture, **dict(zip(values, row, strict=True)))

    def __enter__(self) -> "TableWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
            self._file.close()
            if kind is None:
                self._place()
        except OSError as problem:
            raise DataError(f"{self.path}: cannot be written ({problem.strerror}); nothing was written") from problem
        finally:
            self._scratch.unlink(missing_ok=True)

    def _place(self) -> None:
        try:
            open_table(self._scratch)
        except DataError as error:
            raise DataError(str(error).replace(str(self._scratch), str(self.path))) from error
        with self._scratch.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(self._scratch, self.path)

    def _text(self, architecture: Architecture | str) -> str:
        if isinstance(architecture, str):
            return architecture
        if architecture not in self._texts:
            if len(self._texts) > GROUP_ROWS:
                self._texts.clear()
            self._texts[architecture] = self.header.space.format(architecture)
        return self._texts[architecture]

    def _flush(self) -> None:
        import pyarrow as pa

        try:
            self._file.write_table(pa.table(self._buffer, schema=self._schema))
        except pa.ArrowException as error:
            raise DataError(f"{self.path}: a value is of the wrong kind ({str(error).splitlines()[0]})") from error
        except OSError as error:
            raise DataError(f"{self.path}: cannot be written ({error.strerror})") from error
        for column in self._buffer.values():
            column.clear()


def _type(column: str) -> str:
    return "string" if column == "architecture" else "int32" if column in ("fidelity", "seed") else "float64"
