"""All statistics of one store, each computed once, when a section first asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from equipoise.reports.family_members import Membership, membership
from equipoise.reports.results import Array, Results, TaskResults
from equipoise.reports.statistics.arrays import repeat_counts, task_means
from equipoise.reports.statistics.bayesian import BayesianSignedRank, bayesian_all_pairs
from equipoise.reports.statistics.bootstrap import Aggregates, aggregate, normalise
from equipoise.reports.statistics.families import Effect, FamilyAnswer, compare_families
from equipoise.reports.statistics.friedman import Friedman, friedman
from equipoise.reports.statistics.improvement import probability_of_improvement
from equipoise.reports.statistics.labellings import Sweep, sweep_labellings
from equipoise.reports.statistics.pairwise import Pairwise, TaskMarks, a12, task_marks, wilcoxon
from equipoise.reports.statistics.ranks import average_ranks
from equipoise.reports.statistics.resampling import (
    Estimate,
    effective_strata,
    estimate,
    mean_variances,
    resample_averages,
    resample_means,
)
from equipoise.reports.statistics.speedup import LogQueries, equivalent_queries

__all__ = ["LEVEL", "RESAMPLES", "Analysis", "Kind"]

LEVEL = 0.95
RESAMPLES = 10_000
POSTERIOR_DRAWS = 20_000
POINTS = 0.1
"""Half width of the region of practical equivalence of accuracies, in points."""
SHARE = 0.05
"""The same of anything else, as a share of the regret that random search leaves."""


Kind = Literal["test", "held-out seeds", "validation"]
"""The data that incumbents are judged on."""

FLOORS: Mapping[Kind, tuple[str, ...]] = {
    "test": ("validation to test",),
    "held-out seeds": ("held-out seeds",),
    "validation": ("held-out seeds", "validation to test"),
}
"""The noise floor of each kind of regret; the first one that a task has."""


class Analysis:
    """The statistics at the full budget.

    Incumbents are chosen by validation and judged by validation, test or held-out-seed regret, with the same
    statistics. Tasks without such a regret drop out.

    Regrets of different units cannot be averaged. If all tasks share a unit, `values` are regrets in it; if not, they
    are per cent of what random search leaves at the same budget, and tasks without that baseline drop out. Methods
    without any run count in no statistic over tasks: their places hold NaN.

    Args:
        results: What the store holds.
        kind: What incumbents are judged on.
    """

    measure = "regret"
    """The quantity of which smaller is better, in words."""

    def __init__(self, results: Results, kind: Kind = "validation") -> None:
        self.results, self.kind = results, kind
        self.families = [method.family for method in results.methods]
        self.clusters = [task.space for task in results.tasks]

    @cached_property
    def regrets(self) -> Array:
        """Methods x tasks x repeats, in the unit of each task."""
        if self.kind == "validation":
            return self.results.regrets()
        return self.results.tests() if self.kind == "test" else self.results.held_outs()

    @cached_property
    def by_kind(self) -> dict[Kind, "Analysis"]:
        """The analyses of all kinds of regret that some task has, what was not searched on first."""
        kinds: tuple[Kind, ...] = ("held-out seeds", "test", "validation")
        each = {kind: self if kind == self.kind else Analysis(self.results, kind) for kind in kinds}
        return {kind: analysis for kind, analysis in each.items() if np.isfinite(analysis.regrets).any()}

    @property
    def unsearched(self) -> "Analysis":
        """The analysis that the answer is of: by held-out seeds, else by the test split, else by validation."""
        return next(iter(self.by_kind.values()), self)

    @cached_property
    def one_unit(self) -> bool:
        """Whether regrets of all tasks can be averaged as they are: points of per cent, or one metric on one scale."""
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
    def exact_random(self) -> str:
        """Name of the row of the exact baseline: under noise it is not the baseline of the protocol."""
        return "random search, exact without noise" if self.noisy else "random search, exact"

    @property
    def noisy(self) -> bool:
        """Whether queries were answered with the noise of one training."""
        return bool(self.results.manifest["suite"]["protocol"].get("noise") == "single")

    @property
    def of_regret(self) -> str:
        """The unit of a difference of `values`, in words that fit behind a number."""
        return f"{self.unit} of regret" if self.one_unit else self.unit

    @cached_property
    def ropes(self) -> tuple[float, float, float]:
        """Half widths of regions of practical equivalence in `unit`; the middle one is reported first.

        The noise floor (`floor`), to two digits. Without one: 0.1 points of per cent. In other units there is no
        custom: a twentieth of the regret that random search leaves (of the methods' mean regret where its baseline is
        unknown), to one digit.
        """
        if self.floor > 0:
            middle = float(f"{self.floor:.1e}")
        elif not self.one_unit:
            middle = 100 * SHARE
        elif self.results.tasks[0].metric.unit == "%":
            middle = POINTS
        else:
            known = self.random[np.isfinite(self.random)]
            left = known if known.size else self.means[np.isfinite(self.means)]
            middle = float(f"{SHARE * left.mean():.0e}") if left.size else POINTS
        return middle / 2, middle, 2 * middle

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
        return float(self.floors[kept] @ self._weights(kept)) if kept.size else np.nan

    def rope_on(self, tasks: Sequence[int]) -> float:
        """The region for some tasks alone: their mean noise floor, or `rope` where they tell none."""
        known = self.floors[list(tasks)]
        known = known[np.isfinite(known)]
        return float(f"{known.mean():.1e}") if known.size and known.mean() > 0 else self.rope

    @property
    def rope(self) -> float:
        """The region that is reported first."""
        return self.ropes[1]

    @cached_property
    def values(self) -> Array:
        """Methods x tasks x repeats, in one unit, smaller is better."""
        return self.regrets if self.one_unit else 100.0 * (1.0 - self.scores)

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

    def _spread(self, values: Array) -> Array:
        """From the active methods (first axis) to all, NaN for the others."""
        every = np.full((len(self.results.labels), *values.shape[1:]), np.nan)
        every[self.active] = values
        return every

    def averaged_ranks(self, regrets: Array) -> Estimate:
        """methods: average rank of a run among one run of every active method; regrets as in `regrets`."""
        found = average_ranks(regrets[self.active], LEVEL)
        return Estimate(*(self._spread(part) for part in (found.value, found.low, found.high)))

    def _friedman(self, means: Array) -> Friedman:
        found = friedman(means[self.active])
        pairs = np.ones((len(self.results.labels),) * 2)
        pairs[np.ix_(self.active, self.active)] = found.pairwise_p
        mean_ranks = self._spread(found.mean_ranks if found.tasks_used else np.full(len(self.active), np.nan))
        groups = tuple(tuple(int(self.active[method]) for method in group) for group in found.groups)
        return replace(found, ranks=self._spread(found.ranks), mean_ranks=mean_ranks, pairwise_p=pairs, groups=groups)

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
    def marks(self) -> TaskMarks:
        """The best method of each task, and those not significantly different from it."""
        return task_marks(self.regrets)

    def overall(self, cube: Array) -> Estimate | None:
        """methods: mean over tasks, spaces with equal weight, over the tasks where every active method has a value.

        Args:
            cube: methods x tasks x repeats regrets in one unit, so that no interval goes below 0.
        """
        kept = np.flatnonzero((repeat_counts(cube[self.active]) > 0).all(axis=0))
        if not kept.size:
            return None
        weights = self._weights(kept)
        part = cube[self.active][:, kept]
        draws = resample_averages(part, RESAMPLES, weights=weights)
        least = repeat_counts(part).min(axis=1)
        strata = effective_strata(mean_variances(part) * weights**2)
        found = estimate(task_means(part) @ weights, draws, least, strata, LEVEL, within=(0.0, np.inf))
        return Estimate(*(self._spread(each) for each in (found.value, found.low, found.high)))

    def mean_difference(self, first: int, second: int) -> Estimate:
        """Mean of `values` over the tasks that two methods share, first minus second, spaces with equal weight."""
        pair = self.values[[first, second]]
        kept = np.flatnonzero((repeat_counts(pair) > 0).all(axis=0))
        if not kept.size:
            return Estimate(*(np.array(np.nan) for _ in range(3)))
        part = pair[:, kept]
        weights = self._weights(kept)
        draws, means = resample_averages(part, RESAMPLES, weights=weights), task_means(part) @ weights
        least = repeat_counts(part).min()
        strata = effective_strata(mean_variances(part).sum(axis=0) * weights**2)
        return estimate(means[0] - means[1], draws[:, 0] - draws[:, 1], least, strata, LEVEL)

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
        part, weights, signs = part[:, kept], self._weights(kept), coefficients[chosen]
        draws = resample_averages(part, RESAMPLES, weights=weights) @ signs
        value, least = task_means(part) @ weights @ signs, repeat_counts(part).min()
        strata = effective_strata(signs**2 @ mean_variances(part) * weights**2)
        return estimate(value, draws, least, strata, LEVEL), int(kept.size)

    def without_tasks(self, left_out: Sequence[bool]) -> "Analysis":
        """The same analysis without some tasks."""
        kept = tuple(task for task, out in zip(self.results.tasks, left_out, strict=True) if not out)
        return Analysis(replace(self.results, tasks=kept), self.kind)

    def _weights(self, tasks: npt.NDArray[np.int64]) -> Array:
        """Weights of some tasks that give each of their spaces the same."""
        spaces = [self.clusters[place] for place in tasks.tolist()]
        return np.array([1 / (len(set(spaces)) * spaces.count(space)) for space in spaces])

    @cached_property
    def regret_overall(self) -> Estimate | None:
        """methods: mean of `values` over tasks."""
        return self.overall(self.values)

    @cached_property
    def test_overall(self) -> Estimate | None:
        """methods: mean test regret over the tasks with a test split; None without any, or in different units."""
        return self.overall(self.results.tests()) if self.one_unit else None

    @cached_property
    def held_out_overall(self) -> Estimate | None:
        """methods: mean regret under held-out seeds; None without any, or in different units."""
        return self.overall(self.results.held_outs()) if self.one_unit else None

    @cached_property
    def test_tasks(self) -> int:
        """Tasks that `test_overall` is over."""
        return int((repeat_counts(self.results.tests()[self.active]) > 0).all(axis=0).sum())

    # The question.

    @cached_property
    def membership(self) -> Membership:
        """The methods that stand for the families, and the tasks on which they are compared."""
        return membership(self.counts, self.families)

    @cached_property
    def question(self) -> FamilyAnswer | None:
        """NAS against HPO in `unit`; None if one of the families has no method with runs."""
        values = self._where_all_ran(self.values)
        return self._compared(values) if self.both(values) else None

    @cached_property
    def sensitivity(self) -> dict[int, tuple[Effect, Effect]]:
        """The effects of family means and bests without each method; empty where there is no question."""
        if self.question is None:
            return {}
        values = self._where_all_ran(self.values)
        return compare_families(values, self.membership.families, self.clusters).without

    @cached_property
    def confirmatory(self) -> FamilyAnswer | None:
        """Published NAS methods against library optimisers; None where origins are unknown or a side is empty."""
        wanted = {("nas", "published"): "nas", ("hpo", "library"): "hpo"}
        families = [
            wanted.get((family, method.origin), "")
            for family, method in zip(self.membership.families, self.results.methods, strict=True)
        ]
        cube = self._where_all_ran(self.values)
        there = np.asarray(~np.isnan(cube).all(axis=2))
        sides = [there[[family == name for family in families]].any(axis=0) for name in ("nas", "hpo")]
        if not (sides[0] & sides[1]).any():
            return None
        return compare_families(cube, families, self.clusters, sensitivity=False)

    @cached_property
    def labellings(self) -> Sweep | None:
        """The sign of the answer under every admissible labelling; None where no origin is known.

        A NAS method that is not a published one, and a general optimiser that is not a library's, may be counted in
        either family or in none.
        """
        if self.question is None or not any(method.origin for method in self.results.methods):
            return None
        families = self.membership.families
        firm = {("nas", "published"), ("hpo", "library")}
        ambiguous = [
            place
            for place, (family, method) in enumerate(zip(families, self.results.methods, strict=True))
            if family in ("nas", "hpo") and (family, method.origin) not in firm
        ]
        labels = [{"nas": 1, "hpo": -1}.get(family, 0) for family in families]
        return sweep_labellings(self._where_all_ran(self.values), labels, ambiguous, self.clusters)

    def _where_all_ran(self, cube: Array) -> Array:
        """The values on the tasks where every member of the families has runs; NaN on the others."""
        return np.where(self.membership.tasks[None, :, None], cube, np.nan)

    @cached_property
    def question_in_queries(self) -> FamilyAnswer | None:
        """The same in logarithms of random-search queries (above 0: NAS is better); None without any baseline."""
        if self.kind != "validation":
            return None
        kept = [place for place, task in enumerate(self.results.tasks) if task.baseline is not None]
        if self.results.unit != "queries" or not kept or not self.both(self._where_all_ran(self.errors)[:, kept]):
            return None
        baselines = [baseline for place in kept if (baseline := self.results.tasks[place].baseline) is not None]
        return self._compared(
            self._where_all_ran(self.errors)[:, kept], LogQueries(baselines), [self.clusters[place] for place in kept]
        )

    def both(self, cube: Array) -> bool:
        """Whether methods of both families have values on some task: methods x tasks x repeats."""
        there = np.asarray(~np.isnan(cube).all(axis=2))
        members = self.membership.families
        nas, hpo = (there[[family == name for family in members]].any(axis=0) for name in ("nas", "hpo"))
        return bool((nas & hpo).any())

    def _compared(
        self, cube: Array, scale: LogQueries | None = None, clusters: list[str] | None = None
    ) -> FamilyAnswer:
        members = self.membership.families
        return compare_families(cube, members, clusters or self.clusters, scale=scale, sensitivity=False)

    @cached_property
    def errors(self) -> Array:
        """Methods x tasks x repeats: expected errors of the incumbents, not regrets."""
        slopes = np.array([abs(task.metric.slope) for task in self.results.tasks])
        references = np.array([task.reference for task in self.results.tasks])
        return np.asarray(self.regrets / slopes[:, None] + references[:, None])

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

    # The four statistical frameworks.

    @cached_property
    def friedman(self) -> Friedman:
        """Ranks over tasks."""
        return self._friedman(self.means)

    @cached_property
    def friedman_by_space(self) -> Friedman:
        """Ranks over search spaces: the mean rank over the tasks of each, since its tasks are not independent."""
        ranks = self.friedman.ranks
        columns = [ranks[:, list(places)] for places in self.results.spaces.values()]
        known = [c[:, ~np.isnan(c[self.active]).any(axis=0)] for c in columns]
        nothing = np.full(len(ranks), np.nan)
        return self._friedman(np.stack([c.mean(axis=1) if c.size else nothing for c in known], axis=1))

    @cached_property
    def wilcoxon(self) -> Pairwise:
        """All pairs over tasks."""
        return wilcoxon(self.means)

    @cached_property
    def a12(self) -> Array:
        """Methods x methods: probability that a run of the row beats one of the column, mean over tasks."""
        each = a12(self.values)
        known = ~np.isnan(each)
        return np.asarray(
            np.where(known.any(axis=2), np.where(known, each, 0).sum(axis=2) / np.maximum(1, known.sum(axis=2)), np.nan)
        )

    def bayesian(self, rope: float) -> dict[tuple[int, int], BayesianSignedRank]:
        """All pairs, with a region of practical equivalence in `unit`."""
        if rope not in self._bayesian:
            self._bayesian[rope] = bayesian_all_pairs(self.means, rope, samples=POSTERIOR_DRAWS)
        return self._bayesian[rope]

    @cached_property
    def _bayesian(self) -> dict[float, dict[tuple[int, int], BayesianSignedRank]]:
        return {}

    @cached_property
    def aggregates(self) -> Aggregates | None:
        """Means, interquartile means and gaps of `scores`, of the active methods; None if no task has a scale."""
        if not np.isfinite(self.scores).any():
            return None
        return aggregate(self.scores[self.active], resamples=RESAMPLES)

    @cached_property
    def improvement(self) -> Estimate:
        """Methods x methods: probability of improvement."""
        return probability_of_improvement(self.values)

    @cached_property
    def ranks(self) -> Estimate:
        """methods: average rank of runs at the budget."""
        return self.averaged_ranks(self.regrets)
