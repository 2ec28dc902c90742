"""Opens a table: at once if it is in the cache, else after all of it was read and checked."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.files import parse_json
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.cache import Columns, cache_folder, open_entry, remember
from equipoise.harness.data.sources import digest_of
from equipoise.harness.tables.assemble import assemble
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.rows import files_of, read_header

__all__ = ["Table", "open_table", "peek", "tables_folder"]


@dataclass(frozen=True)
class Table:
    """An opened table.

    Attributes:
        header: What it says of itself.
        digest: SHA-256 of the file.
        columns: Memory-mapped arrays; `equipoise.harness.tables.assemble.assemble` lists them.
    """

    header: TableHeader
    digest: str
    columns: Columns

    @cached_property
    def architectures(self) -> list[Architecture]:
        """The architectures of the rows, in their order."""
        if "architectures" in self.columns:
            return list(map(tuple, self.columns["architectures"].astype(int).tolist()))
        return list(self.header.space.enumerate())

    @property
    def validation(self) -> npt.NDArray[np.float64]:
        """F x M x S errors; missing seeds are NaN at the end."""
        return self.columns["validation"]


def tables_folder() -> Path:
    """Where importers place tables: the folder ``tables`` of the cache."""
    return cache_folder() / "tables"


def open_table(path: Path) -> Table:
    """Opens a table.

    Raises:
        DataError: The file is missing, damaged, or not what its header says; one line says which row or key.
    """
    header, digest = peek(path)
    return Table(header, digest, _columns(path, header, digest))


def peek(path: Path) -> tuple[TableHeader, str]:
    """The header of a table and the SHA-256 of its file, remembered for as long as the file stays as it is.

    Raises:
        DataError: The file is missing, or has no valid header.
    """
    files = files_of(path)
    try:
        state = [[str(file.resolve()), (s := file.stat()).st_size, s.st_mtime_ns] for file in files]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    memo = cache_folder() / "seen" / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]}.json"
    try:
        known = parse_json(memo.read_text())
        if known["state"] == state:
            return TableHeader.from_json(known["header"]), str(known["digest"])
    except (OSError, ValueError, KeyError, TypeError, DataError):
        pass
    header = read_header(path)
    digest = digest_of(path)
    if len(files) > 1:
        digest = hashlib.sha256("".join(map(digest_of, files)).encode()).hexdigest()
    remember(memo, {"state": state, "header": header.to_json(), "digest": digest})
    return header, digest


def _columns(path: Path, header: TableHeader, digest: str) -> Columns:
    return open_entry(header.name, digest, lambda folder: assemble(path, header, folder))
