"""All statistics of one store: means with intervals here, frameworks and the families' comparison beside them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from equipoise.reports.family_comparison import FamilyComparison
from equipoise.reports.frameworks import Frameworks
from equipoise.reports.judged_regrets import JudgedRegrets, Kind
from equipoise.reports.statistics.arrays import Array, repeat_counts, task_means
from equipoise.reports.statistics.contrasts import estimated_contrast
from equipoise.reports.statistics.resampling import (
    Estimate,
    effective_strata,
    estimate,
    mean_variances,
    resample_averages,
    resample_means,
)
from equipoise.reports.statistics.speedup import equivalent_queries

__all__ = ["Analysis"]

LEVEL = 0.95
RESAMPLES = 10_000


class Analysis(JudgedRegrets):
    """The statistics at the full budget, each computed once, when a section first asks for it.

    Means with their intervals are here: per method and task, over tasks, and of differences. Methods without any run
    count in no mean over tasks: their places hold NaN.
    """

    @cached_property
    def comparison(self) -> FamilyComparison:
        """NAS against HPO."""
        return FamilyComparison(self)

    @cached_property
    def frameworks(self) -> Frameworks:
        """Ranks, pairwise tests, Bayesian posteriors and aggregate scores."""
        return Frameworks(self)

    # The same on other data.

    @cached_property
    def by_kind(self) -> dict[Kind, "Analysis"]:
        """The analyses of all kinds of regret that some task has, what was not searched on first."""
        kinds: tuple[Kind, ...] = ("held-out seeds", "test", "validation")
        each = {kind: self if kind == self.kind else Analysis(self.results, kind, self.one_unit) for kind in kinds}
        return {kind: analysis for kind, analysis in each.items() if np.isfinite(analysis.regrets).any()}

    @property
    def unsearched(self) -> "Analysis":
        """The analysis that the answer is of: by held-out seeds, else by the test split, else by validation."""
        return next(iter(self.by_kind.values()), self)

    def without_tasks(self, left_out: Sequence[bool]) -> "Analysis":
        """The same analysis, in the same unit, without some tasks."""
        kept = tuple(task for task, out in zip(self.results.tasks, left_out, strict=True) if not out)
        return Analysis(replace(self.results, tasks=kept), self.kind, self.one_unit)

    # Means per method and task.

    @cached_property
    def regret_means(self) -> Estimate:
        """Methods x tasks: mean regret at the budget, in the unit of each task."""
        return self.estimated(self.regrets)

    def estimated(self, cube: Array) -> Estimate:
        """Means over repeats of any methods x tasks x repeats array of numbers from 0 on, with intervals."""
        draws = resample_means(cube, RESAMPLES)
        return estimate(task_means(cube), draws, repeat_counts(cube), 1, LEVEL, within=(0.0, np.inf))

    @cached_property
    def at_checkpoints(self) -> list[Estimate]:
        """Mean regret at each checkpoint, methods x tasks, in the unit of each task."""
        return [self.estimated(self.results.regrets(point)) for point in self.results.checkpoints]

    @cached_property
    def tests_at_checkpoints(self) -> list[Estimate]:
        """Mean test regret at each checkpoint, methods x tasks; NaN on tasks without a test split."""
        return [self.estimated(self.results.tests(place)) for place in range(len(self.results.checkpoints))]

    @cached_property
    def equivalents(self) -> Estimate:
        """Methods x tasks: queries that random search needs for the mean that a method reaches; NaN where unknown."""
        means = self.estimated(self.errors)
        parts = [np.full(means.value.shape, np.nan) for _ in range(3)]
        for place, task in enumerate(self.results.tasks):
            if task.baseline is not None and self.results.unit == "queries":
                column = Estimate(means.value[:, place], means.low[:, place], means.high[:, place])
                found = equivalent_queries(column, task.baseline)
                for part, values in zip(parts, (found.value, found.low, found.high), strict=True):
                    part[:, place] = values
        return Estimate(*parts)

    # Means over tasks.

    def overall(self, cube: Array) -> Estimate | None:
        """methods: mean over tasks, spaces with equal weight, over the tasks where every active method has a value.

        Args:
            cube: methods x tasks x repeats regrets in one unit, so that no interval goes below 0.
        """
        kept = np.flatnonzero((repeat_counts(cube[self.active]) > 0).all(axis=0))
        if not kept.size:
            return None
        weights = self.space_weights(kept)
        part = cube[self.active][:, kept]
        draws = resample_averages(part, RESAMPLES, weights=weights)
        least = repeat_counts(part).min(axis=1)
        strata = effective_strata(mean_variances(part) * weights**2)
        found = estimate(task_means(part) @ weights, draws, least, strata, LEVEL, within=(0.0, np.inf))
        return Estimate(*(self.extended(each) for each in (found.value, found.low, found.high)))

    @cached_property
    def regret_overall(self) -> Estimate | None:
        """methods: mean of `values` over tasks."""
        return self.overall(self.values)

    @cached_property
    def test_overall(self) -> Estimate | None:
        """methods: mean test regret over the tasks with a test split; None without any, or in different units."""
        return self.overall(self.results.tests()) if self.one_unit else None

    @property
    def finished(self) -> int:
        """Tasks on which every active method has a run: those of ranks and of `regret_overall`."""
        return self.finished_in(self.values)

    @property
    def test_tasks(self) -> int:
        """Tasks that `test_overall` is over."""
        return self.finished_in(self.results.tests())

    def finished_in(self, cube: Array) -> int:
        """Tasks on which every active method has a value, of methods x tasks x repeats."""
        return int((repeat_counts(cube[self.active]) > 0).all(axis=0).sum())

    @cached_property
    def held_out_overall(self) -> Estimate | None:
        """methods: mean regret under held-out seeds; None without any, or in different units."""
        return self.overall(self.results.held_outs()) if self.one_unit else None

    def mean_difference(self, first: int, second: int) -> Estimate:
        """Mean of `values` over the tasks that two methods share, first minus second, spaces with equal weight."""
        coefficients = np.zeros(len(self.results.labels))
        coefficients[[first, second]] = 1.0, -1.0
        return self.contrast(coefficients)[0]

    def contrast(self, coefficients: Array) -> tuple[Estimate, int]:
        """A weighted sum of the methods' means of `values` over the tasks that all of them have runs on.

        Args:
            coefficients: methods; those of 0 do not count.

        Returns:
            The estimate, spaces with equal weight, and the number of tasks; NaN and 0 without any.
        """
        chosen = np.flatnonzero(coefficients)
        part = self.values[chosen]
        kept = np.flatnonzero((repeat_counts(part) > 0).all(axis=0)) if chosen.size else np.zeros(0, dtype=np.int64)
        if not kept.size:
            return Estimate(*(np.array(np.nan) for _ in range(3))), 0
        weights = self.space_weights(kept)
        found = estimated_contrast(part[:, kept], coefficients[chosen], weights, resamples=RESAMPLES, level=LEVEL)
        return found, int(kept.size)
