"""The file of one task of an imported archive: two joined ensembles, for accuracy and runtime."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, EquipoiseError
from equipoise.harness.core.files import parse_json, write_whole
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.npz_arrays import load_npz
from equipoise.harness.data.official.nasbench301 import Ensemble
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.surrogate.nasbench301.forest import Forest, forest
from equipoise.harness.surrogate.nasbench301.vector import vectors

__all__ = ["Pair", "Prediction", "digest_at", "join"]

FORMAT = "equipoise-nasbench301/1"
ROLES = ("performance", "runtime")


class Prediction(NamedTuple):
    """The predictions for n genotypes.

    Attributes:
        accuracies: Accuracies by each member, in percent, members x n.
        seconds: Seconds of training, n means over the members.
    """

    accuracies: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """The ensemble that predicts accuracy and the one that predicts seconds."""

    performance: Forest
    runtime: Forest

    def predict(self, architectures: Sequence[Architecture]) -> Prediction:
        """Predicts accuracy and seconds of all genotypes at once."""
        told = vectors(architectures)
        return Prediction(self.performance.predict(told), self.runtime.predict(told).mean(axis=0))

    def save(self, path: Path, pickles: Sequence[bytes]) -> None:
        """Writes the file atomically.

        Args:
            path: The file.
            pickles: The members as they were in the archive, for the digest of the source.

        Raises:
            DataError: It cannot be written.
        """
        blobs = {role: getattr(self, role).blob for role in ROLES}
        header = {
            "format": FORMAT,
            "digest": _digest(pickles),
            "libraries": {role: getattr(self, role).library for role in ROLES},
            "content": _digest(list(blobs.values())),
        }
        sink = io.BytesIO()
        arrays = {role: np.frombuffer(blob, dtype=np.uint8) for role, blob in blobs.items()}
        np.savez(sink, allow_pickle=False, header=np.frombuffer(json.dumps(header).encode(), dtype=np.uint8), **arrays)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, sink.getvalue())
        except (OSError, EquipoiseError) as error:
            raise DataError(f"{path}: cannot be written ({getattr(error, 'strerror', None) or error})") from error

    @classmethod
    def load(cls, path: Path) -> "Pair":
        """Reads a file and compares its digest.

        Raises:
            DataError: It is missing, damaged or no file of ensembles.
            PluginError: A library is not installed.
        """
        header, found = _read(path, ROLES)
        blobs = [found[role].tobytes() for role in ROLES]
        if header.get("content") != _digest(blobs):
            raise DataError(f"{path}: its digest does not agree with its content; {_AGAIN}")
        try:
            return cls(*(forest(header["libraries"][role])(blob) for role, blob in zip(ROLES, blobs, strict=True)))
        except ValueError as error:
            raise DataError(f"{path}: {error}; {_AGAIN}") from error


_AGAIN = "import the archive again: equipoise data import"


def digest_at(path: Path) -> str:
    """SHA-256 over the members in the archive that a file was made from.

    Raises:
        DataError: The file is missing, damaged or no file of ensembles.
    """
    return str(_read(path, ())[0]["digest"])


def join(ensemble: Ensemble, shown: str) -> Forest:
    """Joins an ensemble into one model, and checks that it repeats each member's predictions bit for bit.

    Args:
        ensemble: As the archive holds it.
        shown: Name of the archive in error messages.

    Raises:
        DataError: The members are no models of NAS-Bench-301, or cannot be joined.
        PluginError: The library is not installed.
    """
    kind = forest(ensemble.library)
    try:
        joined = kind.joined(ensemble.states)
        probe = vectors(Darts().sample(np.random.default_rng(0), 64))
        together = joined.predict(probe)
        for state, found in zip(ensemble.states, together, strict=True):
            if not np.array_equal(kind.joined([state]).predict(probe)[0], found) or not np.isfinite(found).all():
                raise ValueError("a member predicts other values when joined")
    except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
        raise DataError(f"{shown}: {ensemble.name}: {error}") from error
    return joined


def _read(path: Path, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.uint8]]]:
    try:
        arrays = load_npz(path, ("header", *names))
        header = parse_json(bytes(arrays["header"]))
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            raise ValueError(f"expected format {FORMAT}")
        return header, {name: arrays[name] for name in names}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: no ensembles can be read ({getattr(error, 'strerror', None) or error}); {_AGAIN}"
        ) from error


def _digest(parts: Sequence[bytes]) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little") + part)
    return found.hexdigest()
