"""Tasks whose answers a surrogate predicts."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._counted_sizes import LISTED, MEASURES, CountedSizes, is_counted
from equipoise.harness.benchmarks._open_table import images_of, unknown_info
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.scores import FREE, Score
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import (
    Evaluation,
    Noise,
    SurrogateInfo,
    SurrogateScores,
    Task,
    TaskInfo,
)
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.harness.surrogate.surrogate import Surrogate, SurrogateHeader, read_header

__all__ = ["SurrogateTask", "surrogate_info"]


class SurrogateTask(Task):
    """Answers with the predictions of a fitted surrogate.

    ``mean`` answers with the centre of the prediction, ``single`` with a draw around it
    (`equipoise.harness.surrogate`). Where the space can be listed, all predictions are kept as memory-mapped columns,
    shared by all workers, and looked up.

    Args:
        info: The data sheet; `surrogate_info` reads one from the file.
        path: The file of the surrogate.
        noise: See `Task`.
        space: The space, where it is known without the file.
        skip: Tells why the file is not there and how to get it; must pickle.
    """

    def __init__(
        self,
        info: TaskInfo,
        path: Path,
        noise: Noise = "mean",
        space: SearchSpace | None = None,
        skip: Callable[[], str | None] | None = None,
    ) -> None:
        self.path, self._space, self._skip = path, space, skip
        self._info = info.deferring(scores=partial(_free_scores, path, space))
        super().__init__(noise)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the model and its predictions behind."""
        kept = ("_info", "path", "_space", "_skip", "noise")
        return {name: value for name, value in vars(self).items() if name in kept}

    @property
    def info(self) -> TaskInfo:
        """The data sheet."""
        return self._info

    @cached_property
    def space(self) -> SearchSpace:
        """The space of the table that the surrogate was fitted to."""
        return self._space or self.header.table.space

    @cached_property
    def header(self) -> SurrogateHeader:
        """The header of the file.

        Raises:
            DataError: It is missing, or no surrogate.
        """
        if not self.path.is_file():
            raise DataError(self.skip())
        return read_header(self.path)

    @cached_property
    def model(self) -> Surrogate:
        """The fitted surrogate, read when a prediction is first needed."""
        return Surrogate.load(self.path)

    def skip(self) -> str | None:
        """The reason why the file is missing."""
        if self.path.is_file():
            return None
        return self._skip() if self._skip is not None else f"needs {self.path}: no such file"

    def resource(self, name: str) -> Any | None:
        """``parameters`` and ``flops`` of the networks of the space, where they can be counted."""
        if name in MEASURES and is_counted(self.space):
            return CountedSizes(self.space, name)
        return super().resource(name)

    @cached_property
    def _listed(self) -> bool:
        return self.space.size <= LISTED

    @cached_property
    def _columns(self) -> Columns:
        return open_columns(f"{self.header.table.name}-surrogate", self.header.digest, self._predictions)

    def _predictions(self) -> Columns:
        """Centre, spread, error and seconds of every architecture at every level, each F x M."""
        architectures = list(self.space.enumerate())
        shape = len(self.header.levels), len(architectures)
        centre, spread, error, seconds = (np.empty(shape) for _ in range(4))
        for start in range(0, shape[1], 1 << 13):
            block = slice(start, start + (1 << 13))
            told = self.model.features.of(architectures[block])
            for level in range(shape[0]):
                centre[level, block], spread[level, block] = self.model.predict_features(told, level)
                error[level, block] = self._error(level, centre[level, block])
            seconds[:, block] = np.outer(self._shares, self.model.seconds(told))
        return {"centre": centre, "spread": spread, "error": error, "seconds": seconds}

    @cached_property
    def _errors(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._columns["error"])  # a plain view: scalar access on a memmap is three times slower

    @cached_property
    def _seconds(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._columns["seconds"])

    @property
    def _shares(self) -> tuple[float, ...]:
        return (1.0,) * len(self.header.levels) if self.header.cost is None else self.header.cost.shares

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Looks the prediction up, or makes it; under ``single`` noise, draws around it."""
        level = -1 if fidelity is None else self._info.fidelities.index(fidelity)
        if not self._listed:
            return self._predicted(architecture, level, rng)
        row = self.space.index(architecture)
        if self.noise == "mean":
            return Evaluation(self._errors.item(level, row), self._seconds.item(level, row))
        centre, spread = self._columns["centre"].item(level, row), self._columns["spread"].item(level, row)
        drawn = self._error(level, np.array([rng.normal(centre, spread)]))
        return Evaluation(drawn.item(), self._seconds.item(level, row))

    def _predicted(self, architecture: Architecture, level: int, rng: np.random.Generator) -> Evaluation:
        told = self.model.features.of([architecture])
        centre, spread = self.model.predict_features(told, level)
        transformed = centre if self.noise == "mean" else rng.normal(centre, spread)
        seconds = self._shares[level] * self.model.seconds(told).item()
        return Evaluation(self._error(level, transformed).item(), seconds)

    def _error(self, level: int, transformed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.minimum(self.header.levels[level].transform.inverse(transformed), self._info.penalty)

    def expected(self, architecture: Architecture) -> float:
        """The centre of the prediction at full training."""
        if self._listed:
            return float(self._errors.item(-1, self.space.index(architecture)))
        return float(self._error(-1, self.model.predict([architecture]).centre).item())

    def landscape(self) -> npt.NDArray[np.float64] | None:
        """The prediction for every architecture at full training, where the space can be listed."""
        return np.asarray(self._errors[-1]) if self._listed else None


def _free_scores(path: Path, space: SearchSpace | None) -> tuple[Score, ...]:
    known = space or (read_header(path).table.space if path.is_file() else None)
    return FREE if known is not None and is_counted(known) else ()


def surrogate_info(name: str, path: Path) -> TaskInfo:
    """The data sheet that the file of a surrogate tells; all but the name is empty while it is missing.

    Raises:
        DataError: The file is no surrogate.
    """
    if not path.is_file():
        return replace(unknown_info(name), surrogate=SurrogateInfo(None))
    header = read_header(path)
    table = header.table
    scores = tuple(SurrogateScores(fidelity=level.epochs, **level.scores._asdict()) for level in header.levels)
    said = "Values are predictions: the optimum is that of the model, which is not known to be that of the source."
    return TaskInfo(
        name=name,
        source=f"a surrogate fitted to {header.fitted:,} architectures of: {table.source}",
        licence=table.licence,
        metric=table.metric,
        data_digest=header.digest,
        citation=table.citation,
        validation_split=f"predictions of: {table.validation}",
        pitfalls=(said, *table.pitfalls),
        fidelities=tuple(level.epochs for level in header.levels if level.epochs is not None),
        penalty=table.penalty,
        has_cost=header.cost is not None,
        is_lookup=True,
        noises=("mean", "single"),
        surrogate=SurrogateInfo(header.model, scores),
        images=images_of(table.name),
    )
