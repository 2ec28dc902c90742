"""The Bayesian signed-rank test: probability that one method is better in practice."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked

__all__ = ["LEAST_TASKS", "BayesianSignedRank", "bayesian_all_pairs", "bayesian_signed_rank"]

LEAST_TASKS = 3
"""With fewer tasks the posterior is mostly the prior, which lies in the ROPE: no probability should be read from it."""
BLOCK = 10_000
"""Posterior draws handled at once; results do not depend on it."""


@dataclass(frozen=True)
class BayesianSignedRank:
    """The posterior of one pair.

    Attributes:
        p_first: Probability that the first method is better by more than the ROPE: the share of draws in which that
            region holds the most mass.
        p_rope: Probability that the two are equivalent in practice.
        p_second: Probability that the second method is better by more than the ROPE.
        draws: samples x 3 points of the simplex (first, rope, second), for the triangle.
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
    return _posteriors(pair, [(0, 1)], rope, samples, prior_strength, seed)[0, 1]


def bayesian_all_pairs(
    errors: npt.ArrayLike, rope: float, *, samples: int = 50_000, prior_strength: float = 0.5, seed: int = 0
) -> dict[tuple[int, int], BayesianSignedRank]:
    """The posteriors of all pairs (i, j), i < j, by `bayesian_signed_rank`; pairs with equal tasks share their draws.

    Args:
        errors: methods x tasks, smaller is better, NaN for missing; usually `arrays.task_means`.
        rope: Half width of the region of practical equivalence.
        samples: Posterior draws.
        prior_strength: s > 0.
        seed: Of the draws.
    """
    table = checked(errors, "methods x tasks")
    pairs = [(i, j) for i in range(len(table)) for j in range(i + 1, len(table))]
    return _posteriors(table, pairs, rope, samples, prior_strength, seed)


def _posteriors(
    table: Array, pairs: list[tuple[int, int]], rope: float, samples: int, strength: float, seed: int
) -> dict[tuple[int, int], BayesianSignedRank]:
    if not rope >= 0 or not np.isfinite(rope):
        raise ValueError(f"the ROPE is a finite half width >= 0; got {rope}")
    if samples < 1 or not strength > 0:
        raise ValueError(f"samples must be >= 1 and prior_strength > 0; got {samples} and {strength}")
    weights: dict[int, Array] = {}
    results = {}
    for i, j in pairs:
        d = table[i] - table[j]
        d = np.concatenate(([0.0], d[~np.isnan(d)]))
        if d.size not in weights:
            weights[d.size] = _dirichlet(d.size, samples, strength, seed)
        results[i, j] = _posterior(d, weights[d.size], rope, strength)
    return results


def _dirichlet(size: int, samples: int, strength: float, seed: int) -> Array:
    rng = np.random.default_rng([seed, size])
    weights = np.empty((samples, size))
    weights[:, 0] = rng.standard_gamma(strength, samples)
    weights[:, 1:] = rng.standard_exponential((samples, size - 1))
    # Alone, the prior may underflow to 0 for a small strength: it then has all the mass all the same.
    total = weights.sum(axis=1, keepdims=True)
    weights[total[:, 0] == 0, 0] = 1.0
    return np.asarray(weights / np.where(total == 0, 1.0, total))


def _posterior(d: Array, weights: Array, rope: float, strength: float) -> BayesianSignedRank:
    sums = d[:, None] + d[None, :]
    # A difference that equals the ROPE in the units shown must not leave it by rounding.
    edge = 2 * rope + 1e-12 * max(rope, float(np.abs(d).max()))
    first, second = (sums < -edge).astype(np.float64), (sums > edge).astype(np.float64)
    draws = np.empty((len(weights), 3))
    for start in range(0, len(weights), BLOCK):
        block = weights[start : start + BLOCK]
        draws[start : start + BLOCK, 0] = np.einsum("ij,ij->i", block @ first, block)
        draws[start : start + BLOCK, 2] = np.einsum("ij,ij->i", block @ second, block)
    draws[:, 1] = np.clip(1.0 - draws[:, 0] - draws[:, 2], 0.0, 1.0)
    most = draws >= draws.max(axis=1, keepdims=True) - 1e-12
    p_first, p_rope, p_second = (most / most.sum(axis=1, keepdims=True)).mean(axis=0).tolist()
    prior = np.concatenate(([strength], np.ones(d.size - 1)))
    total = prior.sum()
    pairs = (np.outer(prior, prior) + np.diag(prior)) / (total * (total + 1))  # E[w(i) w(j)]
    left, right = float((pairs * first).sum()), float((pairs * second).sum())
    mean = np.array([left, 1.0 - left - right, right])
    return BayesianSignedRank(p_first, p_rope, p_second, draws, mean, rope, d.size - 1)
