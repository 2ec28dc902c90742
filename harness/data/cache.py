"""Columns on disk, memory-mapped: built once, checked at every opening, shared by all workers.

An entry is a folder of ``.npy`` files with a ``meta.json`` that lists their sizes and SHA-256 and has a SHA-256 of its
own. It is built under another name and renamed into place, so that readers see a whole entry or none, however many
processes build at once.

Every byte is compared when a machine opens an entry first, and whenever a file has changed since (size, time or inode);
in between, of a large column only its two ends: opening it must stay a matter of milliseconds.
"""

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.files import parse_json

__all__ = ["Columns", "cache_folder", "downloads_folder", "open_columns", "open_entry", "remember"]

Columns = Mapping[str, npt.NDArray[np.float64]]

LAYOUT = 1
"""Raised whenever the arrays of an entry change meaning, so that old entries are built again."""

CHECKED_BYTES = 1 << 20
"""So many bytes at each end of a column are compared at every opening: all of a column up to twice as long."""


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
        meta = parse_json((folder / "meta.json").read_text())
        files: dict[str, list[Any]] = meta["files"]
        if not files or meta["sha256"] != _digest_of(files):
            return None
        note = folder / f".checked-{_machine()}.json"
        stamps = {name: _stamp(folder / f"{name}.npy") for name in files}
        unchanged = _noted(note) == stamps
        for name, (size, ends, digest) in files.items():
            path = folder / f"{name}.npy"
            if stamps[name][0] != size or _ends(path) != ends:
                return None
            if not unchanged and _sha256(path) != digest:
                return None
        if not unchanged:
            remember(note, stamps)
        return {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in files}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _machine() -> str:
    return os.uname().nodename[:64].replace("/", "-")


def _stamp(path: Path) -> list[int]:
    """Tells whether a file is the one that was compared."""
    state = path.stat()
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]


def _noted(note: Path) -> object:
    try:
        return parse_json(note.read_bytes())
    except (OSError, ValueError):
        return None


def remember(note: Path, content: object) -> None:
    """Writes a note whole; a cache that cannot be written is an error only where something must be stored."""
    scratch = note.with_name(f".{note.name.lstrip('.')}.{os.getpid()}")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(json.dumps(content))
        scratch.replace(note)
    except OSError:
        with suppress(OSError):
            scratch.unlink()


def _write(folder: Path, fill: Callable[[Path], None]) -> None:
    import shutil  # these two here, since most processes find the entry built
    import tempfile

    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fill(scratch)
        files = {p.stem: [p.stat().st_size, _ends(p), _sha256(p)] for p in sorted(scratch.glob("*.npy"))}
        (scratch / "meta.json").write_text(json.dumps({"files": files, "sha256": _digest_of(files)}))
        if folder.exists() and _read(folder) is None:  # damaged: move it aside, then take its place
            with suppress(FileNotFoundError):  # another process moved it
                os.replace(folder, folder.with_name(f".damaged-{scratch.name}"))
        try:
            os.replace(scratch, folder)
        except OSError:
            if _read(folder) is None:  # not because another process was faster
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        for damaged in folder.parent.glob(".damaged-*"):
            shutil.rmtree(damaged, ignore_errors=True)


def _ends(path: Path) -> int:
    """The CRC-32 of both ends of a file, or of all of a short one."""
    checksum = 0
    size = path.stat().st_size
    with path.open("rb") as file:
        if size >= 2 * CHECKED_BYTES:
            checksum = zlib.crc32(file.read(CHECKED_BYTES))
            file.seek(-CHECKED_BYTES, os.SEEK_END)
        while block := file.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of(files: object) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
