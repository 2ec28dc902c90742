"""Weighted sums of the means of methods over tasks, with intervals."""

import numpy.typing as npt

from equipoise.reports.statistics.arrays import checked, repeat_counts, task_means
from equipoise.reports.statistics.resampling import (
    Estimate,
    effective_strata,
    estimate,
    mean_variances,
    resample_averages,
)

__all__ = ["estimated_contrast"]


def estimated_contrast(
    values: npt.ArrayLike,
    coefficients: npt.ArrayLike,
    weights: npt.ArrayLike,
    *,
    resamples: int = 50_000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """A contrast of methods, averaged over tasks, with its stratified paired bootstrap interval.

    Args:
        values: methods x tasks x repeats, NaN for missing; every method has a repeat on every task.
        coefficients: Of the methods.
        weights: Of the tasks, which add up to 1.
        resamples: Number of resamples.
        seed: Of the draws.
        level: Coverage of the interval.
    """
    array = checked(values, "methods x tasks x repeats")
    signs, shares = checked(coefficients, "methods"), checked(weights, "tasks")
    draws = resample_averages(array, resamples, seed, shares) @ signs
    strata = effective_strata(signs**2 @ mean_variances(array) * shares**2)
    return estimate(task_means(array) @ shares @ signs, draws, repeat_counts(array).min(), strata, level)
