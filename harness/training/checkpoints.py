"""Checkpoints of the networks in training, so that no epoch is trained twice.

A file is the SHA-256 of the rest, followed by the output of ``torch.save``, whose reader does not notice changed bytes.
"""

import fcntl
import hashlib
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from equipoise.harness.core.errors import DataError, StoreError, reason_of
from equipoise.harness.core.files import write_whole

__all__ = ["Checkpoint", "Curve", "code_digest"]

DIGEST_BYTES = 32

LOCKS = 256
"""Lock files a folder; two networks that share one are trained one after the other."""


@dataclass
class Curve:
    """The learning curve of a network so far, one replica.

    Attributes:
        train_loss: Loss of each epoch.
        validation_error: Error after each epoch.
        cost_seconds: Seconds of each epoch.
        test_error: Error after the last epoch of the schedule; None before.
        state: State from which a trainer continues; None at the start and after the last epoch.
    """

    train_loss: list[float] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)
    cost_seconds: list[float] = field(default_factory=list)
    test_error: float | None = None
    state: dict[str, Any] | None = None


class Checkpoint:
    """The file of one network.

    Args:
        folder: Of all networks that are trained in the same way by the same code.
        architecture: As its space writes it.
    """

    def __init__(self, folder: Path, architecture: str) -> None:
        name = hashlib.sha256(architecture.encode()).hexdigest()[:24]
        self._path = folder / f"{name}.pt"
        self._lock = folder / f".lock-{int(name[:8], 16) % LOCKS}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps other processes from training this network at the same time.

        Raises:
            DataError: The folder cannot be written.
        """
        try:
            self._lock.parent.mkdir(parents=True, exist_ok=True)
            lock = self._lock.open("w")
        except OSError as error:
            raise DataError(
                f"{self._lock.parent}: cannot be written ({error.strerror}); set EQUIPOISE_CACHE to a folder that can"
            ) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self) -> Curve:
        """The curve so far; an empty one if there is no file, or a damaged one, which is named on stderr."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return Curve()
        except OSError as error:
            return self._again(str(error.strerror))
        digest, saved = content[:DIGEST_BYTES], memoryview(content)[DIGEST_BYTES:]
        if hashlib.sha256(saved).digest() != digest:
            return self._again("its SHA-256 does not agree")
        try:
            return Curve(**torch.load(io.BytesIO(saved), map_location="cpu", weights_only=True))
        except Exception as error:  # written by something else
            return self._again(reason_of(error))

    def _again(self, reason: str) -> Curve:
        sys.stderr.write(f"equipoise: {self._path}: damaged checkpoint ({reason}); the network is trained again\n")
        return Curve()

    def write(self, curve: Curve) -> None:
        """Replaces the file, whole or not at all.

        Raises:
            DataError: It cannot be written.
        """
        content = io.BytesIO()
        torch.save(dict(vars(curve)), content)
        saved = content.getvalue()
        try:
            write_whole(self._path, hashlib.sha256(saved).digest() + saved)
        except StoreError as error:
            reason = getattr(error.__cause__, "strerror", error)
            raise DataError(
                f"{self._path}: cannot be written ({reason}); free some space, or set EQUIPOISE_CACHE to another folder"
            ) from error


@lru_cache(maxsize=1)
def code_digest() -> str:
    """SHA-256 of the modules of this folder: other code never goes on from a checkpoint."""
    state = hashlib.sha256(torch.__version__.encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        state.update(path.name.encode())
        state.update(path.read_bytes())
    return state.hexdigest()
