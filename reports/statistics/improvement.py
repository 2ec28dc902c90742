"""Probability of improvement: a run of one method beats a run of another, with intervals."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, repeat_counts
from equipoise.reports.statistics.resampling import Estimate, Resampling, effective_strata, estimate

__all__ = ["probability_of_improvement"]


def probability_of_improvement(
    errors: npt.ArrayLike, *, resamples: int = 2_000, seed: int = 0, level: float = 0.95
) -> Estimate:
    """P(a run of the row has less error than a run of the column), mean over tasks, with intervals.

    The mean over tasks of `pairwise.a12`; stratified bootstrap in which each method has draws of its own, so that which
    repeats have the same number does not matter. Ties count half. Each pair stands on the tasks where both have a
    repeat; a pair without any is NaN. One repeat: the interval is [0, 1]. Where no runs overlap on any task, no
    resample differs from the estimate; the ends are then those of `_bound`.

    Source: Agarwal et al., NeurIPS 2021, section 4.3. Differs from it: intervals are widened for few repeats
    (`resampling.estimate`), and have a width where no runs overlap.

    Args:
        errors: methods x tasks x repeats, smaller is better, NaN for missing.
        resamples: Number of resamples.
        seed: Of the draws.
        level: Coverage of the intervals.

    Returns:
        methods x methods; 0.5 with an interval of width 0 on the diagonal.
    """
    array = checked(errors, "methods x tasks x repeats")
    k, number = len(array), array.shape[1]
    there = ~np.isnan(array)
    numbers = repeat_counts(array)
    resampling = Resampling(there, resamples, seed, paired=False)
    pairs = [(i, j, np.flatnonzero((numbers[i] > 0) & (numbers[j] > 0))) for i in range(k) for j in range(i + 1, k)]
    races = [_Race(array[:, t], there[:, t]) for t in range(number)]
    on = [[(place, i, j) for place, (i, j, tasks) in enumerate(pairs) if (tasks == t).any()] for t in range(number)]
    wins = np.full((len(pairs), number), np.nan)
    for t, race in enumerate(races):
        race.weigh([there[method, t][:, None].astype(np.float64) for method in range(k)])
        for place, i, j in on[t]:
            wins[place, t] = race.wins(i, j)[0]
    draws, squares = np.zeros((len(pairs), resampling.resamples)), np.zeros((len(pairs), number))
    for where, counts in resampling.blocks():
        for t, race in enumerate(races):
            race.weigh([counts[resampling.group_of_method[method], t] for method in range(k)])
            for place, i, j in on[t]:
                drawn = race.wins(i, j)
                draws[place, where] += drawn
                squares[place, t] += ((drawn - wins[place, t]) ** 2).sum()
    value, low, high = (np.full((k, k), 0.5) for _ in range(3))
    for place, (i, j, tasks) in enumerate(pairs):
        if not tasks.size:
            value[i, j] = low[i, j] = high[i, j] = np.nan
        else:
            least, strata = (
                np.minimum(numbers[i, tasks], numbers[j, tasks]).min(),
                effective_strata(squares[place, tasks]),
            )
            average, drawn = wins[place, tasks].mean(), draws[place] / tasks.size
            pair = estimate(average, drawn, least, strata, level, within=(0.0, 1.0))
            value[i, j], low[i, j], high[i, j] = float(pair.value), float(pair.low), float(pair.high)
            if not squares[place, tasks].any():
                share, both = wins[place, tasks], np.minimum(numbers[i, tasks], numbers[j, tasks])
                low[i, j] = min(low[i, j], _bound(share, both, level))
                high[i, j] = max(high[i, j], 1 - _bound(1 - share, both, level))
        value[j, i], low[j, i], high[j, i] = 1 - value[i, j], 1 - high[i, j], 1 - low[i, j]
    return Estimate(value, low, high)


def _bound(share: Array, repeats: npt.NDArray[np.int64], level: float) -> float:
    """The least mean probability over tasks under which runs that never overlap are as little likely as an end allows.

    If all runs of a task are won, so are its races of runs with the same number: n of them, on all such tasks together.
    Their probability is at most the n-th power of the mean, by the inequality of the means.

    Args:
        share: Of runs that were won on each task: 0, 1, or 0.5 where all tie.
        repeats: The lesser number of repeats on each.
        level: Coverage aimed at.
    """
    won = share == 1
    least = ((1 - level) / 2) ** (1 / repeats[won].sum()) if won.any() else 0.0
    return float((least * won.sum() + share[~won].sum()) / share.size)


class _Race:
    """The runs of all methods on one task, which beat each other with any weights.

    With the runs of a method in order, the weight of those below any run is a difference of cumulative weights: a pair
    of n runs each costs n operations for each draw, not n^2.

    Args:
        errors: methods x repeats.
        there: methods x repeats: which of them exist.
    """

    def __init__(self, errors: Array, there: npt.NDArray[np.bool_]) -> None:
        self._runs = [np.flatnonzero(row) for row in there]
        self._errors = [row[runs] for row, runs in zip(errors, self._runs, strict=True)]
        self._orders = [np.argsort(row, kind="stable") for row in self._errors]
        self._sorted = [row[order] for row, order in zip(self._errors, self._orders, strict=True)]
        self._places = cache(self._placed)

    def weigh(self, weights: Sequence[Array]) -> None:
        """Sets the weights of the runs of each method: repeats x draws."""
        self._weights = [weight[runs] for weight, runs in zip(weights, self._runs, strict=True)]
        self._below = []
        for weight, order in zip(self._weights, self._orders, strict=True):
            below = np.zeros((len(order) + 1, weight.shape[1]))
            np.cumsum(weight[order], axis=0, out=below[1:])
            self._below.append(below)

    def wins(self, first: int, second: int) -> Array:
        """P(first < second) + P(equal) / 2 in each draw."""
        less, no_more = self._places(first, second)
        weight, below = self._weights[first], self._below[second]
        beaten = 2 * below[less] if less is no_more else below[less] + below[no_more]
        ahead, total = weight.sum(axis=0), below[-1]
        # Whole numbers up to the division: exact.
        margin = ahead * total - (weight * beaten).sum(axis=0)
        return np.asarray(0.5 + 0.5 * margin / (ahead * total))

    def _placed(self, first: int, second: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Numbers of runs of the second method that are less than each of the first, and that are no more."""
        less, no_more = (np.searchsorted(self._sorted[second], self._errors[first], side) for side in ("left", "right"))
        return (less, less) if np.array_equal(less, no_more) else (less, no_more)
