"""Columns on disk, memory-mapped: built once, checked at every opening, shared by all workers.

An entry is a folder of ``.npy`` files with a ``meta.json`` that lists their sizes and checksums. It is built under
another name and renamed into place, so that readers see a whole entry or none, however many processes build at once.
"""

import json
import os
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError

__all__ = ["Columns", "cache_folder", "downloads_folder", "open_columns", "open_entry"]

Columns = Mapping[str, npt.NDArray[np.float64]]

LAYOUT = 1
"""Raised whenever the arrays of an entry change meaning, so that old entries are built anew."""

CHECKED_BYTES = 1 << 20
"""Of a column twice as long or longer, the checksum covers so many bytes at its start and at its end: opening a large
table must stay a matter of milliseconds."""


def cache_folder() -> Path:
    """Where entries live: ``EQUIPOISE_CACHE``, or the user's cache folder."""
    if chosen := os.environ.get("EQUIPOISE_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("equipoise")


def downloads_folder() -> Path:
    """Where fetched files lie; it is there only once something was fetched."""
    return cache_folder() / "downloads"


def open_columns(name: str, digest: str, build: Callable[[], Columns]) -> Columns:
    """Opens the columns of an entry, building it if it is missing or damaged.

    Args:
        name: Readable name of the entry.
        digest: SHA-256 of the source: another source is another entry.
        build: Makes the columns from the source.

    Returns:
        Read-only memory maps by column name.

    Raises:
        DataError: The entry cannot be written, or is damaged again right after it was built.
    """

    def fill(folder: Path) -> None:
        for column, values in build().items():
            np.save(folder / f"{column}.npy", np.ascontiguousarray(values), allow_pickle=False)

    return open_entry(name, digest, fill)


def open_entry(name: str, digest: str, fill: Callable[[Path], None]) -> Columns:
    """Opens the columns of an entry, letting `fill` write them if it is missing or damaged.

    Args:
        name: Readable name of the entry.
        digest: SHA-256 of the source: another source is another entry.
        fill: Writes a ``.npy`` file a column into the folder it is given; it need not hold a column in memory.

    Returns:
        Read-only memory maps by column name.

    Raises:
        DataError: The entry cannot be written, or is damaged again right after it was built.
    """
    folder = cache_folder() / f"{name.replace('/', '-')}-{digest[:16]}-v{LAYOUT}"
    found = _read(folder)
    if found is not None:
        return found
    try:
        _write(folder, fill)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: the data cache cannot be filled ({error.strerror}); free some space, or set "
            "EQUIPOISE_CACHE to a folder that can be written"
        ) from error
    found = _read(folder)
    if found is None:
        raise DataError(
            f"{folder}: damaged right after it was written; check the disk, or set EQUIPOISE_CACHE elsewhere"
        )
    return found


def _read(folder: Path) -> Columns | None:
    try:
        meta = json.loads((folder / "meta.json").read_text())
        columns = {}
        for name, (size, checksum) in meta["files"].items():
            path = folder / f"{name}.npy"
            if path.stat().st_size != size or _checksum(path) != checksum:
                return None
            columns[name] = np.load(path, mmap_mode="r", allow_pickle=False)
        return columns
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(folder: Path, fill: Callable[[Path], None]) -> None:
    import shutil  # these two here, since most processes find the entry built
    import tempfile

    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fill(scratch)
        files = {path.stem: (path.stat().st_size, _checksum(path)) for path in sorted(scratch.glob("*.npy"))}
        (scratch / "meta.json").write_text(json.dumps({"files": files}))
        if folder.exists() and _read(folder) is None:  # damaged: move it aside, then take its place
            os.replace(folder, Path(tempfile.mkdtemp(prefix=".damaged-", dir=folder.parent)) / folder.name)
        try:
            os.replace(scratch, folder)
        except OSError:
            if _read(folder) is None:  # not because another process was faster
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        for damaged in folder.parent.glob(".damaged-*"):
            shutil.rmtree(damaged, ignore_errors=True)


def _checksum(path: Path) -> int:
    checksum = 0
    size = path.stat().st_size
    with path.open("rb") as file:
        if size >= 2 * CHECKED_BYTES:
            checksum = zlib.crc32(file.read(CHECKED_BYTES))
            file.seek(-CHECKED_BYTES, os.SEEK_END)
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum
