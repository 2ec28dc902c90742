"""The task that looks its answers up in arrays, and what makes its arrays."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._network_sizes import NetworkSizes, SizeReaders
from equipoise.harness.core.errors import DataError, SuiteError
from equipoise.harness.core.scores import FREE, SCORE, Score, ScoreValues
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Evaluation, Noise, Task, TaskInfo
from equipoise.harness.core.training_seeds import common_seeds, floors, hold_out, levels_with
from equipoise.harness.data.cache import Columns, open_columns

if TYPE_CHECKING:
    from equipoise.harness.data.sources import Source

__all__ = ["TableTask", "cached_columns", "fetched_columns", "fetched_table", "pack_seeds"]

MOST_MEANS = 1 << 16
"""Most remembered answers of a task, about 20 MB; all are forgotten beyond."""

_Means = defaultdict[int | None, dict[Architecture, Evaluation]]
"""Answers by fidelity and architecture, kept for all runs of a worker; none where they are drawn."""


class TableTask(Task):
    """Answers from a table: one row per architecture, in the order of ``space.enumerate()``.

    The columns are memory-mapped arrays that all workers share:

    - ``validation``: F x M x S errors (fidelities, architectures, stored seeds; missing seeds are NaN at the end);
    - ``mean``: F x M, the mean of ``validation`` over the seeds; `cached_columns` adds it;
    - ``seconds``: F x M training time, NaN where unknown;
    - ``held_out``: M errors of the held-out seed, in a view that `split` makes;
    - ``test``: M test errors at full fidelity, absent where the source has no separate test split.

    Args:
        info: The data sheet.
        space: The space, or a function that reads it out of the data.
        columns: Reads the columns, at the first question that needs them. All three functions must pickle: take
            functions of a module, methods of a benchmark, and `functools.partial` of them.
        noise: See `Task`.
        skip: Tells why the data cannot be read here; by default it always can.
        path: The table file in the open format, if there is one.
        sizes: What gives the sizes of the networks, where they are known; the functions must pickle too.
        objectives: What gives the values of the further objectives that `info` names, likewise.
        scores: What gives the training-free scores that `info` names beside the sizes, which are added; likewise.
    """

    def __init__(
        self,
        info: TaskInfo,
        space: SearchSpace | Callable[[], SearchSpace],
        columns: Callable[[], Columns],
        noise: Noise = "mean",
        skip: Callable[[], str | None] | None = None,
        path: Path | None = None,
        sizes: SizeReaders = MappingProxyType({}),
        objectives: SizeReaders = MappingProxyType({}),
        scores: SizeReaders = MappingProxyType({}),
    ) -> None:
        self.path, self._sizes, self._objectives, self._scores = path, dict(sizes), dict(objectives), dict(scores)
        free = tuple(score for score in FREE if score.name in sizes)
        self._info = info.deferring(
            seeds=self._seeds, noise_floor=self._noise_floor, scores=partial(_scores, free, info)
        )
        self._space, self._read, self._skip = space, columns, skip
        self._means: _Means = defaultdict(dict)
        super().__init__(noise)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves arrays behind."""
        return {
            name: value for name, value in vars(self).items() if name not in ("_columns", "_mean", "_means", "_seconds")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begins with nothing remembered."""
        vars(self).update(state, _means=defaultdict(dict))

    @property
    def info(self) -> TaskInfo:
        """The data sheet."""
        return self._info

    @cached_property
    def space(self) -> SearchSpace:
        """The space, read from the data where it is told there alone."""
        return self._space if isinstance(self._space, SearchSpace) else self._space()

    def resource(self, name: str) -> Any | None:
        """``parameters`` and ``flops`` of the networks, where they are known: a `NetworkSizes`."""
        return NetworkSizes(self.space, self._sizes[name]()) if name in self._sizes else super().resource(name)

    def score_values(self, name: str) -> ScoreValues | None:
        """The sizes, and the scores of the table."""
        return NetworkSizes(self.space, self._scores[name]()) if name in self._scores else super().score_values(name)

    def missing(self, name: str) -> str:
        """The reason why a resource is not at hand: of a score, how to get its file."""
        if (score := name.removeprefix(SCORE)) != name and score in self._scores:
            try:
                self._scores[score]()
            except DataError as error:
                return str(error)
        return super().missing(name)

    def skip(self) -> str | None:
        """The reason why the data cannot be read here."""
        return None if self._skip is None else self._skip()

    @cached_property
    def _columns(self) -> Columns:
        if (reason := self.skip()) is not None:
            raise DataError(reason)
        return self._read()

    @cached_property
    def _mean(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._columns["mean"])  # a plain view: scalar access on a memmap is three times slower

    @cached_property
    def _seconds(self) -> npt.NDArray[np.float64]:
        return np.asarray(self._columns["seconds"])

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Looks one architecture up: the mean over its stored seeds, or one of them drawn."""
        means = self._means[fidelity]
        try:
            return means[architecture]
        except KeyError:
            pass
        row = self.space.index(architecture)
        level = -1 if fidelity is None else self._info.fidelities.index(fidelity)
        if self.noise == "mean":
            if len(means) >= MOST_MEANS:
                means.clear()
            found = Evaluation(self._mean.item(level, row), self._seconds.item(level, row))
            means[architecture] = found
            return found
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

    def split(self, held_out: int) -> Self:
        """A view that holds one seed out at every fidelity; fidelities with fewer seeds are not offered in it.

        Raises:
            SuiteError: The architectures have no second seed in common, or no such seed.
        """
        seeds = self._info.seeds
        if seeds < 2:
            raise SuiteError(self.cannot_split())
        if not 0 <= held_out < seeds:
            raise SuiteError(f"{self.name}: seed {held_out} cannot be held out; accepted: 0 to {seeds - 1}")
        view = copy(self)
        levels = levels_with(self._columns["validation"], seeds)
        view._read = partial(_split, self._read, levels, held_out)
        fidelities = tuple(self._info.fidelities[level] for level in levels) if self._info.fidelities else ()
        view._info = replace(self._info, fidelities=fidelities, seeds=1)
        return view

    def held_out(self, architecture: Architecture) -> float | None:
        """The stored error of the held-out seed."""
        errors = self._columns.get("held_out")
        return None if errors is None else float(errors[self.space.index(architecture)])

    def held_out_optimum(self) -> float | None:
        """The least stored error of the held-out seed."""
        errors = self._columns.get("held_out")
        return None if errors is None else float(errors.min())

    def noise_floors(self) -> dict[str, float]:
        """Those of the stored seeds and of the test split."""
        return {} if self.skip() is not None else floors(self._columns)

    def _noise_floor(self) -> float | None:
        return next(iter(self.noise_floors().values()), None)

    def _seeds(self) -> int:
        return 1 if self.skip() is not None else common_seeds(self._columns["validation"])

    @property
    def mean_cost_seconds(self) -> float | None:
        """The mean over the stored trainings at full fidelity."""
        return float(np.nanmean(self._seconds[-1])) if self._info.has_cost else None

    def landscape(self) -> npt.NDArray[np.float64]:
        """The mean error of every architecture at full fidelity."""
        return np.asarray(self._mean[-1])

    def seed_landscape(self) -> npt.NDArray[np.float64] | None:
        """The stored errors of every seed at full fidelity, if there are several."""
        stored = np.asarray(self._columns["validation"][-1])
        return stored if stored.shape[1] > 1 else None

    def objective_values(self, name: str) -> npt.NDArray[np.float64] | None:
        """The stored values of a further objective.

        Raises:
            DataError: Their file is missing or damaged.
        """
        return np.asarray(self._objectives[name]()) if name in self._objectives else None

    def test_landscape(self) -> npt.NDArray[np.float64] | None:
        """The test error of every architecture, if the source has a test split."""
        test = self._columns.get("test")
        return None if test is None else np.asarray(test, dtype=np.float64)


def _scores(free: tuple[Score, ...], info: TaskInfo) -> tuple[Score, ...]:
    return (*free, *info.scores)


def _split(read: Callable[[], Columns], levels: Sequence[int], held_out: int) -> Columns:
    """The columns of a view with a seed held out."""
    columns = dict(read())
    searched, judged = hold_out(columns["validation"][levels], held_out)
    return {
        **columns,
        "validation": searched,
        "mean": np.nanmean(searched, axis=2),
        "seconds": columns["seconds"][levels],
        "held_out": judged,
    }


def cached_columns(name: str, digest: str, read: Callable[[], Columns]) -> Columns:
    """The columns of a table, memory-mapped; read and averaged over the seeds where the cache has no entry.

    Args:
        name: Of the task.
        digest: Of the source; another one makes another entry.
        read: Reads the source.
    """

    def build() -> Columns:
        columns = dict(read())
        columns["mean"] = np.nanmean(columns["validation"], axis=2)
        return columns

    return open_columns(name, digest, build)


def fetched_columns(name: str, file: "Source", read: Callable[[Path], Columns]) -> Columns:
    """The columns that `read` makes of a fetched file, after its digest was compared; cached.

    Raises:
        DataError: The file is missing or damaged.
    """
    return cached_columns(name, file.sha256, lambda: read(file.checked()))


def fetched_table(
    info: TaskInfo,
    space: SearchSpace,
    file: "Source",
    read: Callable[[Path], Columns],
    noise: Noise,
    objectives: SizeReaders = MappingProxyType({}),
    sizes: SizeReaders = MappingProxyType({}),
    scores: SizeReaders = MappingProxyType({}),
) -> TableTask:
    """The task that is made of a file that `equipoise data fetch` brings."""
    columns = partial(fetched_columns, info.name, file, read)
    return TableTask(info, space, columns, noise, file.missing, sizes=sizes, objectives=objectives, scores=scores)


def pack_seeds(values: list[list[float]]) -> npt.NDArray[np.float64]:
    """Makes an M x S array of lists of unequal length, filled up with NaN at the end."""
    packed = np.full((len(values), max(map(len, values))), np.nan)
    for row, seeds in zip(packed, values, strict=True):
        row[: len(seeds)] = seeds
    return packed
