"""Effects in queries: the number of random-search queries that a method is worth."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.reports.random_search import ExactRandomSearch
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["LogQueries", "equivalent_queries", "queries_to_level"]


class LogQueries:
    """Turns mean errors into the natural logarithm of the queries that random search needs for them; larger is better.

    For whole arrays of bootstrap draws: the expectation of each baseline is tabulated on whole numbers 2 % apart and
    inverted by interpolation of log N, which agrees with `ExactRandomSearch.queries_to_reach` to about one part in
    10,000. At most log M (the optimum, without replacement) or log(100 M) (with it), at least 0.

    As the `scale` of `families.compare_families` it makes the effect the logarithm of a ratio of queries, and the
    family mean a geometric one. Mind the sign: an effect above 0 then favours the first family.

    Args:
        baselines: One per task.
    """

    def __init__(self, baselines: Sequence[ExactRandomSearch]) -> None:
        self._tables: list[tuple[Array, Array]] = []
        for baseline in baselines:
            most = baseline.size * (100 if baseline.replacement else 1)
            steps = int(np.ceil(np.log(most) / np.log(1.02))) + 2
            queries = np.unique(np.rint(np.geomspace(1, most, steps)).astype(np.int64))
            levels, first = np.unique(baseline.mean(queries), return_index=True)  # where the level stays, the least N
            self._tables.append((levels, np.log(queries[first])))

    def __call__(self, errors: Array) -> Array:
        """Log queries of errors, anything x tasks; NaN stays NaN."""
        result = np.empty_like(errors)
        for task, (levels, logs) in enumerate(self._tables):
            result[..., task] = np.interp(errors[..., task], levels, logs)
        return result


def equivalent_queries(means: Estimate, baseline: ExactRandomSearch) -> Estimate:
    """Queries that random search needs to match a method on a task, with the interval of the mean.

    The expectation of random search falls with N, so the ends of the interval are those of the mean, changed over.
    Divided by the method's own budget this is its speed-up; below 1, random search is the faster.

    Args:
        means: Mean errors of one task in any shape (not regrets), with intervals.
        baseline: The task's.

    Returns:
        Real numbers of queries: 1 at least, infinity where random search cannot get there. Unbounded where the mean is:
        a single run has no interval.
    """
    unbounded = np.isinf(means.high)  # the lower end may be known: errors start at 0
    low, high = baseline.queries_to_reach(means.high), baseline.queries_to_reach(means.low)
    return Estimate(
        baseline.queries_to_reach(means.value),
        np.where(unbounded, -np.inf, low),
        np.where(unbounded, np.inf, high),
    )


def queries_to_level(curve: npt.ArrayLike, level: npt.ArrayLike) -> Array:
    """After how many queries a curve of mean errors first reaches a level, such as random search's at full budget.

    Linear between whole queries. The curve is made non-increasing first: reached once is reached.

    Args:
        curve: anything x queries, mean error after 1, 2, ... queries; NaN where not known yet (a cost budget).
        level: The level, broadcast against the curve without its last axis.

    Returns:
        Real numbers of queries: 1 if the first query does it, infinity if the curve does not get there within the
        budget, NaN where the level is NaN or the curve holds no number.
    """
    errors = np.asarray(curve, dtype=np.float64)
    goal = np.broadcast_to(np.asarray(level, dtype=np.float64), errors.shape[:-1])
    best = np.minimum.accumulate(np.where(np.isnan(errors), np.inf, errors), axis=-1)
    good = best <= goal[..., None]
    first = np.argmax(good, axis=-1)
    before = np.take_along_axis(best, np.maximum(first - 1, 0)[..., None], axis=-1)[..., 0]
    after = np.take_along_axis(best, first[..., None], axis=-1)[..., 0]
    known = (first > 0) & np.isfinite(before) & good.any(axis=-1)
    drop = np.where(known, before, 1.0) - np.where(known, after, 0.0)
    queries = first + 1 - np.where(known, (np.where(known, goal, 0.0) - np.where(known, after, 0.0)) / drop, 0.0)
    queries = np.where(good.any(axis=-1), queries, np.inf)
    return np.where(np.isnan(goal) | np.isnan(errors).all(axis=-1), np.nan, queries)
