"""Probability of improvement: a run of one method beats a run of another, with intervals."""

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, repeat_counts
from equipoise.reports.statistics.resampling import Estimate, PairedResampling, estimate

__all__ = ["probability_of_improvement"]


def probability_of_improvement(
    errors: npt.ArrayLike, *, resamples: int = 2_000, seed: int = 0, level: float = 0.95
) -> Estimate:
    """P(a run of the row has less error than a run of the column), mean over tasks, with intervals.

    The mean over tasks of `pairwise.a12`; stratified paired bootstrap. Ties count half. Each pair stands on the tasks
    where both have a repeat; a pair without any is NaN. One repeat: the interval is [0, 1]. Two methods whose runs
    never overlap have an interval of width 0 at 0 or 1: the resamples never overlap either.

    Source: Agarwal et al., NeurIPS 2021, section 4.3.

    Args:
        errors: methods x tasks x repeats, smaller is better, NaN for missing.
        resamples: Number of resamples; one costs O(repeats^2) for each task and pair.
        seed: Of the draws.
        level: Coverage of the intervals.

    Returns:
        methods x methods; 0.5 with an interval of width 0 on the diagonal.
    """
    array = checked(errors, "methods x tasks x repeats")
    k = len(array)
    numbers = repeat_counts(array)
    filled = np.where(np.isnan(array), 0.0, array)
    pairing = PairedResampling(~np.isnan(array), resamples, seed)
    pairs = [(i, j, np.flatnonzero((numbers[i] > 0) & (numbers[j] > 0))) for i in range(k) for j in range(i + 1, k)]
    draws = np.zeros((resamples, len(pairs)))
    for where, counts in pairing.blocks():
        for place, (i, j, tasks) in enumerate(pairs):
            first, second = counts[pairing.group_of_method[i]], counts[pairing.group_of_method[j]]
            for t in tasks:
                draws[where, place] += _wins(filled[i, t], filled[j, t], first[t], second[t]) / tasks.size
    value, low, high = (np.full((k, k), 0.5) for _ in range(3))
    for place, (i, j, tasks) in enumerate(pairs):
        if not tasks.size:
            value[i, j] = low[i, j] = high[i, j] = np.nan
        else:
            there = ~np.isnan(array)
            wins = np.mean([_wins(filled[i, t], filled[j, t], there[i, t], there[j, t]) for t in tasks])
            least = np.minimum(numbers[i, tasks], numbers[j, tasks]).min()
            pair = estimate(wins, draws[:, place], least, tasks.size, level, within=(0.0, 1.0))
            value[i, j], low[i, j], high[i, j] = float(pair.value), float(pair.low), float(pair.high)
        value[j, i], low[j, i], high[j, i] = 1 - value[i, j], 1 - high[i, j], 1 - low[i, j]
    return Estimate(value, low, high)


def _wins(first: Array, second: Array, of_first: npt.NDArray[np.generic], of_second: npt.NDArray[np.generic]) -> Array:
    """P(first < second) + P(equal) / 2 under counts repeats x draws (or repeats) of each run."""
    beats = np.sign(second[None, :] - first[:, None])
    total = of_first.sum(axis=0, dtype=np.float64) * of_second.sum(axis=0, dtype=np.float64)
    return np.asarray(0.5 + 0.5 * (of_first * (beats @ of_second)).sum(axis=0) / total)
