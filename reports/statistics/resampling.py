"""Resampling the repeats: the draws that all bootstrap intervals stand on, and the intervals."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, repeat_counts, task_means
from equipoise.reports.statistics.distributions import normal_quantile, t_quantile

__all__ = [
    "Estimate",
    "Resampling",
    "effective_strata",
    "estimate",
    "mean_variances",
    "resample_averages",
    "resample_means",
    "widening",
]

_Item = TypeVar("_Item", bound=np.generic)


@dataclass(frozen=True)
class Estimate:
    """Estimates with their intervals, all of one shape. NaN where there is no data; unbounded with one repeat.

    Attributes:
        value: What was estimated.
        low: Lower end.
        high: Upper end.
    """

    value: Array
    low: Array
    high: Array


class Resampling:
    """Stratified draws of repeats, paired or not.

    A resample draws, on each task on its own (stratified), as many repeats as there are, with replacement. All methods
    that have the same repeats on a task share the draw (paired), so that what repeats have in common (shared initial
    designs) cancels in differences. A method with other repeats on a task than the rest has draws of its own there,
    from what it has: valid, since repeats are independent, and only the pairing is lost. Unpaired, every method has
    draws of its own.

    Args:
        present: methods x tasks x repeats: which values exist.
        resamples: How many resamples; fewer where so many repeats would take more than `MOST_DRAWN` draws, but 1,000
            at least, after which the ends of an interval are known to 4 % of its width.
        seed: Same seed, same draws.
        paired: Whether methods share draws.

    Attributes:
        resamples: How many there are.
    """

    def __init__(self, present: npt.NDArray[np.bool_], resamples: int, seed: int, paired: bool = True) -> None:
        if resamples < 1:
            raise ValueError(f"resamples must be >= 1; got {resamples}")
        self._seed, self._paired = seed, paired
        methods, self.tasks, self.repeats = present.shape
        affordable = MOST_DRAWN // max(1, self.tasks * self.repeats)
        self.resamples = min(resamples, max(LEAST_RESAMPLES, affordable))
        self._present, self._shape = present.tobytes(), (methods, self.tasks, self.repeats)
        own = np.arange(methods)
        self._patterns = [_distinct_rows(row) if paired else (row, own) for row in present.transpose(1, 0, 2)]
        of_task = np.array([inverse for _, inverse in self._patterns]).T.reshape(methods, self.tasks)
        self._groups, self.group_of_method = _distinct_rows(of_task.astype(">u2"))

    def blocks(self) -> Iterator[tuple[slice, Array]]:
        """Yields the draws in blocks that fit a processor's cache.

        Yields:
            The slice of resamples, and the counts, groups x tasks x repeats x block: how often each repeat was drawn
            for the methods of a group (`group_of_method`).
        """
        size = self.resamples * len(self._groups) * self.tasks * self.repeats
        key = (self._present, self._shape, self.resamples, self._seed, self._paired)
        for where, counts in _kept(*key) if size <= KEPT_BYTES else self.fresh_blocks():
            yield where, counts.astype(np.float64)

    def fresh_blocks(self) -> Iterator[tuple[slice, npt.NDArray[np.uint16]]]:
        """The same, drawn afresh and as whole numbers."""
        rng = np.random.default_rng(self._seed)
        size = int(np.clip(2**18 // max(1, self.tasks * self.repeats), 16, 4096))
        cells: dict[int, list[tuple[int, int, npt.NDArray[np.intp]]]] = {}  # by the number of repeats there
        for t, (patterns, _) in enumerate(self._patterns):
            for number, pattern in enumerate(patterns):
                there = np.flatnonzero(pattern)
                if there.size:
                    cells.setdefault(there.size, []).append((t, number, there))
        for start in range(0, self.resamples, size):
            width = min(size, self.resamples - start)
            counts = np.zeros((len(self._groups), self.tasks, self.repeats, width), dtype=np.uint16)
            for count, members in cells.items():
                drawn = _draw(len(members), count, width, rng)
                for (t, number, there), each in zip(members, drawn, strict=True):
                    for group in np.flatnonzero(self._groups[:, t] == number).tolist():
                        counts[group, t, there] = each
            yield slice(start, start + width), counts


def _distinct_rows(rows: npt.NDArray[_Item]) -> tuple[npt.NDArray[_Item], npt.NDArray[np.int64]]:
    """The distinct rows in the order of their bytes, and the place of each row among them."""
    texts = [row.tobytes() for row in np.ascontiguousarray(rows)]
    places = {text: place for place, text in enumerate(sorted(set(texts)))}
    distinct = np.frombuffer(b"".join(places), dtype=rows.dtype).reshape(len(places), *rows.shape[1:])
    return distinct, np.array([places[text] for text in texts], dtype=np.int64)


KEPT_BYTES = 2**26
"""Draws up to this many bytes are kept: the statistics of a report ask for the same ones again and again."""
MOST_DRAWN = 2**25
"""Repeats drawn for one group of methods: 10,000 resamples of 12 tasks with 250 repeats each."""
LEAST_RESAMPLES = 1_000


@lru_cache(maxsize=6)
def _kept(
    present: bytes, shape: tuple[int, int, int], resamples: int, seed: int, paired: bool
) -> tuple[tuple[slice, npt.NDArray[np.uint8]], ...]:
    pattern = np.frombuffer(present, dtype=np.bool_).reshape(shape)
    blocks = Resampling(pattern, resamples, seed, paired).fresh_blocks()
    # More than 255 of one repeat in a resample: a chance of 10^-500.
    return tuple((where, counts.astype(np.uint8)) for where, counts in blocks)


def _draw(cells: int, count: int, width: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Counts of each of `count` repeats in as many draws: cells x count x width."""
    picks = rng.integers(count, size=(cells, count, width), dtype=np.uint16).astype(np.intp)
    picks *= width
    picks += np.arange(width)
    picks += (np.arange(cells) * (count * width))[:, None, None]
    return np.bincount(picks.reshape(-1), minlength=cells * count * width).reshape(cells, count, width)


def resample_means(values: npt.ArrayLike, resamples: int = 50_000, seed: int = 0) -> Array:
    """Bootstrap draws of the mean over repeats.

    Args:
        values: methods x tasks x repeats, NaN for missing.
        resamples: Number of resamples.
        seed: Of the draws.

    Returns:
        resamples (`Resampling.resamples`) x methods x tasks; NaN where a method has no repeat on a task.
    """
    array = checked(values, "methods x tasks x repeats")
    filled = np.where(np.isnan(array), 0.0, array)
    number = repeat_counts(array)
    draws = Resampling(~np.isnan(array), resamples, seed)
    means = np.empty((draws.resamples, *number.shape))
    for where, counts in draws.blocks():
        for group in range(len(counts)):
            members = np.flatnonzero(draws.group_of_method == group)
            # Stacked products, one per task: methods x repeats times repeats x block.
            totals = filled[members].transpose(1, 0, 2) @ counts[group]
            means[where, members] = totals.transpose(2, 1, 0)
    with np.errstate(invalid="ignore"):
        means /= number
    return means


def resample_averages(
    values: npt.ArrayLike, resamples: int = 50_000, seed: int = 0, weights: npt.ArrayLike | None = None
) -> Array:
    """Bootstrap draws of the mean over tasks of the mean over repeats, by the same draws as `resample_means`.

    Args:
        values: methods x tasks x repeats, NaN for missing; every method has a repeat on every task.
        resamples: Number of resamples.
        seed: Of the draws.
        weights: Of the tasks, which add up to 1; the same for all by default.

    Returns:
        resamples (`Resampling.resamples`) x methods.
    """
    array = checked(values, "methods x tasks x repeats")
    shares = np.full(array.shape[1], 1.0 / max(1, array.shape[1])) if weights is None else np.asarray(weights)
    weighted = np.where(np.isnan(array), 0.0, array / repeat_counts(array)[:, :, None]) * shares[:, None]
    draws = Resampling(~np.isnan(array), resamples, seed)
    averages = np.empty((draws.resamples, len(array)))
    for where, counts in draws.blocks():
        for group, count in enumerate(counts):
            members = np.flatnonzero(draws.group_of_method == group)
            flat = weighted[members].reshape(members.size, -1)
            averages[where, members] = (flat @ count.reshape(flat.shape[1], -1)).T
    return averages


def effective_strata(variances: npt.ArrayLike) -> Array:
    """Number of strata that an average effectively has: (sum of v)^2 / sum of v^2, at most all.

    A mean over twelve tasks that two of them dominate, by their weight or their spread, is known as well as a mean over
    two: its t interval has about 2 (n - 1) degrees of freedom. Strata that do not vary do not count; where none does,
    all count.

    Source: Satterthwaite, Biometrics Bulletin 1946, for equal repeats.

    Args:
        variances: anything x strata: what each contributes to the variance of the average, squared weight included.
    """
    parts = np.nan_to_num(np.asarray(variances, dtype=np.float64))
    squares = (parts**2).sum(axis=-1)
    ratio = parts.sum(axis=-1) ** 2 / np.where(squares > 0, squares, 1.0)
    return np.asarray(np.where(squares > 0, ratio, float(parts.shape[-1])))


def mean_variances(values: npt.ArrayLike) -> Array:
    """Variance of each mean over repeats: methods x tasks, of methods x tasks x repeats; 0 for a single repeat."""
    array = checked(values, "methods x tasks x repeats")
    count = repeat_counts(array)
    squares = np.where(np.isnan(array), 0.0, (array - task_means(array)[:, :, None]) ** 2).sum(axis=-1)
    return np.asarray(squares / np.maximum(count - 1, 1) / np.maximum(count, 1))


def widening(repeats: npt.ArrayLike, strata: npt.ArrayLike = 1, level: float = 0.95) -> Array:
    """Factor by which a bootstrap interval must be wider than its percentiles to cover as a t interval does.

    t(q; strata (n - 1)) / z(q) * sqrt(n / (n - 1)) with q = (1 + level) / 2: the bootstrap of n repeats in each of some
    strata has a variance short by (n - 1) / n, and makes no allowance for having estimated it. 1 for many repeats,
    infinity for one.

    Source: the two causes of narrow intervals in Hesterberg, What Teachers Should Know About the Bootstrap, The
    American Statistician 2015, section 4. He moves the percentiles outwards; here their distance from the estimate is
    scaled, because with few repeats the outer percentiles are bounded by the extreme runs.

    Args:
        repeats: n, the least number of repeats in a stratum.
        strata: Number of strata (tasks) that the estimate averages over, best the effective one (`effective_strata`).
        level: Coverage aimed at.
    """
    n, groups = np.broadcast_arrays(np.asarray(repeats, dtype=np.float64), np.asarray(strata, dtype=np.float64))
    some = np.maximum(n - 1, 1)
    critical = t_quantile(0.5 + level / 2, np.maximum(groups, 1) * some)
    factor = critical / normal_quantile(0.5 + level / 2) * np.sqrt((some + 1) / some)
    return np.asarray(np.where(n > 1, factor, np.inf))


def estimate(
    value: npt.ArrayLike,
    draws: Array,
    repeats: npt.ArrayLike,
    strata: npt.ArrayLike = 1,
    level: float = 0.95,
    within: tuple[float, float] = (-np.inf, np.inf),
) -> Estimate:
    """An estimate with its percentile interval, widened for few repeats by `widening`.

    Errors as skewed as an exponential distribution cover 93 % on one task with 30 repeats, and with 5 repeats 87 % on
    one task and 92 % over four (``python -m studies.calibration``): read intervals of few repeats with that in mind.

    Args:
        value: The estimate.
        draws: resamples x the shape of `value`.
        repeats: Least number of repeats in a stratum.
        strata: Number of strata (tasks) that are averaged over, best the effective one (`effective_strata`).
        level: Coverage aimed at.
        within: Bounds of what is estimated; the interval does not leave them, even where it is unbounded.
    """
    point = np.asarray(value, dtype=np.float64)
    factor = np.broadcast_to(widening(repeats, strata, level), point.shape)
    ends = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2], axis=0) - point
    unbounded = np.isinf(factor) & ~np.isnan(point)
    low, high = point + np.where(np.isinf(factor), 0.0, factor) * ends
    low, high = np.where(unbounded, -np.inf, low), np.where(unbounded, np.inf, high)
    return Estimate(point, np.asarray(np.clip(low, *within)), np.asarray(np.clip(high, *within)))
