"""Who writes to a results folder: one command alone, or several shards of one suite at once."""

import fcntl
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from equipoise.harness.core.errors import StoreError

__all__ = ["alone", "as_shard", "in_turn"]

LOG = logging.getLogger("equipoise")

_SHARD = re.compile(r"\.lock-(\d+)-of-(\d+)")


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """Keeps every other command that writes away from a results folder.

    Yields:
        The lock file, whose content is the command's own.

    Raises:
        StoreError: Another one is writing there, or the folder cannot be written.
    """
    with _opened(folder, ".lock") as lock:
        _take(lock, fcntl.LOCK_EX, folder, "another run is writing there; wait for it, or choose another --out")
        yield Path(lock.name)


@contextmanager
def as_shard(folder: Path, number: int, of: int) -> Iterator[Path]:
    """Lets the shards of one division write to a results folder at once, each of them once.

    Yields:
        The lock file of this shard, whose content is the shard's own.

    Raises:
        StoreError: This shard, a shard of another division, or a run of the whole suite is writing there.
    """
    with _opened(folder, ".lock") as lock, _opened(folder, f".lock-{number}-of-{of}") as own:
        _take(lock, fcntl.LOCK_SH, folder, "a run of the whole suite is writing there; wait for it")
        _take(own, fcntl.LOCK_EX, folder, f"shard {number}/{of} is running there already")
        for other in folder.glob(".lock-*-of-*"):
            match = _SHARD.fullmatch(other.name)
            if match and int(match[2]) != of and _held(other):
                raise StoreError(
                    f"{folder}: shard {match[1]}/{match[2]} is running there, and runs of it would run twice; wait for "
                    f"it, or divide by {match[2]} too"
                )
        yield Path(own.name)


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Waits until no other shard changes the manifest or the list of failures, and keeps them away for a moment."""
    with _opened(folder, ".lock-manifest") as lock:
        with suppress(OSError):  # a file system without locks: said by `alone` and `as_shard`
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(folder: Path, name: str) -> Iterator[IO[str]]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / name).open("a+")  # to read too: NFS asks for it where a lock is shared
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror}); choose another --out") from error
    with lock:
        yield lock


def _take(lock: IO[str], kind: int, folder: Path, busy: str) -> None:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StoreError(f"{folder}: {busy}") from error
    except OSError as error:  # a file system without locks
        LOG.warning("%s cannot be locked (%s): start no second run there", folder, error.strerror)


def _held(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return False
