"""Calibration of the statistics: rates of false positives and coverages on simulated data with known truth.

Run ``python studies/calibration.py`` (some minutes; ``--draws 100`` for a quick look). Seeds are fixed.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from equipoise.reports.statistics.arrays import Array, task_means
from equipoise.reports.statistics.bayesian import bayesian_signed_rank
from equipoise.reports.statistics.bootstrap import aggregate, performance_profiles
from equipoise.reports.statistics.contrasts import estimated_contrast
from equipoise.reports.statistics.factorial import variance_shares
from equipoise.reports.statistics.families import Effect, compare_families
from equipoise.reports.statistics.friedman import friedman
from equipoise.reports.statistics.improvement import probability_of_improvement
from equipoise.reports.statistics.pairwise import task_marks, wilcoxon
from equipoise.reports.statistics.power import plan
from equipoise.reports.statistics.ranks import average_ranks
from equipoise.reports.statistics.resampling import Estimate, estimate, resample_means
from equipoise.reports.verdicts import judged

__all__ = ["STUDIES", "Check", "calibrate"]

METHODS, TASKS, REPEATS = 7, 12, 30
RESAMPLES = 1_000
REPORTED = 10_000
"""Resamples of a report: 1,000 would err by up to 1 % of coverage, in the same direction for every data set."""
FAMILIES = ("baseline", "nas", "nas", "hpo", "hpo", "hpo", "hpo")

Outcomes = Iterator[dict[str, float]]


@dataclass(frozen=True)
class Check:
    """One rate, nominal and observed.

    Attributes:
        study: The simulation.
        name: The counted event.
        promised: The nominal rate: an upper bound for false positives, a target for coverage and power.
        observed: The observed rate.
        draws: Number of simulated data sets.
        bound: Whether the nominal rate is an upper bound.
        aside: Shown for comparison, without a nominal rate.
    """

    study: str
    name: str
    promised: float
    observed: float
    draws: int
    bound: bool
    aside: bool

    @property
    def error(self) -> float:
        """Standard error of the observed rate at the nominal rate."""
        return float(np.sqrt(self.promised * (1 - self.promised) / self.draws))

    def kept(self, errors: float = 3.0) -> bool:
        """Whether the rate is within so many standard errors of the nominal one; for a bound, only an excess counts."""
        excess = (self.observed - self.promised) / self.error
        return self.aside or (excess <= errors if self.bound else abs(excess) <= errors)


def _noise(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> Array:
    """Errors of variance 1 (or near) and mean 0 (``tied``: at the optimum in four runs of ten, and rounded)."""
    if kind == "normal":
        return rng.normal(size=shape)
    skewed = rng.exponential(size=shape)
    return np.asarray(skewed - 1 if kind == "skewed" else np.round(np.maximum(skewed - 0.5, 0.0), 1))


def _holds(estimate: Estimate, truth: float) -> float:
    """Share of intervals that include the truth."""
    return float(np.mean((estimate.low <= truth) & (truth <= estimate.high)))


def _null(kind: str) -> Callable[[np.random.Generator], dict[str, float]]:
    def draw(rng: np.random.Generator) -> dict[str, float]:
        values = _noise(rng, kind, (METHODS, TASKS, REPEATS))
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
            "=0.95 probability of improvement holds 0.5": _holds(
                Estimate(*(np.asarray(part[0, 1]) for part in (chances.value, chances.low, chances.high))), 0.5
            ),
            "=0.95 family means, overall": _holds(family.mean.overall, 0.0),
            "=0.95 family bests, overall": _holds(family.best.overall, 0.0),
        }

    return draw


def _few_tasks(rng: np.random.Generator) -> dict[str, float]:
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


def _coverage(kind: str, repeats: int) -> Callable[[np.random.Generator], dict[str, float]]:
    """Methods 1 apart; the truth of the pooled quantities comes from a very large sample."""
    big = np.random.default_rng(99)
    sample = np.sort((_noise(big, kind, (4, 500_000)) + np.linspace(-1, 1, 4)[:, None]).reshape(-1))
    middle = sample[sample.size // 4 : -(sample.size // 4)].mean()
    gap, above = np.maximum(1 - sample, 0).mean(), np.mean(sample > 0.2)
    first, second = _noise(big, kind, (2, 1_000_000))
    wins = np.mean(first < second + 0.5)
    firm = "=" if kind == "normal" or repeats >= REPEATS else "~"

    def draw(rng: np.random.Generator) -> dict[str, float]:
        shift = np.array([0.0, 0.5])[:, None, None] + np.linspace(-1, 1, 4)[:, None]
        values = _noise(rng, kind, (2, 4, repeats)) + shift
        result = aggregate(values[:1], resamples=RESAMPLES)
        profile = performance_profiles(values[:1], [0.2], resamples=RESAMPLES)
        chances = probability_of_improvement(values, resamples=RESAMPLES)
        pair = Estimate(*(np.asarray(part[0, 1]) for part in (chances.value, chances.low, chances.high)))
        one = estimate(task_means(values[:1]), resample_means(values[:1], RESAMPLES), repeats)
        ranks = average_ranks(values)
        return {
            # With skewed errors, coverage is too low on a single task or with few repeats: see `resampling.estimate`.
            f"{'=' if kind == 'normal' else '~'}0.95 mean on one task": float(one.low[0, 0] <= -1 <= one.high[0, 0]),
            f"{firm}0.95 mean over tasks": _holds(result.mean, 0.0),
            f"{firm}0.95 interquartile mean": _holds(result.iqm, float(middle)),
            f"{firm}0.95 optimality gap": _holds(result.gap, float(gap)),
            "=0.95 performance profile, one threshold": _holds(profile, float(above)),
            "=0.95 probability of improvement": _holds(pair, float(wins)),
            "=0.95 average rank": float(ranks.low[0] <= 2 - wins <= ranks.high[0]),
        }

    return draw


def _one_task_decides(rng: np.random.Generator) -> dict[str, float]:
    """Thirteen tasks with 4 repeats, of which twelve hardly vary, or do not decide between two methods."""
    spread = np.array([1.0] + [0.02] * 12)[:, None]
    one = aggregate(rng.normal(size=(1, 13, 4)) * spread, resamples=RESAMPLES)
    values = rng.normal(size=(2, 13, 4))
    values[1, 1:] += 50.0
    truth = (0.5 + 12) / 13
    chances, ranks = probability_of_improvement(values, resamples=RESAMPLES), average_ranks(values)
    pair = Estimate(*(np.asarray(part[0, 1]) for part in (chances.value, chances.low, chances.high)))
    return {
        "=0.95 mean over tasks": _holds(one.mean, 0.0),
        "~0.95 interquartile mean": _holds(one.iqm, 0.0),
        "~0.95 probability of improvement": _holds(pair, truth),
        "=0.95 average rank": float(ranks.low[0] <= 2 - truth <= ranks.high[0]),
    }


def _families(clusters: int) -> Callable[[np.random.Generator], dict[str, float]]:
    """Family effect 0.3 on average, varying over clusters and tasks, 3 tasks per cluster; best methods both ways."""
    names = [str(number) for number in range(clusters) for _ in range(3)]

    def draw(rng: np.random.Generator) -> dict[str, float]:
        local = np.repeat(rng.normal(size=clusters), 3) * 0.3 + rng.normal(size=3 * clusters) * 0.1
        truth = 0.3 + local
        values = _noise(rng, "normal", (METHODS, 3 * clusters, REPEATS))
        values[1:3] += truth[:, None]
        values[6] += 9.0  # a method that is never the best, but raises the mean: the mean of its family is 9 / 4 higher
        answer = compare_families(values, FAMILIES, names, sensitivity=False, resamples=RESAMPLES)
        mean, best = answer.mean, answer.best
        there = mean.per_task
        return {
            "=0.95 family means, one task": float(there.low[0] <= truth[0] - 9 / 4 <= there.high[0]),
            "=0.95 family means, overall, these tasks": _holds(mean.overall, truth.mean() - 9 / 4),
            "=0.95 family bests, overall, these tasks": _holds(best.overall, truth.mean()),
            "=0.95 family means, beyond these clusters": _holds(mean.beyond, 0.3 - 9 / 4),
            "~0.95 the same by a cluster bootstrap": _holds(_cluster_bootstrap(mean, rng), 0.3 - 9 / 4),
        }

    return draw


def _cluster_bootstrap(effect: Effect, rng: np.random.Generator) -> Estimate:
    """An interval that reports do not use: plain percentiles over resampled clusters."""
    clusters = effect.per_cluster.value
    draws = clusters[rng.integers(clusters.size, size=(RESAMPLES, clusters.size))].mean(axis=1)
    return Estimate(effect.beyond.value, *np.quantile(draws, [0.025, 0.975], axis=0))


def _planned(rng: np.random.Generator) -> dict[str, float]:
    """The power for the effect that a plan of 30 repeats, made on a pilot, claims to detect."""
    pilot = rng.normal(size=(2, 3, 1_000))
    needed = plan(pilot, effect=0.75)
    assert needed.repeats_per_task is not None
    n = int(needed.repeats_per_task[0, 1, 0])
    found = task_marks(rng.normal(size=(2, 1, n)) + np.array([0.0, 0.75])[:, None, None]).adjusted_p[0, 1, 0]
    small = plan(rng.normal(size=(2, 1, REPEATS)), efficiency=1.0).detectable_per_task[0, 1, 0]
    told = stats.ttest_ind(*rng.normal(size=(2, REPEATS)) + np.array([[0.0], [small]]), equal_var=False).pvalue
    return {"=0.80 Mann-Whitney, planned repeats": found < 0.05, "=0.80 t test, detectable effect": told < 0.05}


def _equivalence(times: float) -> Callable[[np.random.Generator], dict[str, float]]:
    """The verdict on a difference of some times the noise floor: families of three and four methods, two spaces."""
    floor, clusters = 0.5, ["a"] * 3 + ["b"] * 9
    names = ("nas",) * 3 + ("hpo",) * 4

    def draw(rng: np.random.Generator) -> dict[str, float]:
        values = _noise(rng, "skewed", (METHODS, TASKS, REPEATS))
        values[3:] += times * floor  # the first family is better, if any is
        overall = compare_families(values, names, clusters, sensitivity=False, resamples=REPORTED).mean.overall
        verdict = judged(float(overall.low), float(overall.high), floor)
        found = {"=0.95 interval of the difference": _holds(overall, -times * floor)}
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


def _knowledge(rng: np.random.Generator) -> dict[str, float]:
    """A rung of the ladder: two pairs of methods, one in each space the better; tasks and methods as given."""
    values = _noise(rng, "skewed", (4, 6, REPEATS))
    effects = np.array([0.4, 0.0, -0.2, 0.0])[:, None] + np.linspace(-0.3, 0.3, 6) * np.array([1, 0, 1, 0])[:, None]
    signs = np.array([0.5, -0.5, 0.5, -0.5])
    found = estimated_contrast(values + effects[:, :, None], signs, np.full(6, 1 / 6), resamples=RESAMPLES)
    return {"=0.95 mean difference over pairs": _holds(found, float(effects.mean(axis=1) @ signs))}


def _held_out(rng: np.random.Generator) -> dict[str, float]:
    """Two methods judged by two and by three held-out seeds in turn, whose levels differ; 30 repeats of each."""
    levels = [rng.exponential(size=2), rng.exponential(size=3)]
    turn = np.stack([level[np.arange(REPEATS) % len(level)] for level in levels])
    values = _noise(rng, "skewed", (2, 2, REPEATS)) + 1 + turn
    values[1] += 0.3 * turn  # the second method loses more where the judge is harder
    truth = np.array([1 + np.mean([level.mean() for level in levels])] * 2)
    truth[1] += 0.3 * (truth[1] - 1)
    one, difference = (
        estimated_contrast(values, signs, np.full(2, 0.5), resamples=RESAMPLES) for signs in ([1.0, 0.0], [1.0, -1.0])
    )
    return {
        "<0.05 regret: the interval misses the mean over seeds": 1 - _holds(one, truth[0]),
        "<0.05 difference: the interval misses that over seeds": 1 - _holds(difference, truth[0] - truth[1]),
    }


DESIGN = [{"proposal": p, "ranker": r} for p in ("uniform", "mutation", "model") for r in ("none", "gp", "network")]


def _factors(rng: np.random.Generator) -> dict[str, float]:
    """A factorial of nine methods on four tasks: one factor matters, one does not, and they interact a little."""
    means = np.array([{"none": 0.9, "gp": 0.0, "network": 0.3}[entry["ranker"]] for entry in DESIGN])
    means = means + 0.3 * np.array([entry["proposal"] == "model" and entry["ranker"] == "none" for entry in DESIGN])
    truth = variance_shares(np.repeat(means[:, None, None], 2, axis=2), DESIGN, resamples=2).main.value
    shares = variance_shares(
        means[:, None, None] + 0.5 * _noise(rng, "skewed", (9, 4, REPEATS)), DESIGN, resamples=RESAMPLES
    )
    holds = (shares.main.low <= truth) & (truth <= shares.main.high)
    return {
        "<0.05 the interval misses the share of the factor that matters": not holds[1],
        "<0.05 the interval misses the share of the factor that hardly does": not holds[0],
    }


STUDIES: dict[str, Callable[[np.random.Generator], dict[str, float]]] = {
    "no difference, normal": _null("normal"),
    "no difference, skewed": _null("skewed"),
    "no difference, ties at the optimum": _null("tied"),
    "no difference, few tasks": _few_tasks,
    "known means, normal, 30 repeats": _coverage("normal", 30),
    "known means, normal, 5 repeats": _coverage("normal", 5),
    "known means, skewed, 30 repeats": _coverage("skewed", 30),
    "known families, 2 clusters": _families(2),
    "known families, 4 clusters": _families(4),
    "known power": _planned,
    "known means, skewed, 5 repeats": _coverage("skewed", 5),
    "no difference, noise floor": _equivalence(0.0),
    "difference of twice the noise floor": _equivalence(2.0),
    "known rung of knowledge": _knowledge,
    "known regret under held-out seeds": _held_out,
    "known factors": _factors,
    "known means, one task decides": _one_task_decides,
}
"""The simulations: each draws one data set and reports events. A name starts with the kind of its nominal rate:
< an upper bound, = a target, ~ shown for comparison."""


def calibrate(study: str, draws: int = 1_000, seed: int = 20261124) -> list[Check]:
    """Runs one study.

    Args:
        study: A key of `STUDIES`.
        draws: Number of simulated data sets.
        seed: Seed of the simulation.
    """
    rng = np.random.default_rng([seed, list(STUDIES).index(study)])
    outcomes = [STUDIES[study](rng) for _ in range(draws)]
    return [
        Check(
            study,
            name[6:],
            float(name[1:5]),
            float(np.mean([outcome[name] for outcome in outcomes])),
            draws,
            name[0] == "<",
            name[0] == "~",
        )
        for name in outcomes[0]
    ]


def main() -> None:
    """Prints the table; exit status 1 if a rate violates its nominal value by more than three standard errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=1_000)
    draws = parser.parse_args().draws
    broken = 0
    for study in STUDIES:
        print(f"\n{study} ({draws} data sets)")
        for check in calibrate(study, draws):
            sign = "<=" if check.bound else "  "
            verdict = "for comparison" if check.aside else "kept" if check.kept() else "BROKEN"
            broken += verdict == "BROKEN"
            print(
                f"  {check.observed:.3f}  promised {sign}{check.promised:.2f} +- {check.error:.3f}"
                f"  {verdict:14}  {check.name}"
            )
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
