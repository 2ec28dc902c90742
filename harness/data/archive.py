"""Reads JSON out of zip archives in memory: nothing is unpacked to disk, names and sizes are checked first."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.files import parse_json

__all__ = ["DAMAGED_ZIP", "json_members", "read_json"]

DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,  # from bz2
    RuntimeError,  # for an encrypted member; its subclass NotImplementedError for an unknown compression
    ValueError,  # UnicodeDecodeError for a name
    struct.error,
)
"""Raised by zipfile for archives that are damaged, encrypted or of a kind that it cannot read."""

MOST_BYTES = 1 << 30
"""Of all members together, unpacked."""


def json_members(path: Path, pattern: str) -> Iterator[Any]:
    """Yields the parsed members whose names match, in the order of their names.

    Args:
        path: A zip archive.
        pattern: Regular expression that a whole member name must match.

    Raises:
        DataError: The archive cannot be read, is damaged or encrypted, names a path outside itself, or would unpack to
            more than 1 GiB; or no member matches.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check(path, archive.infolist())
            names = sorted(name for name in archive.namelist() if re.fullmatch(pattern, name))
            if not names:
                raise DataError(f"{path}: no member matches {pattern}; get the file again")
            for name in names:
                yield parse_json(archive.read(name))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); get the file again") from error
    except DAMAGED_ZIP as error:
        raise DataError(f"{path}: damaged archive ({error}); get the file again") from error


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        DataError: It cannot be read, or is not JSON.
    """
    try:
        return parse_json(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); get the file again") from error
    except ValueError as error:
        raise DataError(f"{path}: not JSON ({error}); get the file again") from error


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        place = PurePosixPath(member.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts:
            raise DataError(f"{path}: the member '{member.filename}' lies outside the archive; nothing was read")
    total = sum(member.file_size for member in members)
    if total > MOST_BYTES:
        raise DataError(f"{path}: would unpack to {total} bytes, more than the accepted {MOST_BYTES}")
