"""The average rank of each method among all, with intervals: fast enough for a whole curve."""

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked
from equipoise.reports.statistics.distributions import t_quantile
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["average_ranks"]


def average_ranks(values: npt.ArrayLike, level: float = 0.95) -> Estimate:
    """The rank a run of each method has, on average, among one run of every method; mean over tasks.

    rank(i) = 1 + sum over j != i of A(j, i), with A of `pairwise.a12`: all combinations of repeats are counted, so
    it does not matter which repeats carry the same number, and unequal repeats are used as they are. The variance is
    that of a U statistic by its structural components: over the runs r of i, of the expected number of methods that
    beat r; and for each j, over its runs, of the share of runs of i that they beat.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 1988. Intervals by the t distribution, kept within
    [1, methods]; degrees of freedom after Satterthwaite, Biometrics Bulletin 1946, on each task those of the method
    with the fewest repeats. Tasks are taken as given.

    Ties share ranks. One repeat of any method on a task: unbounded. One method: rank 1. Identical
    constant columns: the middle rank for all, with width 0. A task where a method has no repeat is left out for all (as
    `bootstrap.Aggregates.tasks_used` shows); without any, NaN.

    Args:
        values: methods x tasks x repeats, smaller is better, NaN for missing.
        level: Coverage of the intervals.

    Returns:
        One per method.
    """
    array = checked(values, "methods x tasks x repeats")
    k = len(array)
    ranks, variances, freedom, single = [], [], [], False
    for t in range(array.shape[1]):
        runs = [np.sort(row[~np.isnan(row)]) for row in array[:, t]]
        if not all(run.size for run in runs):
            continue
        rank, variance = _task(runs)
        ranks.append(rank)
        variances.append(variance)
        freedom.append(max(1, min(run.size for run in runs) - 1))
        single |= min(run.size for run in runs) == 1
    if not ranks:
        return Estimate(*(np.full(k, np.nan) for _ in range(3)))
    value = np.mean(ranks, axis=0)
    # No variance can be had from a single run.
    if single and k > 1:
        return Estimate(value, np.full(k, -np.inf), np.full(k, np.inf))
    total, loss = np.sum(variances, axis=0), np.sum(np.square(variances) / np.array(freedom)[:, None], axis=0)
    effective = np.where(loss > 0, total**2 / np.where(loss > 0, loss, 1.0), float(sum(freedom)))
    half = t_quantile(0.5 + level / 2, effective) * np.sqrt(total) / len(ranks)
    return Estimate(value, np.clip(value - half, 1, k), np.clip(value + half, 1, k))


def _task(runs: list[Array]) -> tuple[Array, Array]:
    everything = np.concatenate(runs)
    sizes = np.array([run.size for run in runs])
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    # Of each method j, for every run of all methods: the share of runs of j that are less, ties counting half.
    below = np.stack(
        [
            (np.searchsorted(run, everything, side="left") + np.searchsorted(run, everything, side="right"))
            / (2.0 * run.size)
            for run in runs
        ]
    )
    below[np.repeat(np.arange(len(runs)), sizes), np.arange(everything.size)] = 0.0  # not against itself
    beaten = below.sum(axis=0)
    rank = 1.0 + np.add.reduceat(beaten, starts) / sizes
    variance = _variance_of_mean(beaten[None], starts, sizes)[0] + _variance_of_mean(below, starts, sizes).sum(axis=1)
    return rank, variance


def _variance_of_mean(parts: Array, starts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> Array:
    """Variance of the mean of each method's runs, rows x methods; 0 for a single run."""
    means = np.add.reduceat(parts, starts, axis=1) / sizes
    deviations = (parts - np.repeat(means, sizes, axis=1)) ** 2
    return np.asarray(np.add.reduceat(deviations, starts, axis=1) / np.maximum(sizes - 1, 1) / sizes)
