"""Runtimes to targets: expected running time, ECDF, and areas under curves."""

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["area_under_curve", "expected_running_time", "runtime_ecdf", "runtimes"]


def runtimes(curves: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[Array, Array]:
    """First hitting time of each target in each run.

    Args:
        curves: runs x queries, error after 1, 2, ... queries; NaN before the first value and after the end of a run.
            Best-so-far is taken here, so raw errors will do as well.
        targets: Errors, in one dimension: reached when the error is at most that.

    Returns:
        runs x targets queries, from 1, infinity where the run never gets there; and runs: the queries each run made (0
        for a run of NaN alone: it is not a run).
    """
    errors = np.asarray(curves, dtype=np.float64)
    goals = np.asarray(targets, dtype=np.float64)
    if errors.ndim != 2 or goals.ndim != 1 or np.isnan(goals).any():
        raise ValueError(
            f"expected curves runs x queries and a row of targets without NaN; got {errors.shape}, {goals.shape}"
        )
    known = ~np.isnan(errors)
    best = np.minimum.accumulate(np.where(known, errors, np.inf), axis=1)
    # A non-increasing row: how many entries are still above the target is the place of the first that is not.
    hits = np.empty((len(errors), goals.size))
    for run, row in enumerate(best):
        hits[run] = row.size - np.searchsorted(row[::-1], goals, side="right") + 1.0
    hits[hits > errors.shape[1]] = np.inf
    length = np.where(known.any(axis=1), errors.shape[1] - np.argmax(known[:, ::-1], axis=1), 0)
    return hits, length.astype(np.float64)


def expected_running_time(hits: npt.ArrayLike, budgets: npt.ArrayLike) -> tuple[Array, Array]:
    """Expected running time to each target, and the share of runs that reach it.

    ERT = (queries of the successful runs until the target + all queries of the others) / successful runs: the expected
    cost if failed runs are restarted until one succeeds.

    Source: Hansen, Auger, Ros, Mersmann, Tusar and Brockhoff, COCO, Optimization Methods and Software 2021, section 5;
    as the "enes" or SP measure: Price 1997, Auger and Hansen 2005. It assumes restarts that are independent and as long
    as the runs seen. No success: infinity, and the share 0. Runs of length 0 are no runs; without any: NaN, 0.

    Args:
        hits: runs x targets, by `runtimes`.
        budgets: runs, queries each run made (or would have been allowed).

    Returns:
        targets: ERT in queries; targets: success rate.
    """
    reached, limits = np.asarray(hits, dtype=np.float64), np.asarray(budgets, dtype=np.float64)
    reached, limits = reached[limits > 0], limits[limits > 0]
    success = np.isfinite(reached)
    spent = np.where(success, reached, limits[:, None]).sum(axis=0)
    number = success.sum(axis=0)
    if not limits.size:
        return np.full(reached.shape[1], np.nan), np.zeros(reached.shape[1])
    return np.where(number > 0, spent / np.maximum(number, 1), np.inf), number / limits.size


def runtime_ecdf(hits: npt.ArrayLike, queries: npt.ArrayLike) -> Array:
    """Share of all pairs of run and target that are solved within each number of queries.

    Source: Hansen et al. 2021, section 6 (without simulated restarts: it ends at the share ever solved). Several
    tasks: average their curves, or stack their hits when all have as many runs and targets.

    Args:
        hits: runs x targets, by `runtimes`.
        queries: Where to read the curve, in one dimension.

    Returns:
        Shares in the shape of `queries`; NaN without runs or targets.
    """
    times = np.sort(np.asarray(hits, dtype=np.float64).reshape(-1))
    grid = np.asarray(queries, dtype=np.float64)
    if not times.size:
        return np.full(grid.shape, np.nan)
    return np.searchsorted(times, np.where(np.isinf(grid), np.finfo(np.float64).max, grid), side="right") / times.size


def area_under_curve(curves: npt.ArrayLike, amounts: npt.ArrayLike) -> Array:
    """Mean error over the logarithm of the budget, in which each doubling weighs the same.

    The sum of error(i) log(amount(i + 1) / amount(i)) over all amounts but the last, divided by the logarithm of the
    last over the first: a run keeps what it has until the next amount. Errors count as they are, also where they rise
    (the incumbent of several fidelities may get worse). A single amount: the error there.

    Args:
        curves: runs x amounts; a row with NaN has no area: NaN.
        amounts: Of the budget, ascending and positive.

    Returns:
        One per run, in the unit of the error.
    """
    errors, budget = np.asarray(curves, dtype=np.float64), np.asarray(amounts, dtype=np.float64)
    ascending = budget.size and (np.diff(budget, prepend=0) > 0).all()
    if errors.ndim != 2 or budget.shape != errors.shape[1:] or not ascending:
        raise ValueError(
            f"expected curves runs x amounts and ascending positive amounts; got {errors.shape}, {budget.shape}"
        )
    if budget.size == 1:
        return np.asarray(errors[:, 0])
    weights = np.diff(np.log(budget))
    return np.asarray(errors[:, :-1] @ weights / weights.sum())
