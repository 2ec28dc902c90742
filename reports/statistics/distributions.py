"""Quantiles and tails of the distributions that the tests need.

From `scipy.special`, which loads much faster than `scipy.stats`.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from equipoise.reports.statistics.arrays import Array

__all__ = [
    "chi2_tail",
    "f_tail",
    "mann_whitney_p",
    "noncentral_t_cdf",
    "normal_quantile",
    "normal_tail",
    "studentized_range_quantile",
    "studentized_range_tail",
    "t_quantile",
]

NODES = 128


def t_quantile(level: npt.ArrayLike, df: npt.ArrayLike) -> Array:
    """Quantile of Student's t."""
    return np.asarray(special.stdtrit(df, level))


def normal_quantile(level: npt.ArrayLike) -> Array:
    """Quantile of the standard normal distribution."""
    return np.asarray(special.ndtri(level))


def normal_tail(value: npt.ArrayLike) -> Array:
    """P(Z > value) of the standard normal distribution."""
    return np.asarray(special.ndtr(-np.asarray(value)))


def chi2_tail(value: float, df: float) -> float:
    """P(X > value) of chi-squared."""
    return float(special.chdtrc(df, value))


def f_tail(value: float, numerator: float, denominator: float) -> float:
    """P(X > value) of F."""
    return float(special.fdtrc(numerator, denominator, value))


def noncentral_t_cdf(value: npt.ArrayLike, df: npt.ArrayLike, noncentrality: npt.ArrayLike) -> Array:
    """P(T <= value) of the noncentral t."""
    return np.asarray(special.nctdtr(df, noncentrality, value))


def studentized_range_tail(values: npt.ArrayLike, count: int) -> Array:
    """P(range of `count` standard normal variables > value), infinite degrees of freedom.

    P(range <= q) = k * integral of phi(z) [Phi(z) - Phi(z - q)]^(k - 1) dz, by Gauss-Legendre on [-8.5, 8.5].
    Agrees with `scipy.stats.studentized_range` to 1e-12.

    Args:
        values: q >= 0, in any shape.
        count: k >= 2.
    """
    q = np.asarray(values, dtype=np.float64)
    z, step = _nodes()
    inner = special.ndtr(z) - special.ndtr(z - q[..., None])
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    return np.asarray(np.clip(1.0 - count * (inner ** (count - 1) * density) @ step, 0.0, 1.0))


@lru_cache
def _nodes() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return 8.5 * nodes, 8.5 * weights  # phi is below 1e-16 beyond


def studentized_range_quantile(level: float, count: int) -> float:
    """The value whose tail is 1 - level, by bisection."""
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(studentized_range_tail(middle, count)) > 1 - level else (low, middle)
    return (low + high) / 2


def mann_whitney_p(first: Array, second: Array) -> float:
    """Two-sided p-value of the Mann-Whitney U test of two samples without NaN.

    Exact where a sample has at most 8 values and there are no ties, else normal with corrections for ties and
    continuity, as `scipy.stats.mannwhitneyu` chooses.

    Args:
        first: m values.
        second: n values.
    """
    m, n = first.size, second.size
    ordered = np.sort(second)
    less = np.searchsorted(ordered, first, side="left").sum()
    no_more = np.searchsorted(ordered, first, side="right").sum()
    u = float(less + no_more) / 2
    u = max(u, m * n - u)
    _, ties = np.unique(np.concatenate([first, second]), return_counts=True)
    if (m <= 8 or n <= 8) and ties.max() == 1:
        return float(min(1.0, 2 * _mann_whitney_counts(min(m, n), max(m, n))[round(u) :].sum()))
    total = m + n
    spread = np.sqrt(m * n / 12 * ((total + 1) - float((ties**3 - ties).sum()) / (total * (total - 1))))
    return min(1.0, 2 * float(normal_tail((u - m * n / 2 - 0.5) / spread))) if spread > 0 else 1.0


@lru_cache(maxsize=256)
def _mann_whitney_counts(m: int, n: int) -> Array:
    """Chances of U = 0, ..., m n: the coefficients of the Gaussian binomial, divided by their sum."""
    chance = np.zeros(m * n + 1)
    chance[0] = 1.0
    for part in range(1, m + 1):  # times (1 - x^(n + part)) / (1 - x^part)
        chance[n + part :] -= chance[: -(n + part)].copy() if n + part <= m * n else 0.0
        for place in range(part, m * n + 1):
            chance[place] += chance[place - part]
    return np.asarray(chance / chance.sum())
