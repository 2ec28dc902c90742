"""Methods that do not differ: rates of false positives."""

from collections.abc import Callable

import numpy as np

from equipoise.reports.statistics.arrays import task_means
from equipoise.reports.statistics.bayesian import bayesian_signed_rank
from equipoise.reports.statistics.families import compare_families
from equipoise.reports.statistics.friedman import friedman
from equipoise.reports.statistics.improvement import probability_of_improvement
from equipoise.reports.statistics.pairwise import task_marks, wilcoxon
from equipoise.reports.statistics.resampling import Estimate
from studies.calibration.draws import FAMILIES, METHODS, REPEATS, RESAMPLES, TASKS, Events, holds, noise

__all__ = ["few_tasks", "no_difference"]


def no_difference(kind: str) -> Callable[[np.random.Generator], Events]:
    """Seven methods on twelve tasks, with one kind of errors."""

    def draw(rng: np.random.Generator) -> Events:
        values = noise(rng, kind, (METHODS, TASKS, REPEATS))
        table = task_means(values)
        ranks, pairs, marks = friedman(table), wilcoxon(table), task_marks(values[:, :1])
        family = compare_families(values, FAMILIES, ["a"] * 3 + ["b"] * 9, sensitivity=False, resamples=RESAMPLES)
        # A posterior has no nominal rate of false positives: shown beside the 0.10 of two one-sided tests at 0.05.
        posterior = bayesian_signed_rank(table[0], table[1], 0.0, samples=2_000)
        chances = probability_of_improvement(values[:2], resamples=RESAMPLES)
        return {
            "<0.05 Friedman, Iman-Davenport": ranks.p_value < 0.05,
            "<0.05 Friedman, chi-squared": ranks.p_chi2 < 0.05,
            "<0.05 Nemenyi, any of 21 pairs": ranks.pairwise_p.min() < 0.05,
            "<0.05 Wilcoxon with Holm, any of 21 pairs": pairs.adjusted_p.min() < 0.05,
            "<0.05 Wilcoxon, one pair": pairs.p_values[0, 1] < 0.05,
            "<0.05 marks: any method told from the best of a task": not marks.indistinguishable.all(),
            "~0.10 Bayesian signed-rank, ROPE 0: a winner with 95 %": max(posterior.p_first, posterior.p_second) > 0.95,
            "=0.95 probability of improvement holds 0.5": holds(
                Estimate(*(np.asarray(part[0, 1]) for part in (chances.value, chances.low, chances.high))), 0.5
            ),
            "=0.95 family means, overall": holds(family.mean.overall, 0.0),
            "=0.95 family bests, overall": holds(family.best.overall, 0.0),
        }

    return draw


def few_tasks(rng: np.random.Generator) -> Events:
    """Tests on tables so small that their asymptotic distributions do not hold."""
    small, larger = friedman(rng.normal(size=(3, 3))), friedman(rng.normal(size=(METHODS, 4)))
    return {
        "<0.05 Friedman, 3 methods on 3 tasks": small.p_value < 0.05,
        "~0.05 the same by the F distribution": small.f_p_value < 0.05,
        "<0.05 Friedman, 7 methods on 4 tasks": larger.p_value < 0.05,
        "<0.05 Nemenyi, 7 methods on 4 tasks": larger.pairwise_p.min() < 0.05,
        "<0.05 Nemenyi, 3 methods on 3 tasks": small.pairwise_p.min() < 0.05,
        "<0.05 Wilcoxon with Holm, 7 methods on 8 tasks": wilcoxon(rng.normal(size=(METHODS, 8))).adjusted_p.min()
        < 0.05,
        "<0.05 marks with 3 repeats": not task_marks(rng.normal(size=(METHODS, 1, 3))).indistinguishable.all(),
    }
