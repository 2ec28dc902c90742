"""The Bayesian signed-rank test: probability that one method is better in practice."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked

__all__ = ["LEAST_TASKS", "BayesianSignedRank", "bayesian_all_pairs", "bayesian_signed_rank"]

LEAST_TASKS = 3
"""With fewer tasks the posterior is mostly the prior, which lies in the ROPE: no probability should be read from it."""
BLOCK = 1_000
"""Posterior draws handled at once; results do not depend on it."""


@dataclass(frozen=True)
class BayesianSignedRank:
    """The posterior of one pair.

    Attributes:
        p_first: Probability that the first method is better by more than the ROPE: the share of draws in which that
            region holds the most mass.
        p_rope: Probability that the two are equivalent in practice.
        p_second: Probability that the second method is better by more than the ROPE.
        draws: samples x 3 points of the simplex (first, rope, second); empty where they were not asked for.
        mean: 3 posterior means of (first, rope, second), in closed form.
        rope: Half width of the region of practical equivalence, in the unit of the errors.
        tasks_used: Tasks on which both methods have a value; with 0 the answer is the prior's: all in the ROPE.
    """

    p_first: float
    p_rope: float
    p_second: float
    draws: Array
    mean: Array
    rope: float
    tasks_used: int


def bayesian_signed_rank(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    rope: float,
    *,
    samples: int = 50_000,
    prior_strength: float = 0.5,
    seed: int = 0,
) -> BayesianSignedRank:
    """Compares two methods over tasks with a region of practical equivalence (ROPE) of half width r.

    With d(t) = error_first - error_second, d(0) = 0 the prior's pseudo-observation, and weights w drawn from
    Dirichlet(s, 1, ..., 1), the mass of "second better" is sum over i, j of w(i) w(j) [d(i) + d(j) > 2 r], of "first
    better" the same with < -2 r, and the ROPE has the rest. A probability is the share of draws in which its region
    holds the most mass; draws tied between regions are shared among them.

    Source: Benavoli, Corani, Demsar and Zaffalon, Time for a Change, JMLR 2017, section 4.2 (Dirichlet process with
    strength s = 0.5). The prior's pseudo-observation lies in the ROPE, the cautious choice.

    Differs from the paper: with r = 0, ties count as equivalent instead of half for each side.

    Assumes independent tasks and differences in one unit. A difference of exactly r counts as equivalent. Ties at 0 lie
    in the ROPE, with r = 0 too. One task: the posterior is the prior and one point. Identical methods: all in the ROPE.
    A task where either is missing (NaN) is left out.

    Args:
        first: tasks, errors of the first method.
        second: tasks, errors of the second.
        rope: r >= 0, in the unit of the errors.
        samples: Posterior draws: the Monte Carlo error of a probability is at most 0.5 / sqrt(samples).
        prior_strength: s > 0.
        seed: Of the draws; the same seed gives the same result.

    Raises:
        ValueError: Shapes that differ, infinite values, a negative ROPE.
    """
    pair = np.stack([checked(first, "tasks"), checked(second, "tasks")])
    return _posteriors(pair, [(0, 1)], rope, samples, prior_strength, seed, True)[0, 1]


def bayesian_all_pairs(
    errors: npt.ArrayLike,
    rope: float,
    *,
    samples: int = 50_000,
    prior_strength: float = 0.5,
    seed: int = 0,
    keep_draws: bool = False,
) -> dict[tuple[int, int], BayesianSignedRank]:
    """The posteriors of all pairs (i, j), i < j, by `bayesian_signed_rank`; pairs with equal tasks share their draws.

    Args:
        errors: methods x tasks, smaller is better, NaN for missing; usually `arrays.task_means`.
        rope: Half width of the region of practical equivalence.
        samples: Posterior draws.
        prior_strength: s > 0.
        seed: Of the draws.
        keep_draws: Whether the results hold them: samples x 3 numbers for each pair.
    """
    table = checked(errors, "methods x tasks")
    pairs = [(i, j) for i in range(len(table)) for j in range(i + 1, len(table))]
    return _posteriors(table, pairs, rope, samples, prior_strength, seed, keep_draws)


def _posteriors(
    table: Array,
    pairs: list[tuple[int, int]],
    rope: float,
    samples: int,
    strength: float,
    seed: int,
    keep_draws: bool,
) -> dict[tuple[int, int], BayesianSignedRank]:
    if not rope >= 0 or not np.isfinite(rope):
        raise ValueError(f"the ROPE is a finite half width >= 0; got {rope}")
    if samples < 1 or not strength > 0:
        raise ValueError(f"samples must be >= 1 and prior_strength > 0; got {samples} and {strength}")
    by_size: dict[int, dict[tuple[int, int], Array]] = {}
    for i, j in pairs:
        d = table[i] - table[j]
        d = np.concatenate(([0.0], d[~np.isnan(d)]))
        by_size.setdefault(d.size, {})[i, j] = d
    found: dict[tuple[int, int], BayesianSignedRank] = {}
    for size, differences in by_size.items():
        weights = _dirichlet(size, samples, strength, seed)
        each = _of_one_size(np.stack(list(differences.values())), weights, rope, strength, keep_draws)
        found.update(zip(differences, each, strict=True))
    return {pair: found[pair] for pair in pairs}


def _dirichlet(size: int, samples: int, strength: float, seed: int) -> Array:
    rng = np.random.default_rng([seed, size])
    weights = np.empty((samples, size))
    weights[:, 0] = rng.standard_gamma(strength, samples)
    weights[:, 1:] = rng.standard_exponential((samples, size - 1))
    # Alone, the prior may underflow to 0 for a small strength: it then has all the mass all the same.
    total = weights.sum(axis=1, keepdims=True)
    weights[total[:, 0] == 0, 0] = 1.0
    return np.asarray(weights / np.where(total == 0, 1.0, total))


def _of_one_size(d: Array, weights: Array, rope: float, strength: float, keep_draws: bool) -> list[BayesianSignedRank]:
    """The posteriors of pairs that share their number of tasks: pairs x (1 + tasks) differences, 0 the first.

    The mass of a region is linear in the products w(i) w(j), i <= j, which all pairs share: one matrix product.
    """
    pairs, size = d.shape
    left, right = np.triu_indices(size)
    sums = d[:, left] + d[:, right]
    # A difference that equals the ROPE in the units shown must not leave it by rounding.
    edge = (2 * rope + 1e-12 * np.maximum(rope, np.abs(d).max(axis=1)))[:, None]
    regions = np.concatenate([sums < -edge, sums > edge]).astype(np.float64)
    times = np.where(left == right, 1.0, 2.0)
    draws = np.empty((pairs, len(weights) if keep_draws else 0, 3))
    most = np.zeros((3, pairs))
    for start in range(0, len(weights), BLOCK):
        block = weights[start : start + BLOCK].T
        masses = regions @ (times[:, None] * block[left] * block[right])
        first, second = masses[:pairs], masses[pairs:]
        parts = np.stack([first, np.clip(1.0 - first - second, 0.0, 1.0), second])
        leading = parts >= parts.max(axis=0) - 1e-12
        number = np.count_nonzero(leading, axis=0)
        most += (leading / number).sum(axis=2) if (number > 1).any() else np.count_nonzero(leading, axis=2)
        if keep_draws:
            draws[:, start : start + BLOCK] = parts.transpose(1, 2, 0)
    p_first, p_rope, p_second = (most / len(weights)).tolist()
    prior = np.concatenate(([strength], np.ones(size - 1)))
    total = prior.sum()
    products = times * (prior[left] * prior[right] + np.where(left == right, prior[left], 0.0)) / (total * (total + 1))
    below, above = np.split(regions @ products, 2)  # E[w(i) w(j)] in closed form
    means = np.stack([below, 1.0 - below - above, above], axis=1)
    return [
        BayesianSignedRank(p_first[place], p_rope[place], p_second[place], draws[place], means[place], rope, size - 1)
        for place in range(pairs)
    ]
