"""The arrays that every procedure takes, and what may stand in them."""

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "checked", "midranks", "repeat_counts", "task_means"]

Array = npt.NDArray[np.float64]


def checked(values: npt.ArrayLike, axes: str) -> Array:
    """Makes a float array of the stated axes. NaN is a missing value; an infinite one is refused.

    An infinite error would decide every mean alone and has no place in an interval: whoever loads the data says first
    what it means (a failed run is missing; a diverged architecture has its task's penalty).

    Args:
        values: Numbers.
        axes: Names of the axes, for example ``methods x tasks``.

    Raises:
        ValueError: Another number of axes, or an infinite value.
    """
    array = np.array(values, dtype=np.float64)
    if array.ndim != axes.count(" x ") + 1:
        raise ValueError(f"expected an array of {axes}, got shape {array.shape}")
    if np.isinf(array).any():
        where = tuple(int(place) for place in np.argwhere(np.isinf(array))[0])
        raise ValueError(f"an array of {axes} must not hold infinite values; the first is at {where}")
    return array


def repeat_counts(values: Array) -> npt.NDArray[np.int64]:
    """Number of repeats of each method on each task: methods x tasks, of methods x tasks x repeats."""
    return np.asarray(np.count_nonzero(~np.isnan(values), axis=-1))


def task_means(values: npt.ArrayLike) -> Array:
    """Mean over the repeats that are there: methods x tasks; NaN only where a method has no repeat on a task."""
    array = checked(values, "methods x tasks x repeats")
    count = repeat_counts(array)
    total = np.where(np.isnan(array), 0.0, array).sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def midranks(values: npt.ArrayLike) -> Array:
    """Ranks along the first axis: 1 for the smallest, ties share the mean of their ranks, NaN stays NaN.

    Args:
        values: methods x anything.

    Returns:
        Ranks among the values that are there, in the same shape.
    """
    array = np.asarray(values, dtype=np.float64)
    ranks = np.full(array.shape, 0.5)
    for other in array:
        ranks += other < array
        ranks += 0.5 * (other == array)
    ranks[np.isnan(array)] = np.nan
    return ranks
