"""Aggregates over tasks with bootstrap intervals: means, interquartile means, gaps, profiles."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, repeat_counts, task_means
from equipoise.reports.statistics.resampling import (
    Estimate,
    Resampling,
    effective_strata,
    estimate,
    mean_variances,
    resample_averages,
)

__all__ = ["Aggregates", "aggregate", "normalise", "performance_profiles"]


@dataclass(frozen=True)
class Aggregates:
    """Aggregate scores of the methods, with intervals.

    Attributes:
        mean: methods: the mean over tasks of the means.
        iqm: methods: interquartile mean of all runs, every task weighing the same.
        gap: methods: optimality gap, the mean of max(target - score, 0).
        tasks_used: tasks: those that `mean`, `iqm` and `gap` stand on: where every method has a repeat.
    """

    mean: Estimate
    iqm: Estimate
    gap: Estimate
    tasks_used: npt.NDArray[np.bool_]


def normalise(errors: npt.ArrayLike, random_mean: npt.ArrayLike, optimum: npt.ArrayLike) -> Array:
    """Scores on which tasks can be averaged: 0 for the mean of random search at that budget, 1 for the optimum.

    score = (random_mean - error) / (random_mean - optimum), larger is better; negative is worse than random search.

    Args:
        errors: methods x tasks x repeats.
        random_mean: tasks, `random_search.ExactRandomSearch.mean` at the budget.
        optimum: tasks, least error.

    Returns:
        Scores in the shape of `errors`; NaN on a task where random search is sure to reach the optimum (or where either
        is NaN, unknown): it has no scale, and `Aggregates.tasks_used` shows that it was left out.
    """
    array = checked(errors, "methods x tasks x repeats")
    scale = checked(random_mean, "tasks") - checked(optimum, "tasks")
    usable = scale > 0
    scores = (checked(random_mean, "tasks")[:, None] - array) / np.where(usable, scale, 1.0)[:, None]
    return np.where(usable[:, None], scores, np.nan)


def aggregate(
    scores: npt.ArrayLike, *, target: float = 1.0, resamples: int = 50_000, seed: int = 0, level: float = 0.95
) -> Aggregates:
    """Means, interquartile means and optimality gaps of all methods, with stratified paired bootstrap intervals.

    The interquartile mean cuts a quarter of the weight from each end of all runs pooled over tasks, through the middle
    of a run where a quarter falls there (equal to scipy's `trim_mean` where it does not). With equal repeats this is
    the aggregate of Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical Precipice, NeurIPS 2021,
    section 4; with unequal ones each run weighs 1 / (repeats of the method on the task).

    Differs from the paper: methods share their draws (`resampling.Resampling`), and the intervals are widened
    for small numbers of repeats (`resampling.widening`). The tasks are taken as given: the intervals say what other
    seeds would do, not other tasks.

    Ties and constant columns need no care (an interval of width 0). One task or one method: defined. One repeat: the
    interval is unbounded. A task where a method has no repeat is left out of what is averaged over tasks, for all
    methods, and shown in `tasks_used`; without any complete task the averages are NaN.

    Args:
        scores: methods x tasks x repeats, NaN for missing. In a common unit (`normalise`).
        target: Score that counts as solved, for the gap; larger is better there.
        resamples: Number of resamples.
        seed: Of the draws.
        level: Coverage of the intervals.
    """
    array = checked(scores, "methods x tasks x repeats")
    counts = repeat_counts(array)
    used = np.asarray((counts > 0).all(axis=0))
    kept = array[:, used]
    if not used.any() or not len(kept):
        nothing = Estimate(*(np.full(len(kept), np.nan) for _ in range(3)))
        return Aggregates(nothing, nothing, nothing, used)
    least, short, middle = counts[:, used].min(axis=1), np.maximum(target - kept, 0.0), _middle_half(kept)
    mean, iqm, gap = (
        estimate(value, draws, least, effective_strata(mean_variances(runs)), level)
        for value, draws, runs in (
            (task_means(kept).mean(axis=1), resample_averages(kept, resamples, seed), kept),
            (_iqm(kept), _resample_iqm(kept, resamples, seed), middle),
            (task_means(short).mean(axis=1), resample_averages(short, resamples, seed), short),
        )
    )
    return Aggregates(mean, iqm, gap, used)


def _middle_half(values: Array) -> Array:
    """The runs drawn in to the quartiles of all runs of a method: the variance of these is that of a trimmed mean.

    Source: Tukey and McLaughlin, Sankhya A 1963.
    """
    ends = np.nanquantile(values, [0.25, 0.75], axis=(1, 2))[..., None, None]
    return np.asarray(np.clip(values, *ends))


def _iqm(values: Array) -> Array:
    """Interquartile means, methods, of complete tasks."""
    weights = np.where(np.isnan(values), 0.0, 1.0 / repeat_counts(values)[:, :, None]) / values.shape[1]
    return np.array(
        [_trimmed(row.reshape(-1), weight.reshape(-1, 1))[0] for row, weight in zip(values, weights, strict=True)]
    )


def _resample_iqm(values: Array, resamples: int, seed: int) -> Array:
    numbers = repeat_counts(values)
    draws = Resampling(~np.isnan(values), resamples, seed)
    result = np.empty((draws.resamples, len(values)))
    for where, counts in draws.blocks():
        for group, count in enumerate(counts):
            members = np.flatnonzero(draws.group_of_method == group)
            weights = count / (numbers[members[0]] * values.shape[1])[:, None, None]
            flat = weights.reshape(-1, weights.shape[-1])
            for m in members:
                result[where, m] = _trimmed(values[m].reshape(-1), flat)
    return result


def _trimmed(values: Array, weights: Array) -> Array:
    """Means of the middle half of the weight: values n, weights n x draws that add up to 1; one per draw.

    With C(j) the cumulative weight in sorted order, clipped to [1/4, 3/4], the mean is
    2 * sum_j x(j) (C(j) - C(j - 1)), summed by parts.
    """
    order = np.argsort(values)
    order = order[~np.isnan(values[order])]
    ordered = values[order]
    cumulative = np.cumsum(weights[order[:-1]], axis=0)
    np.clip(cumulative, 0.25, 0.75, out=cumulative)
    return np.asarray(2 * (0.75 * ordered[-1] - 0.25 * ordered[0] - np.diff(ordered) @ cumulative))


def performance_profiles(
    scores: npt.ArrayLike, thresholds: npt.ArrayLike, *, resamples: int = 2_000, seed: int = 0, level: float = 0.95
) -> Estimate:
    """Share of runs whose score exceeds each threshold, mean over tasks, with pointwise bands.

    Source: Dolan and More, Mathematical Programming 2002; in this form (of runs, not of means) Agarwal et al., NeurIPS
    2021, section 4.2. Tasks where a method has no repeat are left out for all methods; without any, all is NaN. A
    profile stands on shares, so its band has width 0 where all runs are on one side.

    Args:
        scores: methods x tasks x repeats, larger is better, NaN for missing.
        thresholds: Scores, in one dimension.
        resamples: Number of resamples.
        seed: Of the draws.
        level: Pointwise coverage of the bands.

    Returns:
        methods x thresholds.
    """
    array = checked(scores, "methods x tasks x repeats")
    levels = checked(thresholds, "thresholds")
    counts = repeat_counts(array)
    used = np.asarray((counts > 0).all(axis=0))
    shape = (len(array), levels.size)
    if not used.any():
        return Estimate(*(np.full(shape, np.nan) for _ in range(3)))
    kept = array[:, used]
    above = (kept[:, None] > levels[:, None, None]).astype(np.float64)
    above[np.broadcast_to(np.isnan(kept)[:, None], above.shape)] = np.nan
    rows = above.reshape(-1, *kept.shape[1:])
    least = np.repeat(counts[:, used].min(axis=1), levels.size)
    draws, strata = resample_averages(rows, resamples, seed), effective_strata(mean_variances(rows))
    bands = estimate(task_means(rows).mean(axis=1), draws, least, strata, level, within=(0.0, 1.0))
    return Estimate(*(part.reshape(shape) for part in (bands.value, bands.low, bands.high)))
