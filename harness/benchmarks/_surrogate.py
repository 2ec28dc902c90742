"""Tasks whose answers a surrogate predicts."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Evaluation, Metric, Noise, Task
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.harness.surrogate.surrogate import Surrogate, SurrogateHeader, read_header

__all__ = ["SurrogateTask"]

LISTED = 1_000_000
"""A space of so many architectures is predicted once, as a whole; in a larger one each query is predicted."""


class SurrogateTask(Task):
    """Base of the surrogate tasks: a subclass says where the file lies.

    ``mean`` answers with the centre of the prediction, ``single`` with a draw around it
    (`equipoise.harness.surrogate`). Where
    the space can be listed, all predictions are kept as memory-mapped columns, shared by all workers, and looked up.
    """

    surrogate = True
    noises: tuple[Noise, ...] = ("mean", "single")  # type: ignore[misc]
    is_lookup = True

    @property
    @abstractmethod
    def path(self) -> Path:
        """The file of the surrogate."""

    @cached_property
    def header(self) -> SurrogateHeader:
        """What the file says of itself.

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
        """The file is missing."""
        return None if self.path.is_file() else f"needs {self.path}: no such file"

    @property
    def data_digest(self) -> str:
        """SHA-256 of the content of the file, as it says itself; compared whenever the model is read."""
        return self.header.digest

    @property
    def technique(self) -> str | None:  # type: ignore[override]
        """What predicts, as the file says."""
        return self.header.model

    @property
    def held_out(self) -> Sequence[Mapping[str, Any]]:  # type: ignore[override]
        """The scores in the file; none while it is missing."""
        if not self.path.is_file():
            return ()
        return [{"fidelity": level.epochs, **level.scores._asdict()} for level in self.header.levels]

    @property
    def validation_split(self) -> str:  # type: ignore[override]
        """What is predicted, in the words of the table; empty while the file is missing."""
        return f"predictions of: {self.header.table.validation}" if self.path.is_file() else ""

    @cached_property
    def space(self) -> SearchSpace:  # type: ignore[override]
        """The space of the table it was fitted to."""
        return self.header.table.space

    @cached_property
    def metric(self) -> Metric:  # type: ignore[override]
        """The metric of that table."""
        return self.header.table.metric

    @cached_property
    def fidelities(self) -> tuple[int, ...]:  # type: ignore[override]
        """The fidelities of that table."""
        return tuple(level.epochs for level in self.header.levels if level.epochs is not None)

    @cached_property
    def penalty(self) -> float:  # type: ignore[override]
        """The penalty of that table; no prediction is worse."""
        return self.header.table.penalty

    @cached_property
    def has_cost(self) -> bool:  # type: ignore[override]
        """Whether that table tells the time."""
        return self.header.cost is not None

    @cached_property
    def _listed(self) -> bool:
        return self.space.size <= LISTED

    @cached_property
    def _columns(self) -> Columns:
        return open_columns(f"{self.header.table.name}-surrogate", self.data_digest, self._predictions)

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
        level = -1 if fidelity is None else self.fidelities.index(fidelity)
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
        return np.minimum(self.header.levels[level].transform.inverse(transformed), self.penalty)

    def expected(self, architecture: Architecture) -> float:
        """The centre of the prediction at full training."""
        if self._listed:
            return float(self._errors.item(-1, self.space.index(architecture)))
        return float(self._error(-1, self.model.predict([architecture]).centre).item())

    def landscape(self) -> npt.NDArray[np.float64] | None:
        """The prediction for every architecture at full training, where the space can be listed."""
        return np.asarray(self._errors[-1]) if self._listed else None
