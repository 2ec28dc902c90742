"""Results that the report reads: methods, tasks and their runs, in arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.task import Metric
from equipoise.reports.fronts import SeveralObjectives
from equipoise.reports.random_search import ExactRandomSearch
from equipoise.reports.runs import Derived, Recount, Runs
from equipoise.reports.score_worth import ScoreWorth
from equipoise.reports.size_bands import GivenSize, SizeBands
from equipoise.reports.statistics.arrays import Array

__all__ = ["MethodInfo", "Results", "TaskResults"]

FAMILIES = ("nas", "hpo", "one-shot", "baseline")
"""The order in which families appear everywhere."""


@dataclass(frozen=True)
class MethodInfo:
    """One method of the suite, as the manifest describes it.

    Attributes:
        label: What the rows call it.
        name: The plugin.
        family: ``nas``, ``hpo``, ``one-shot`` or ``baseline``.
        source: Paper or library.
        origin: ``published``, ``library`` or ``this project``; empty where the manifest does not tell.
        tuned_on: Tasks that its defaults were tuned on: names, or patterns of them.
        knowledge: What it uses of a task; empty where the manifest does not tell.
        factors: Its level of each factor of a factorial suite.
        labels_used: Observed errors that went into it before any query, of other tasks or architectures.
        history: Those that the suite told it of other tasks, by the task that is searched.
        settings: All settings in force.
        changed: Those the suite set.
        deviations: Where the defaults depart from the source's.
    """

    label: str
    name: str
    family: str
    source: str
    settings: Mapping[str, Any]
    changed: Mapping[str, Any]
    deviations: tuple[str, ...]
    origin: str = ""
    tuned_on: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()
    factors: Mapping[str, str] = field(default_factory=dict)
    labels_used: int = 0
    history: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def tuned(self, task: str) -> bool:
        """Whether its defaults were tuned on a task."""
        return any(fnmatch(task, pattern) for pattern in self.tuned_on)


@dataclass(frozen=True)
class TaskResults:
    """One task.

    Attributes:
        name: ``benchmark/dataset``.
        space: Name of the search space: tasks of one space are one family.
        metric: How errors are shown.
        runs: The runs of each method that has any, by label.
        recounts: Regret under other units, by unit.
        seconds_grid: Simulated training times at which ``Runs.seconds_regret`` is given; empty where unknown.
        unique_grid: Numbers of distinct architectures at which ``Runs.unique_regret`` is given, up to that which every
            run saw; empty where they are no unit.
        reference: The error that regret is measured from.
        exact: Whether `reference` is the true optimum; if not, it is the best that any run found.
        baseline: The exact random-search baseline; None where the landscape is unknown.
        test_values: Test error of every architecture, in the order of the landscape; None without a test split.
        test_optimum: The least test error in the space; NaN if unknown.
        caveat: What the reader must know of how this task was read; empty if nothing.
        floors: Noise floors in the shown unit, by name (`equipoise.harness.core.task.Task.noise_floors`).
        own_title: The name that a table gives itself; empty if it is the same.
        derived: What each method asked for that trains shared weights between its proposals, by label.
        scores: The worth of each training-free score, by name; empty unless a method of the suite uses scores.
        bands: The networks by size; None where the task does not tell their sizes.
        sized: The incumbents of each method among the networks of their size, by label.
    """

    name: str
    space: str
    metric: Metric
    runs: Mapping[str, Runs]
    recounts: Mapping[str, Recount]
    seconds_grid: Array
    unique_grid: Array
    reference: float
    exact: bool
    baseline: ExactRandomSearch | None
    test_values: Array | None
    test_optimum: float
    caveat: str = ""
    derived: Mapping[str, Derived] = field(default_factory=dict)
    own_title: str = ""
    floors: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, ScoreWorth] = field(default_factory=dict)
    bands: SizeBands | None = None
    sized: Mapping[str, GivenSize] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name as it is shown: the one that a table gives itself instead of the address of its file."""
        return self.own_title or self.name

    @property
    def unit(self) -> str:
        """The unit of a regret, in words."""
        if self.metric.unit == "%":
            return f"{self.metric.name} points"
        return f"{self.metric.name} ({self.metric.unit})" if self.metric.unit else self.metric.name

    @property
    def has_test(self) -> bool:
        """Whether the source has a separate test split."""
        return any(np.isfinite(runs.test).any() for runs in self.runs.values())

    def random_regret(self, queries: npt.ArrayLike) -> Array | None:
        """Expected regret of random search without replacement, exactly; None where the landscape is unknown."""
        if self.baseline is None:
            return None
        return np.asarray(
            abs(self.metric.slope) * (self.baseline.mean(np.asarray(queries).astype(np.int64)) - self.reference)
        )

    def random_test_regret(self, queries: npt.ArrayLike) -> Array | None:
        """Expected test regret of what random search finds, exactly; None where it is unknown."""
        if self.baseline is None or self.test_values is None:
            return None
        means = self.baseline.mean_of(self.test_values, np.asarray(queries).astype(np.int64))
        return np.asarray(abs(self.metric.slope) * (means - self.test_optimum))


@dataclass(frozen=True)
class Results:
    """A whole store.

    Attributes:
        manifest: What stands beside the rows.
        methods: In the order of the report: by family, then as the suite lists them.
        tasks: As the suite lists them.
        unit: Unit of the budget: ``queries``, ``cost_seconds`` or ``epochs``.
        limit: The budget.
        grid: g amounts of budget, ascending, the last being `limit`.
        checkpoints: c indices into `grid`, the last being its end.
        failures: Runs that failed, as recorded.
        planned: Runs that the suite asks for, by (method, task).
        mixed: Methods whose runs are of several versions of their code, by label, and which.
        objectives: Fronts of the runs; None where the suite asks for the validation error alone.
        smaller: The same suite at its smaller budgets, ascending: runs of their own.
    """

    manifest: Mapping[str, Any]
    methods: tuple[MethodInfo, ...]
    tasks: tuple[TaskResults, ...]
    unit: str
    limit: float
    grid: Array
    checkpoints: tuple[int, ...]
    failures: tuple[Mapping[str, Any], ...]
    planned: Mapping[tuple[str, str], int] = field(default_factory=dict)
    mixed: Mapping[str, str] = field(default_factory=dict)
    smaller: tuple["Results", ...] = ()
    objectives: SeveralObjectives | None = None

    @cached_property
    def machines(self) -> tuple[Mapping[str, Any], ...]:
        """The distinct machines that made the runs of the suite; those of an archive's runs are not among them."""
        sessions = self.manifest.get("sessions", [self.manifest])
        found = [session.get("machine", {}) for session in sessions]
        return tuple(one for place, one in enumerate(found) if one and one not in found[:place])

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Labels of the methods."""
        return tuple(method.label for method in self.methods)

    @cached_property
    def families(self) -> dict[str, tuple[str, ...]]:
        """Labels of the methods of each family that has any, in order."""
        found = {family: tuple(m.label for m in self.methods if m.family == family) for family in FAMILIES}
        return {family: labels for family, labels in found.items() if labels}

    @cached_property
    def spaces(self) -> dict[str, tuple[int, ...]]:
        """Indices of the tasks of each search space."""
        names = dict.fromkeys(task.space for task in self.tasks)
        return {name: tuple(i for i, task in enumerate(self.tasks) if task.space == name) for name in names}

    @cached_property
    def repeats(self) -> int:
        """The largest repeat number stored."""
        return max((int(runs.numbers.max()) for task in self.tasks for runs in task.runs.values()), default=0)

    def regrets(self, point: int = -1) -> Array:
        """Regret at one point of the grid.

        Returns:
            methods x tasks x repeats array, NaN where a run is missing; repeats are aligned by number.
        """
        return self._aligned(lambda runs: runs.regret[:, point])

    def tests(self, checkpoint: int = -1) -> Array:
        """Test regret at one checkpoint: methods x tasks x repeats, NaN where a run or the split is missing."""
        return self._aligned(lambda runs: runs.test[:, checkpoint])

    def held_outs(self, checkpoint: int = -1) -> Array:
        """Regret under held-out seeds at one checkpoint: methods x tasks x repeats, NaN where nothing was held out."""
        return self._aligned(lambda runs: runs.held_out[:, checkpoint])

    def spent(self, what: str) -> Array:
        """One attribute of `Spent`: methods x tasks x repeats, NaN where a run is missing."""
        return self._aligned(lambda runs: getattr(runs.spent, what))

    def _aligned(self, values: Any) -> Array:
        cube = np.full((len(self.methods), len(self.tasks), self.repeats), np.nan)
        for row, label in enumerate(self.labels):
            for column, task in enumerate(self.tasks):
                if label in task.runs:
                    cube[row, column, task.runs[label].numbers - 1] = values(task.runs[label])
        return cube
