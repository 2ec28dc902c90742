"""Opens a table: from the cache, or after all of it was read and checked."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.sealed import sealed, unsealed
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.cache import Columns, cache_folder, open_entry, remember
from equipoise.harness.data.sources import digest_of
from equipoise.harness.tables.assemble import assemble
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.rows import files_of, read_header
from equipoise.harness.tables.space_json import space_file

__all__ = ["LoadedTable", "open_table", "peek", "tables_folder"]


@dataclass(frozen=True)
class LoadedTable:
    """An opened table.

    Attributes:
        header: Its header.
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


def open_table(path: Path) -> LoadedTable:
    """Opens a table.

    Raises:
        DataError: The file is missing, damaged, or contradicts its header; the message names the row or key.
    """
    header, digest = peek(path)
    return LoadedTable(header, digest, _columns(path, header, digest))


def peek(path: Path) -> tuple[TableHeader, str]:
    """The header of a table and the SHA-256 of its files, remembered for as long as these stay as they are.

    The file of a space of the user's is among them: another definition is another table.

    Raises:
        DataError: The file is missing, or has no valid header.
    """
    files = files_of(path)
    try:
        memo = cache_folder() / "seen" / f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]}.json"
        state = _state(files)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        known = unsealed(memo.read_bytes(), required=True)
        if known["state"] == [*state, *_state([Path(further) for further in known.get("further", [])])]:
            return TableHeader.from_json(known["header"]), str(known["digest"])
    except (OSError, ValueError, KeyError, TypeError, DataError):
        pass
    header = read_header(path)
    further = [file for file in (space_file(header.space),) if file is not None]
    digests = [digest_of(file) for file in (*files, *further)]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    note = {"state": [*state, *_state(further)], "further": list(map(str, further)), "header": header.to_json()}
    remember(memo, sealed({**note, "digest": digest}))
    return header, digest


def _state(files: Sequence[Path]) -> list[list[object]]:
    """The size and time of change of files."""
    return [[str(file.resolve()), (stat := file.stat()).st_size, stat.st_mtime_ns] for file in files]


def _columns(path: Path, header: TableHeader, digest: str) -> Columns:
    return open_entry(header.name, digest, lambda folder: assemble(path, header, folder))
