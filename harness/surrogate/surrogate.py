"""A fitted surrogate: its predictions, and its file."""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, EquipoiseError, reason_of
from equipoise.harness.core.files import parse_json, write_whole
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.npz_arrays import load_npz
from equipoise.harness.surrogate.features import GraphFeatures
from equipoise.harness.surrogate.surrogate_model import Arrays, SurrogateModel, load_surrogate_model
from equipoise.harness.surrogate.target_transform import TargetTransform
from equipoise.harness.tables.header import TableHeader

__all__ = ["FORMAT", "Cost", "Level", "Prediction", "Scores", "Surrogate", "SurrogateHeader", "read_header"]

FORMAT = "equipoise-surrogate/2"
OLD_FORMAT = "equipoise-surrogate/1"
"""Says ``technique`` for ``model`` and ``warp`` for ``transform``."""

_Floats = npt.NDArray[np.float64]


class Scores(NamedTuple):
    """The quality of the predictions of held-out architectures.

    Attributes:
        architectures: Their number.
        r2: Coefficient of determination, on the errors themselves.
        kendall_tau: Rank correlation (tau-b).
        spearman_rho: Rank correlation.
    """

    architectures: int
    r2: float
    kendall_tau: float
    spearman_rho: float

    def __str__(self) -> str:
        return (
            f"Kendall tau {self.kendall_tau:.3f}, Spearman rho {self.spearman_rho:.3f}, R2 {self.r2:.3f} on "
            f"{self.architectures:,} held-out architectures"
        )


@dataclass(frozen=True)
class Level:
    """One fidelity.

    Attributes:
        epochs: Epochs of training; None where the table states none.
        transform: The transform of the errors.
        factor: The factor of the spread of the members.
        scores: Scores on held-out architectures.
    """

    epochs: int | None
    transform: TargetTransform
    factor: float
    scores: Scores


@dataclass(frozen=True)
class Cost:
    """Training time.

    Attributes:
        transform: The transform of the logarithm of the seconds of full training.
        shares: The median share of these seconds that a training to each level takes.
        scores: Scores of the seconds, on held-out architectures.
    """

    transform: TargetTransform
    shares: tuple[float, ...]
    scores: Scores


@dataclass(frozen=True)
class SurrogateHeader:
    """The header of a surrogate; `equipoise.harness.surrogate` explains the fields."""

    model: str
    table: TableHeader
    table_digest: str
    fitted: int
    seed: int
    levels: tuple[Level, ...]
    cost: Cost | None
    labels: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    digest: str = ""

    def to_dict(self, folder: Path) -> dict[str, Any]:
        """JSON that `from_dict` reads back; the path of a space file is relative to the folder."""
        levels = [{**asdict(level), "scores": level.scores._asdict()} for level in self.levels]
        cost = None if self.cost is None else {**asdict(self.cost), "scores": self.cost.scores._asdict()}
        own = {name: getattr(self, name) for name in ("model", "table_digest", "fitted", "seed", "labels", "links")}
        return {
            "format": FORMAT,
            **own,
            "table": json.loads(self.table.to_json(folder)),
            "levels": levels,
            "cost": cost,
            "digest": self.digest,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], folder: Path) -> "SurrogateHeader":
        """Reads a header of a file in a folder.

        Raises:
            DataError: It is of another format, or incomplete.
        """
        if content.get("format") not in (FORMAT, OLD_FORMAT):
            raise DataError(f"surrogate header: expected format {FORMAT}, got {content.get('format')!r}")
        old = content["format"] == OLD_FORMAT
        model, transform = ("technique", "warp") if old else ("model", "transform")

        def level_of(one: Mapping[str, Any]) -> Level:
            scores = Scores(**one["scores"])
            return Level(one["epochs"], TargetTransform(**one[transform]), float(one["factor"]), scores)

        def cost_of(one: Mapping[str, Any]) -> Cost:
            return Cost(TargetTransform(**one[transform]), tuple(map(float, one["shares"])), Scores(**one["scores"]))

        try:
            cost = content["cost"]
            return cls(
                model=str(content[model]),
                table=TableHeader.from_json(json.dumps(content["table"]), folder),
                table_digest=str(content["table_digest"]),
                fitted=int(content["fitted"]),
                seed=int(content["seed"]),
                levels=tuple(map(level_of, content["levels"])),
                cost=None if cost is None else cost_of(cost),
                labels=tuple(map(str, content["labels"])),
                links=tuple((str(u), str(v)) for u, v in content["links"]),
                digest=str(content["digest"]),
            )
        except DataError:
            raise
        except Exception as error:  # whatever is in the place of what the format says
            raise DataError(
                f"surrogate header: something is missing or of the wrong kind ({reason_of(error)})"
            ) from error


class Prediction(NamedTuple):
    """The predictions for n architectures at one level, transformed.

    Attributes:
        centre: n means over the members.
        spread: n widths of the noise.
    """

    centre: _Floats
    spread: _Floats


@dataclass(frozen=True)
class Surrogate:
    """A fitted ensemble with its header."""

    header: SurrogateHeader
    ensemble: SurrogateModel

    @cached_property
    def features(self) -> GraphFeatures:
        """The features of an architecture that it predicts from."""
        return GraphFeatures(self.header.table.space, self.header.labels, self.header.links)

    def predict(self, architectures: Sequence[Architecture], level: int = -1) -> Prediction:
        """The errors of some architectures at a level, transformed."""
        return self.predict_features(self.features.of(architectures), level)

    def predict_features(self, features: npt.NDArray[np.float32], level: int) -> Prediction:
        """The same from their features."""
        number = range(len(self.header.levels))[level]
        members = self.ensemble.predict(features, number)
        spread = np.maximum(members.std(axis=0, ddof=1), 1e-6) * self.header.levels[number].factor
        return Prediction(members.mean(axis=0), spread)

    def seconds(self, features: npt.NDArray[np.float32]) -> _Floats:
        """Seconds of full training from features; NaN where the table has no costs."""
        if self.header.cost is None:
            return np.full(len(features), np.nan)
        transformed = self.ensemble.predict(features, len(self.header.levels)).mean(axis=0)
        return np.asarray(np.exp(self.header.cost.transform.inverse(transformed)))

    def save(self, path: Path) -> "Surrogate":
        """Writes the file whole, or not at all.

        Returns:
            This surrogate, with its digest.

        Raises:
            DataError: The file cannot be written.
        """
        arrays = self.ensemble.arrays()
        content = {**self.header.to_dict(path.parent), "digest": ""}
        content["digest"] = _digest(content, arrays)
        sink = io.BytesIO()
        told = np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)
        np.savez_compressed(sink, allow_pickle=False, header=told, **arrays)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, sink.getvalue())
        except (OSError, EquipoiseError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DataError(f"{path}: cannot be written ({reason})") from error
        return Surrogate(SurrogateHeader.from_dict(content, path.parent), self.ensemble)

    @classmethod
    def load(cls, path: Path) -> "Surrogate":
        """Reads a file and compares its digest.

        Raises:
            DataError: It is missing, damaged or no surrogate.
            PluginError: Its model is unknown, or its library is not installed.
        """
        content = _content(path)
        header = _header(path, content)
        try:
            arrays = load_npz(path)
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from error
        arrays.pop("header", None)
        if _digest({**content, "digest": ""}, arrays) != header.digest:
            raise DataError(f"{path}: its digest does not agree with its content; fit it again: equipoise surrogate")
        return cls(header, load_surrogate_model(header.model).from_arrays(arrays))


def read_header(path: Path) -> SurrogateHeader:
    """The header of a file, without its arrays.

    Raises:
        DataError: It is missing, damaged or no surrogate.
    """
    return _header(path, _content(path))


def _content(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(bytes(load_npz(path, ("header",))["header"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: its header is not a JSON object")
    return content


def _header(path: Path, content: Mapping[str, Any]) -> SurrogateHeader:
    try:
        return SurrogateHeader.from_dict(content, path.parent)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _unreadable(path: Path, error: Exception) -> DataError:
    if isinstance(error, FileNotFoundError):
        return DataError(f"{path}: no such file; equipoise surrogate TABLE --out {path.name} makes one")
    return DataError(f"{path}: cannot be read as a surrogate ({getattr(error, 'strerror', None) or error})")


def _digest(content: Mapping[str, Any], arrays: Arrays) -> str:
    found = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {array.dtype.str} {array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()
