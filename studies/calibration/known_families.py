"""Families of known differences: coverage of the family answer, and the verdicts against the noise floor."""

from collections.abc import Callable

import numpy as np

from equipoise.reports.statistics.families import Effect, compare_families
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import judged
from studies.calibration.draws import FAMILIES, METHODS, REPEATS, RESAMPLES, TASKS, Events, holds, noise

__all__ = ["against_noise_floor", "known_families"]

REPORTED = 10_000
"""Resamples of a report: 1,000 would err by up to 1 % of coverage, in the same direction for every data set."""


def known_families(clusters: int) -> Callable[[np.random.Generator], Events]:
    """Family effect 0.3 on average, varying over clusters and tasks, 3 tasks per cluster; best methods both ways."""
    names = [str(number) for number in range(clusters) for _ in range(3)]

    def draw(rng: np.random.Generator) -> Events:
        local = np.repeat(rng.normal(size=clusters), 3) * 0.3 + rng.normal(size=3 * clusters) * 0.1
        truth = 0.3 + local
        values = noise(rng, "normal", (METHODS, 3 * clusters, REPEATS))
        values[1:3] += truth[:, None]
        values[6] += 9.0  # a method that is never the best, but raises the mean: the mean of its family is 9 / 4 higher
        answer = compare_families(values, FAMILIES, names, sensitivity=False, resamples=RESAMPLES)
        mean, best = answer.mean, answer.best
        there = mean.per_task
        return {
            "=0.95 family means, one task": float(there.low[0] <= truth[0] - 9 / 4 <= there.high[0]),
            "=0.95 family means, overall, these tasks": holds(mean.overall, truth.mean() - 9 / 4),
            "=0.95 family bests, overall, these tasks": holds(best.overall, truth.mean()),
            "=0.95 family means, beyond these clusters": holds(mean.beyond, 0.3 - 9 / 4),
            "~0.95 the same by a cluster bootstrap": holds(_cluster_bootstrap(mean, rng), 0.3 - 9 / 4),
        }

    return draw


def _cluster_bootstrap(effect: Effect, rng: np.random.Generator) -> Estimate:
    """An interval that reports do not use: plain percentiles over resampled clusters."""
    clusters = effect.per_cluster.value
    draws = clusters[rng.integers(clusters.size, size=(RESAMPLES, clusters.size))].mean(axis=1)
    return Estimate(effect.beyond.value, *np.quantile(draws, [0.025, 0.975], axis=0))


def against_noise_floor(times: float) -> Callable[[np.random.Generator], Events]:
    """The verdict on a difference of some times the noise floor: families of three and four methods, two spaces."""
    floor, clusters = 0.5, ["a"] * 3 + ["b"] * 9
    names = ("nas",) * 3 + ("hpo",) * 4

    def draw(rng: np.random.Generator) -> Events:
        values = noise(rng, "skewed", (METHODS, TASKS, REPEATS))
        values[3:] += times * floor  # the first family is better, if any is
        overall = compare_families(values, names, clusters, sensitivity=False, resamples=REPORTED).mean.overall
        verdict = judged(float(overall.low), float(overall.high), floor)
        found = {"=0.95 interval of the difference": holds(overall, -times * floor)}
        if times == 0:
            better = verdict.verdict in ("first", "second")
            found["<0.05 a family is called better, and by more than a little"] = better and not verdict.small
            found["<0.05 a family is called better, be it by little"] = better
            found["~0.95 called equal in practice"] = verdict.verdict == "equal"
        else:
            found["<0.05 called equal or small"] = verdict.small
            found["<0.05 the worse family is called better"] = verdict.verdict == "second"
            found["~0.95 the better family is called better"] = verdict.verdict == "first"
        return found

    return draw
