"""Tasks that look their answers up."""

from abc import abstractmethod
from functools import cached_property

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Evaluation, Task
from equipoise.harness.data.cache import Columns, open_columns

__all__ = ["TableTask", "pack_seeds"]


class TableTask(Task):
    """Base of the tabular benchmarks: one row an architecture, in the order of ``space.enumerate()``.

    A subclass says where its columns come from (`columns`). They are read once, kept as memory-mapped arrays, and
    shared by all workers:

    - ``validation``: F x M x S errors (fidelities, architectures, stored seeds; missing seeds are NaN at the end);
    - ``seconds``: F x M training time, NaN where unknown;
    - ``test``: M test errors at full fidelity, absent where the source has no separate test split.
    """

    is_lookup = True

    @property
    @abstractmethod
    def data_digest(self) -> str:
        """SHA-256 of the source file."""

    @abstractmethod
    def columns(self) -> Columns:
        """Reads the source; called once, when the cache has no entry."""

    @cached_property
    def _columns(self) -> Columns:
        def build() -> Columns:
            columns = dict(self.columns())
            columns["mean"] = np.nanmean(columns["validation"], axis=2)
            return columns

        return open_columns(self.name, self.data_digest, build)

    @cached_property
    def _mean(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._columns["mean"])  # a plain view: scalar access on a memmap is three times slower

    @cached_property
    def _seconds(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._columns["seconds"])

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Looks one architecture up: the mean over its stored seeds, or one of them drawn."""
        row = self.space.index(architecture)
        level = -1 if fidelity is None else self.fidelities.index(fidelity)
        if self.noise == "mean":
            error = self._mean.item(level, row)
        else:
            stored = self._columns["validation"][level, row]
            error = float(stored[rng.integers(np.count_nonzero(~np.isnan(stored)))])
        return Evaluation(error, self._seconds.item(level, row))

    def expected(self, architecture: Architecture) -> float:
        """The mean over the stored seeds at full fidelity."""
        return float(self._mean.item(-1, self.space.index(architecture)))

    def reveal(self, architecture: Architecture) -> float | None:
        """The stored test error, if the source has a test split."""
        test = self._columns.get("test")
        return None if test is None else float(test[self.space.index(architecture)])

    @property
    def mean_cost_seconds(self) -> float | None:
        """The mean over the stored trainings at full fidelity."""
        return float(np.nanmean(self._seconds[-1])) if self.has_cost else None

    def landscape(self) -> npt.NDArray[np.float64]:
        """The mean error of every architecture at full fidelity."""
        return np.asarray(self._mean[-1])

    def test_landscape(self) -> npt.NDArray[np.float64] | None:
        """The test error of every architecture, if the source has a test split."""
        test = self._columns.get("test")
        return None if test is None else np.asarray(test, dtype=np.float64)


def pack_seeds(values: list[list[float]]) -> npt.NDArray[np.float64]:
    """Makes an M x S array of lists of unequal length, filled up with NaN at the end."""
    packed = np.full((len(values), max(map(len, values))), np.nan)
    for row, seeds in zip(packed, values, strict=True):
        row[: len(seeds)] = seeds
    return packed
