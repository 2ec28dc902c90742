"""Power analysis: differences that the repeats at hand can detect, and repeats that a difference needs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, repeat_counts
from equipoise.reports.statistics.distributions import noncentral_t_cdf, normal_quantile, t_quantile

__all__ = ["Plan", "contrast", "detectable_effect", "family_weights", "plan", "power_of", "repeats_needed"]

MOST_REPEATS = 10_000_000
"""More than this many repeats is reported as infinity."""

MOST_FREEDOM = 1e6
"""Degrees of freedom beyond which t is taken as normal."""


@dataclass(frozen=True)
class Plan:
    """Detectable differences of a suite. NaN where a variance is unknown: a method with fewer than two repeats.

    Attributes:
        detectable_per_task: methods x methods x tasks: the difference of means found with the power asked for.
        detectable_overall: methods x methods: the same for the mean over tasks.
        repeats_per_task: methods x methods x tasks: repeats, the same for both, to find `effect`; None without one.
        repeats_overall: methods x methods: the same for the mean over tasks.
        alpha: Level of a single comparison: the level asked for over the number of comparisons.
        power: The power asked for.
    """

    detectable_per_task: Array
    detectable_overall: Array
    repeats_per_task: Array | None
    repeats_overall: Array | None
    alpha: float
    power: float


def power_of(noncentrality: npt.ArrayLike, df: npt.ArrayLike, alpha: float) -> Array:
    """Power of a two-sided t test: P(|T| > t(1 - alpha / 2; df)) for T noncentral t.

    Args:
        noncentrality: Effect over its standard error.
        df: Degrees of freedom.
        alpha: Level.
    """
    delta, freedom = np.broadcast_arrays(
        np.abs(np.asarray(noncentrality, dtype=np.float64)), np.minimum(np.asarray(df, dtype=np.float64), MOST_FREEDOM)
    )
    critical = t_quantile(1 - alpha / 2, freedom)
    with np.errstate(all="ignore"):
        upper = 1.0 - noncentral_t_cdf(critical, freedom, delta)
        lower = noncentral_t_cdf(-critical, freedom, delta)
    return np.where(np.isnan(delta) | np.isnan(freedom), np.nan, np.clip(upper + np.nan_to_num(lower), 0.0, 1.0))


def contrast(values: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Array, Array]:
    """Standard error and degrees of freedom of a weighted sum of means.

    se^2 = sum of w^2 s^2 / n, df = se^4 / sum of (w^2 s^2 / n)^2 / (n - 1) (Welch; Satterthwaite, Biometrics Bulletin
    1946). Weights of 0 take no part; NaN where a cell with weight has fewer than two repeats. No variance at all: se 0
    and df infinite.

    Args:
        values: methods x tasks x repeats, NaN for missing.
        weights: anything x methods x tasks.

    Returns:
        Standard errors and degrees of freedom, one for each contrast.
    """
    array, w = checked(values, "methods x tasks x repeats"), np.asarray(weights, dtype=np.float64)
    n = repeat_counts(array)
    parts = np.where(w != 0, w**2 * _variance(array) / np.maximum(n, 1), 0.0)
    total = parts.sum(axis=(-2, -1))
    loss = (parts**2 / np.maximum(n - 1, 1)).sum(axis=(-2, -1))
    df = np.where(loss == 0, np.inf, total**2 / np.where(loss == 0, 1.0, loss))
    return np.sqrt(total), np.asarray(df)


def detectable_effect(se: npt.ArrayLike, df: npt.ArrayLike, power: float = 0.8, alpha: float = 0.05) -> Array:
    """The true effect that a two-sided t test finds with probability `power`.

    By bisection on the noncentral t. The variance is taken as known from the repeats at hand. NaN where `se` is NaN; 0
    where it is 0.

    Args:
        se: Standard error of the effect.
        df: Its degrees of freedom.
        power: Between alpha and 1.
        alpha: Level.

    Returns:
        Effects, in the unit of `se`.
    """
    _check(power, alpha)
    error, freedom = np.broadcast_arrays(np.asarray(se, dtype=np.float64), np.asarray(df, dtype=np.float64))
    effect = np.where(error == 0, 0.0, np.nan)
    known = np.asarray((error > 0) & ~np.isnan(freedom))  # with one degree of freedom, each of the others takes long
    different, place = np.unique(freedom[known], return_inverse=True)
    effect[known] = _noncentrality(different, power, alpha)[place] * error[known]
    return effect


def _noncentrality(freedom: Array, power: float, alpha: float) -> Array:
    """The noncentrality at which a two-sided t test has some power, by regula falsi (Illinois).

    Source: Dowell and Jarratt, BIT 1971.
    """

    def excess(noncentrality: Array, places: npt.NDArray[np.generic] | slice) -> Array:
        return np.asarray(power_of(noncentrality, freedom[places], alpha) - power)

    low, high = np.zeros(freedom.shape), np.ones(freedom.shape)
    below, above = np.full(freedom.shape, alpha - power), excess(high, slice(None))
    while (more := (above < 0) & (high < 1e4)).any():
        low[more], below[more] = high[more], above[more]
        high[more] *= 2
        above[more] = excess(high[more], more)
    found = high.copy()
    left = np.flatnonzero(above > 0)
    side = np.zeros(freedom.shape, dtype=np.int8)  # the end that moved last: -1 low, 1 high
    for _ in range(60):
        first, second, b, a = low[left], high[left], below[left], above[left]
        there = np.clip((first * a - second * b) / (a - b), first, second)
        settled = np.abs(there - found[left]) <= 1e-12 * there
        found[left] = there
        if settled.all():
            break
        left, first, second, b, a, there = (each[~settled] for each in (left, first, second, b, a, there))
        value = excess(there, left)
        moved = np.where(value < 0, np.int8(-1), np.int8(1))
        again = moved == side[left]  # then the other end counts half, or it would stay for good
        low[left], high[left] = np.where(moved < 0, there, first), np.where(moved > 0, there, second)
        below[left] = np.where(moved < 0, value, np.where(again, b / 2, b))
        above[left] = np.where(moved > 0, value, np.where(again, a / 2, a))
        side[left] = moved
    return found


def repeats_needed(
    values: npt.ArrayLike, weights: npt.ArrayLike, effect: float, power: float = 0.8, alpha: float = 0.05
) -> Array:
    """Repeats, the same for every method and task, with which a two-sided t test finds an effect.

    Starts at the normal approximation n = (z(1 - alpha / 2) + z(power))^2 sum of w^2 s^2 / effect^2, which is never
    too large, and goes up until the noncentral t has the power.

    Args:
        values: methods x tasks x repeats: the repeats at hand, for the variances.
        weights: anything x methods x tasks.
        effect: Size to be found, in the unit of the weighted sum; not 0.
        power: Between alpha and 1.
        alpha: Level.

    Returns:
        Whole numbers, at least 2, one for each contrast; infinity above ten million, NaN where a variance is unknown.
    """
    _check(power, alpha)
    if not effect or not np.isfinite(effect):
        raise ValueError(f"an effect to be found is a finite number other than 0; got {effect}")
    array, w = checked(values, "methods x tasks x repeats"), np.asarray(weights, dtype=np.float64)
    parts = np.where(w != 0, w**2 * _variance(array), 0.0)
    total, squares = parts.sum(axis=(-2, -1)), (parts**2).sum(axis=(-2, -1))
    spread = np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1.0), 1.0)
    needed = np.maximum(
        2.0, np.floor((normal_quantile(1 - alpha / 2) + normal_quantile(power)) ** 2 * total / effect**2)
    )
    scale = np.where(total > 0, total, 1.0)
    while True:
        found = power_of(abs(effect) * np.sqrt(needed / scale), (needed - 1) * spread, alpha)
        short = (found < power) & (needed < MOST_REPEATS) & (total > 0)
        if not short.any():
            return np.asarray(np.where(needed >= MOST_REPEATS, np.inf, needed) + 0.0 * total)
        needed = np.where(short, needed + 1, needed)


def family_weights(families: Sequence[str], clusters: Sequence[str], first: str = "nas", second: str = "hpo") -> Array:
    """The weights, methods x tasks, of the overall effect of `families.compare_families` when nothing is missing."""
    sides = [np.array([family == name for family in families], dtype=np.float64) for name in (first, second)]
    if not all(side.any() for side in sides):
        raise ValueError(f"families {first} and {second} both need a method; got {', '.join(families)}")
    methods = sides[0] / sides[0].sum() - sides[1] / sides[1].sum()
    names, sizes = np.unique(np.array(clusters), return_counts=True)
    size = dict(zip(names.tolist(), sizes.tolist(), strict=True))
    tasks = np.array([1 / (len(names) * size[cluster]) for cluster in clusters])
    return np.asarray(np.outer(methods, tasks))


def plan(
    values: npt.ArrayLike,
    effect: float | None = None,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    efficiency: float = 3 / np.pi,
    weights: npt.ArrayLike | None = None,
) -> Plan:
    """Plans all comparisons of pairs, each at level alpha / (number of pairs): Bonferroni, which Holm only improves on.

    On one task the comparison is `pairwise.task_marks`, a Mann-Whitney test, whose efficiency against the t test is
    3 / pi for normal errors and larger for heavy tails (Hodges and Lehmann, Annals of Mathematical Statistics 1956);
    overall it is the difference of means over tasks, tasks taken as given.

    Args:
        values: methods x tasks x repeats, in one unit; NaN for missing.
        effect: Difference to be found; None plans no repeats.
        power: Between alpha and 1.
        alpha: Family-wise level.
        efficiency: Of the test on one task; 1 for the t test.
        weights: Of the tasks in the mean, which add up to 1; the same for all by default.
    """
    array = checked(values, "methods x tasks x repeats")
    k, tasks, _ = array.shape
    rows, columns = np.triu_indices(k, 1)
    single = alpha / max(1, rows.size)
    each = np.zeros((rows.size, tasks, k, tasks))
    place, t = np.arange(rows.size)[:, None], np.arange(tasks)[None]
    each[place, t, rows[:, None], t], each[place, t, columns[:, None], t] = 1.0, -1.0
    overall = each.sum(axis=1) * (1 / max(1, tasks) if weights is None else np.asarray(weights))
    widened = each / np.sqrt(efficiency)

    def square(pairs: Array) -> Array:
        full = np.zeros((k, k, *pairs.shape[1:]))
        full[rows, columns] = full[columns, rows] = pairs
        return full

    return Plan(
        square(detectable_effect(*contrast(array, widened), power, single)),
        square(detectable_effect(*contrast(array, overall), power, single)),
        None if effect is None else square(repeats_needed(array, widened, effect, power, single)),
        None if effect is None else square(repeats_needed(array, overall, effect, power, single)),
        single,
        power,
    )


def _variance(array: Array) -> Array:
    n = repeat_counts(array)
    filled = np.where(np.isnan(array), 0.0, array)
    mean = filled.sum(axis=-1) / np.maximum(n, 1)
    squares = np.where(np.isnan(array), 0.0, (filled - mean[..., None]) ** 2).sum(axis=-1)
    return np.where(n > 1, squares / np.maximum(n - 1, 1), np.nan)


def _check(power: float, alpha: float) -> None:
    if not 0 < alpha < power < 1:
        raise ValueError(f"need 0 < alpha < power < 1; got alpha {alpha} and power {power}")
