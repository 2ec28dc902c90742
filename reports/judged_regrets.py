"""Regrets of one kind in one unit, with the scales that they are judged on."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from equipoise.reports.results import Results, TaskResults
from equipoise.reports.statistics.arrays import Array, repeat_counts, task_means
from equipoise.reports.statistics.bootstrap import normalise

__all__ = ["JudgedRegrets", "Kind"]

POINTS = 0.1
"""Half width of the region of practical equivalence of accuracies, in points."""
SHARE = 0.05
"""The same of anything else, as a share of the regret that random search leaves."""
NONE_LEFT = 1e-9
"""A mean regret up to this much is none: rounding of a difference of floats."""


Kind = Literal["test", "held-out seeds", "validation"]
"""The data that incumbents are judged on."""

FLOORS: Mapping[Kind, tuple[str, ...]] = {
    "test": ("validation to test",),
    "held-out seeds": ("held-out seeds",),
    "validation": ("held-out seeds", "validation to test"),
}
"""The noise floor of each kind of regret; the first one that a task has."""


class JudgedRegrets:
    """The regrets of all runs at the full budget.

    Incumbents are chosen by validation and judged by validation, test or held-out-seed regret. Tasks without such a
    regret drop out.

    Regrets of different units cannot be averaged. If all tasks share a unit, `values` are regrets in it; if not, they
    are per cent of what random search leaves at the same budget, and tasks without that baseline drop out.

    Args:
        results: What the store holds.
        kind: What incumbents are judged on.
        one_unit: Whether `values` are regrets; None asks whether all tasks share a unit. Part of an analysis keeps the
            unit of the whole.
    """

    measure = "regret"
    """The quantity of which smaller is better, in words."""

    def __init__(self, results: Results, kind: Kind = "validation", one_unit: bool | None = None) -> None:
        self.results, self.kind = results, kind
        self._one_unit = one_unit
        self.families = [method.family for method in results.methods]
        self.clusters = [task.space for task in results.tasks]

    @cached_property
    def regrets(self) -> Array:
        """Methods x tasks x repeats, in the unit of each task."""
        if self.kind == "validation":
            return self.results.regrets()
        return self.results.tests() if self.kind == "test" else self.results.held_outs()

    @cached_property
    def errors(self) -> Array:
        """Methods x tasks x repeats: expected errors of the incumbents, not regrets."""
        slopes = np.array([abs(task.metric.slope) for task in self.results.tasks])
        references = np.array([task.reference for task in self.results.tasks])
        return np.asarray(self.regrets / slopes[:, None] + references[:, None])

    @cached_property
    def one_unit(self) -> bool:
        """Whether regrets of all tasks can be averaged as they are: points of per cent, or one metric on one scale."""
        if self._one_unit is not None:
            return self._one_unit
        metrics = [task.metric for task in self.results.tasks]
        return len({(m.unit, m.unit == "%" or m.name, abs(m.slope)) for m in metrics}) == 1

    @property
    def unit(self) -> str:
        """The unit of `values`, in words."""
        if not self.one_unit:
            return "% of random search's regret"
        names = {task.metric.name for task in self.results.tasks}
        first = self.results.tasks[0]
        return "points" if first.metric.unit == "%" and len(names) > 1 else first.unit

    @property
    def of_regret(self) -> str:
        """The unit of a difference of `values`, in words that fit behind a number."""
        return f"{self.unit} of regret" if self.one_unit else self.unit

    @cached_property
    def values(self) -> Array:
        """Methods x tasks x repeats, in one unit, smaller is better."""
        return self.regrets if self.one_unit else 100.0 * (1.0 - self.scores)

    @cached_property
    def means(self) -> Array:
        """Methods x tasks: mean over repeats of `values`."""
        return task_means(self.values)

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Methods x tasks: repeats stored."""
        return repeat_counts(self.regrets)

    @cached_property
    def active(self) -> npt.NDArray[np.int64]:
        """Indices of the methods that have any run."""
        return np.flatnonzero(self.counts.sum(axis=1) > 0)

    def extended(self, values: Array) -> Array:
        """Extends values of the active methods (first axis) to all methods, NaN for the others."""
        every = np.full((len(self.results.labels), *values.shape[1:]), np.nan)
        every[self.active] = values
        return every

    @property
    def exact_random(self) -> str:
        """Name of the row of the exact baseline: under noise it is not the baseline of the protocol."""
        return "random search, exact without noise" if self.noisy else "random search, exact"

    @property
    def noisy(self) -> bool:
        """Whether queries were answered with the noise of one training."""
        return bool(self.results.manifest["suite"]["protocol"].get("noise") == "single")

    @cached_property
    def random(self) -> Array:
        """tasks: exact expected regret of random search at the budget; NaN where it is unknown."""
        if self.results.unit != "queries":
            return np.full(len(self.results.tasks), np.nan)
        exact = [self._random_regret(task) for task in self.results.tasks]
        return np.array([np.nan if baseline is None else baseline[0] for baseline in exact])

    def _random_regret(self, task: TaskResults) -> Array | None:
        if self.kind == "validation":
            return task.random_regret([self.results.limit])
        return task.random_test_regret([self.results.limit]) if self.kind == "test" else None

    @cached_property
    def scores(self) -> Array:
        """Methods x tasks x repeats: 0 for random search at the budget, 1 for the optimum."""
        optimum = np.array([0.0 if task.exact else np.nan for task in self.results.tasks])
        return normalise(self.regrets, self.random, optimum)

    @cached_property
    def floors(self) -> Array:
        """tasks: the noise floor of this kind of regret, in the unit of `values`; NaN where the task tells none."""
        told = [[task.floors[name] for name in FLOORS[self.kind] if name in task.floors] for task in self.results.tasks]
        floors = np.array([found[0] if found else np.nan for found in told])
        return floors if self.one_unit else 100.0 * floors / self.random

    @cached_property
    def floor(self) -> float:
        """The mean noise floor over the tasks that have runs, spaces with equal weight; NaN if none tells one."""
        kept = np.flatnonzero(np.isfinite(self.floors) & (self.counts.sum(axis=0) > 0))
        return float(self.floors[kept] @ self.space_weights(kept)) if kept.size else np.nan

    @cached_property
    def ropes(self) -> tuple[float, float, float]:
        """Half widths of regions of practical equivalence in `unit`; the middle one is reported first.

        The noise floor (`floor`), to two digits. Without one: 0.1 points of per cent. In other units there is no
        custom: a twentieth of the regret that random search leaves (of the methods' mean regret where its baseline is
        unknown or leaves none), to one digit; 0 where no method leaves any.
        """
        if self.floor > 0:
            middle = float(f"{self.floor:.1e}")
        elif not self.one_unit:
            middle = 100 * SHARE
        elif self.results.tasks[0].metric.unit == "%":
            middle = POINTS
        else:
            known = [left[np.isfinite(left)] for left in (self.random, self.means)]
            means = [float(left.mean()) for left in known if left.size]
            left = next((mean for mean in means if mean > NONE_LEFT), 0.0)
            middle = float(f"{SHARE * left:.0e}") if means else POINTS
        return middle / 2, middle, 2 * middle

    @property
    def rope(self) -> float:
        """The region that is reported first."""
        return self.ropes[1]

    def rope_on(self, tasks: Sequence[int]) -> float:
        """The region for some tasks alone: their mean noise floor, or `rope` where they tell none."""
        known = self.floors[list(tasks)]
        known = known[np.isfinite(known)]
        return float(f"{known.mean():.1e}") if known.size and known.mean() > 0 else self.rope

    def space_weights(self, tasks: Sequence[int] | npt.NDArray[np.int64]) -> Array:
        """Weights of some tasks that give each of their spaces the same."""
        spaces = [self.clusters[place] for place in tasks]
        return np.array([1 / (len(set(spaces)) * spaces.count(space)) for space in spaces])
