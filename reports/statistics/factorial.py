"""Variance explained by the factors of a factorial suite: which choice of a method's parts matters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, repeat_counts, task_means
from equipoise.reports.statistics.resampling import Estimate, effective_strata, estimate, resample_means

__all__ = ["Shares", "variance_shares"]


@dataclass(frozen=True)
class Shares:
    """Shares of the variance between the cells of a design that its factors explain.

    Attributes:
        factors: Names of the factors.
        main: factors: share of each, averaged over the orders in which factors can enter.
        pairs: No axes: what two-factor interactions add to the main effects.
        rest: No axes: what remains (interactions of three factors and more).
        per_task: factors x tasks: the main shares on each task; NaN on a task whose cell means vary no more than their
            noise: it has nothing to divide, and is left out of the others.
        repeats: The least number of repeats of a cell on a task.
    """

    factors: tuple[str, ...]
    main: Estimate
    pairs: Estimate
    rest: Estimate
    per_task: Array
    repeats: int


def variance_shares(
    values: npt.ArrayLike,
    levels: Sequence[Mapping[str, str]],
    *,
    resamples: int = 2_000,
    seed: int = 0,
    level: float = 0.95,
) -> Shares:
    """Divides the variance of cell means among the factors of a design.

    For each task, R^2 of a least-squares fit of the cell means on the dummies of a set of factors; a factor's share is
    the R^2 that it adds, averaged over all orders of entry (LMG: Lindeman, Merenda and Gold, Introduction to Bivariate
    and Multivariate Analysis, 1980; it equals the Shapley value of R^2). In a balanced design the order does not
    matter, and the shares are those of the analysis of variance. Shares are then averaged over the tasks where cells
    differ by more than noise.

    Cell means over few repeats carry noise, which every set of dummies explains in part. The expected contribution of
    that noise, trace(P S) for the projection P and the diagonal S of squared standard errors, is taken off each sum
    of squares. Intervals: stratified bootstrap over repeats, corrected likewise; the tasks are taken as given. Shares
    are bounded ratios, which resampling shifts: an interval from few repeats can miss its own share.

    Differs from the analysis of variance: unbalanced designs are allowed, since some cells make no sense.

    Args:
        values: cells x tasks x repeats errors, NaN for missing; every cell has repeats on every task.
        levels: The level of each factor, one mapping per cell; all have the same keys.
        resamples: Number of resamples.
        seed: Of the draws.
        level: Coverage of the intervals.

    Raises:
        ValueError: A cell without repeats on some task, a factor with one level, or fewer than three cells.
    """
    array = checked(values, "cells x tasks x repeats")
    factors = tuple(levels[0]) if levels else ()
    if len(levels) != len(array) or len(array) < 3 or any(set(entry) != set(factors) for entry in levels):
        raise ValueError(f"{len(array)} cells need as many mappings with equal keys, and at least three cells")
    for factor in factors:
        if len({entry[factor] for entry in levels}) < 2:
            raise ValueError(f"factor '{factor}' has one level only; leave it out")
    counts = repeat_counts(array)
    if (counts < 2).any():
        raise ValueError("every cell needs at least two repeats on every task")
    projections = _projections(factors, levels)
    errors = np.nanvar(array, axis=-1, ddof=1) / counts
    means = task_means(array)
    point = _divide(means[None], errors, projections, factors)
    # A resample of n repeats adds the noise of the mean once more, short by (n - 1) / n.
    again = errors * (1 + (counts - 1) / counts)
    drawn = _divide(resample_means(array, resamples, seed), again, projections, factors)
    used, least = np.isfinite(point[0, 0]), counts.min()
    drawn = np.where(np.isfinite(drawn), drawn, point)[..., used]  # a resample without variance tells nothing

    def interval(part: slice | int) -> Estimate:
        if not used.any():
            return Estimate(*(np.full(point[0, part].shape[:-1], np.nan) for _ in range(3)))
        strata = effective_strata(drawn[:, part].var(axis=0))
        value, draws = point[0, part][..., used].mean(axis=-1), drawn[:, part].mean(axis=-1)
        return estimate(value, draws, least, strata, level, within=(0.0, 1.0))

    number = len(factors)
    main, pairs, rest = interval(slice(0, number)), interval(number), interval(number + 1)
    return Shares(factors, main, pairs, rest, point[0, :number], int(least))


def _projections(factors: Sequence[str], levels: Sequence[Mapping[str, str]]) -> dict[frozenset[str] | str, Array]:
    """The projection (cells x cells, the mean taken off) onto the dummies of every set of factors, and of all pairs."""
    columns = {f: [entry[f] for entry in levels] for f in factors}
    pairs = {(a, b): [f"{x}\0{y}" for x, y in zip(columns[a], columns[b], strict=True)] for a, b in _pairs(factors)}
    found: dict[frozenset[str] | str, Array] = {}
    for size in range(len(factors) + 1):
        for chosen in combinations(factors, size):
            found[frozenset(chosen)] = _projection([columns[f] for f in chosen], len(levels))
    found["pairs"] = _projection([*columns.values(), *pairs.values()], len(levels))
    return found


def _pairs(factors: Sequence[str]) -> list[tuple[str, str]]:
    return list(combinations(factors, 2))


def _projection(columns: Sequence[Sequence[str]], cells: int) -> Array:
    dummies = [np.array([value == name for value in column], float) for column in columns for name in set(column)]
    constant = np.full((cells, cells), 1.0 / cells)
    design = np.stack([np.ones(cells), *dummies], axis=1)
    return np.asarray(design @ np.linalg.pinv(design) - constant)


def _divide(
    means: Array, errors: Array, projections: Mapping[frozenset[str] | str, Array], factors: Sequence[str]
) -> Array:
    """Shares of draws x (factors + pairs + rest) x tasks, of draws x cells x tasks means; NaN where nothing varies."""
    cells = means.shape[1]
    whole = np.eye(cells) - 1.0 / cells

    def explained(projection: Array) -> Array:
        squares = np.einsum("bct,cd,bdt->bt", means, projection, means, optimize=True)
        return np.asarray(np.maximum(squares - np.diag(projection) @ errors, 0.0))

    total = explained(whole)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = {key: np.clip(explained(p) / total, 0.0, 1.0) for key, p in projections.items()}
    orders = list(permutations(factors))
    main = [np.zeros(total.shape) for _ in factors]
    for order in orders:
        for place, factor in enumerate(order):
            before, after = frozenset(order[:place]), frozenset(order[: place + 1])
            main[factors.index(factor)] += (share[after] - share[before]) / len(orders)
    everything = share[frozenset(factors)]
    pairs = np.maximum(share["pairs"] - everything, 0.0)
    return np.stack([*main, pairs, np.maximum(1.0 - everything - pairs, 0.0)], axis=1)
