"""The four statistical frameworks on the regrets of a store, each computed once, when a section first asks for it."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from equipoise.reports.judged_regrets import JudgedRegrets
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.bayesian import BayesianSignedRank, bayesian_all_pairs
from equipoise.reports.statistics.bootstrap import Aggregates, aggregate
from equipoise.reports.statistics.friedman import Friedman, friedman
from equipoise.reports.statistics.improvement import probability_of_improvement
from equipoise.reports.statistics.pairwise import Pairwise, TaskMarks, a12, task_marks, wilcoxon
from equipoise.reports.statistics.ranks import average_ranks
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["Frameworks"]

RESAMPLES = 10_000
POSTERIOR_DRAWS = 20_000


class Frameworks:
    """Ranks, pairwise tests, Bayesian posteriors and aggregate scores.

    Methods without any run count in no statistic over tasks: their places hold NaN.

    Args:
        judged: The regrets.
    """

    def __init__(self, judged: JudgedRegrets) -> None:
        self._judged = judged

    # Ranks.

    @cached_property
    def ranks(self) -> Estimate:
        """methods: average rank of runs at the budget."""
        return self.averaged_ranks(self._judged.regrets)

    def averaged_ranks(self, regrets: Array) -> Estimate:
        """methods: average rank of a run among one run of every active method, in the unit of each task."""
        found = average_ranks(regrets[self._judged.active])
        return Estimate(*(self._judged.extended(part) for part in (found.value, found.low, found.high)))

    @cached_property
    def friedman(self) -> Friedman:
        """Ranks over tasks."""
        return self._friedman(self._judged.means)

    @cached_property
    def friedman_by_space(self) -> Friedman:
        """Ranks over search spaces: the mean rank over the tasks of each, since its tasks are not independent."""
        ranks = self.friedman.ranks
        columns = [ranks[:, list(places)] for places in self._judged.results.spaces.values()]
        known = [c[:, ~np.isnan(c[self._judged.active]).any(axis=0)] for c in columns]
        nothing = np.full(len(ranks), np.nan)
        return self._friedman(np.stack([c.mean(axis=1) if c.size else nothing for c in known], axis=1))

    def _friedman(self, means: Array) -> Friedman:
        judged, active = self._judged, self._judged.active
        found = friedman(means[active])
        pairs = np.ones((len(judged.results.labels),) * 2)
        pairs[np.ix_(active, active)] = found.pairwise_p
        mean_ranks = judged.extended(found.mean_ranks if found.tasks_used else np.full(len(active), np.nan))
        groups = tuple(tuple(int(active[method]) for method in group) for group in found.groups)
        return replace(
            found, ranks=judged.extended(found.ranks), mean_ranks=mean_ranks, pairwise_p=pairs, groups=groups
        )

    # Pairwise tests.

    @cached_property
    def wilcoxon(self) -> Pairwise:
        """All pairs over tasks."""
        return wilcoxon(self._judged.means)

    @cached_property
    def a12(self) -> Array:
        """Methods x methods: probability that a run of the row beats one of the column, mean over tasks."""
        each = a12(self._judged.values)
        known = ~np.isnan(each)
        return np.asarray(
            np.where(known.any(axis=2), np.where(known, each, 0).sum(axis=2) / np.maximum(1, known.sum(axis=2)), np.nan)
        )

    @cached_property
    def marks(self) -> TaskMarks:
        """The best method of each task, and those not significantly different from it."""
        return task_marks(self._judged.regrets)

    # Bayesian posteriors.

    def bayesian(self, rope: float) -> dict[tuple[int, int], BayesianSignedRank]:
        """All pairs, with a region of practical equivalence in `unit`."""
        if rope not in self._bayesian:
            self._bayesian[rope] = bayesian_all_pairs(self._judged.means, rope, samples=POSTERIOR_DRAWS)
        return self._bayesian[rope]

    @cached_property
    def _bayesian(self) -> dict[float, dict[tuple[int, int], BayesianSignedRank]]:
        return {}

    # Aggregate scores.

    @cached_property
    def aggregates(self) -> Aggregates | None:
        """Means, interquartile means and gaps of `scores`, of the active methods; None if no task has a scale."""
        scores = self._judged.scores
        return aggregate(scores[self._judged.active], resamples=RESAMPLES) if np.isfinite(scores).any() else None

    @cached_property
    def improvement(self) -> Estimate:
        """Methods x methods: probability of improvement."""
        return probability_of_improvement(self._judged.values)
