"""Do the methods differ at all, and which by more than chance: Friedman, Iman-Davenport, Nemenyi."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from equipoise.reports.statistics.arrays import Array, checked, midranks
from equipoise.reports.statistics.distributions import (
    chi2_tail,
    f_tail,
    studentized_range_quantile,
    studentized_range_tail,
)

__all__ = ["Friedman", "friedman"]

FEW_TASKS = 10
"""With fewer tasks than this, F's distribution is not to be relied on and the p-value is a permutation test's."""

PERMUTATIONS = 10_000


@dataclass(frozen=True)
class Friedman:
    """Results of the rank tests over tasks.

    Attributes:
        ranks: methods x tasks midranks, 1 is best; NaN on tasks that were left out.
        mean_ranks: One per method, over the tasks used.
        tasks_used: Number of tasks on which every method has a value.
        tasks_dropped: Number of the others.
        statistic: Friedman's chi-squared, corrected for ties.
        p_chi2: Its p-value by the chi-squared distribution (conservative for few tasks).
        f_statistic: Iman and Davenport's F; infinite when all tasks agree on one order.
        f_p_value: Its p-value by the F distribution.
        p_value: The one to report: `f_p_value` from 10 tasks on; with fewer, a permutation test's.
        alpha: Level of the critical difference.
        critical_difference: Nemenyi's: mean ranks further apart than this differ; infinity where nothing can.
        pairwise_p: methods x methods, Nemenyi, adjusted for all pairs; 1 on the diagonal.
        groups: Maximal sets of two or more methods (indices, best first) within one critical difference: the bars of
            the diagram.
    """

    ranks: Array
    mean_ranks: Array
    tasks_used: int
    tasks_dropped: int
    statistic: float
    p_chi2: float
    f_statistic: float
    f_p_value: float
    p_value: float
    alpha: float
    critical_difference: float
    pairwise_p: Array
    groups: tuple[tuple[int, ...], ...]


def friedman(errors: npt.ArrayLike, alpha: float = 0.05) -> Friedman:
    """Tests whether k methods have equal ranks over n tasks, and compares all pairs.

    With midranks r(j, t), rank sums R(j) and A = sum of r^2 over all cells:

    - chi2 = (k - 1) * sum_j (R(j) - n (k + 1) / 2)^2 / (A - n k (k + 1)^2 / 4), on k - 1 degrees of freedom;
    - F = (n - 1) chi2 / (n (k - 1) - chi2), on k - 1 and (k - 1)(n - 1);
    - CD = q(alpha; k, infinity) / sqrt(2) * sqrt(k (k + 1) / (6 n)), q the studentised range; p by its survival
      function at the observed difference.

    With fewer than 10 tasks F gives false positives (18 % at a nominal 5 % for 3 methods on 3 tasks; see
    ``python -m studies.calibration``). The p-value is then that of chi2 over 10,000 random orders of the ranks within
    each task, (1 + as large) / 10,001, with a fixed seed: valid for any number of tasks and methods and with ties.

    Sources: Friedman, JASA 1937; Iman and Davenport, Communications in Statistics 1980; Nemenyi 1963; as recommended
    by Demsar, JMLR 2006, section 3.2. Assumes exchangeable methods within a task under the null hypothesis, and
    independent tasks: tasks of one family are not independent, so the report repeats the test on family means.

    Ties share ranks and enter chi2; Nemenyi takes no account of them and errs on the safe side. Two methods: the test
    is then a normal form of the sign test (pairwise.wilcoxon has more power). One task, one method, or columns that
    are all alike: no evidence, statistic 0 or at its bound, p = 1. All tasks agree on one order: F is infinite and p
    is the exact (k!)^(1 - n). A task on which a method is missing (NaN) is left out for all, and counted.

    Args:
        errors: methods x tasks, smaller is better, NaN for missing; usually `arrays.task_means`.
        alpha: Level of the critical difference.

    Raises:
        ValueError: Another shape, or infinite values.
    """
    table = checked(errors, "methods x tasks")
    complete = ~np.isnan(table).any(axis=0)
    k, n = table.shape[0], int(np.count_nonzero(complete))
    ranks = np.full(table.shape, np.nan)
    ranks[:, complete] = midranks(table[:, complete])
    mean_ranks = ranks[:, complete].mean(axis=1) if n else np.full(k, (k + 1) / 2)
    statistic, p_chi2, f_statistic, f_p_value, p_value = _omnibus(ranks[:, complete])
    scale = float(np.sqrt(k * (k + 1) / (6 * n))) if n else np.inf
    gaps = np.abs(mean_ranks[:, None] - mean_ranks[None, :])
    if k < 2 or not n:
        critical, pairwise = np.inf, np.ones((k, k))
    else:
        critical = studentized_range_quantile(1 - alpha, k) / float(np.sqrt(2)) * scale
        distinct, place = np.unique(gaps, return_inverse=True)
        tail = studentized_range_tail(distinct * np.sqrt(2) / scale, k)
        pairwise = np.clip(tail, 0.0, 1.0)[place].reshape(k, k)
        np.fill_diagonal(pairwise, 1.0)
    return Friedman(
        ranks=ranks,
        mean_ranks=mean_ranks,
        tasks_used=n,
        tasks_dropped=table.shape[1] - n,
        statistic=statistic,
        p_chi2=p_chi2,
        f_statistic=f_statistic,
        f_p_value=f_p_value,
        p_value=p_value,
        alpha=alpha,
        critical_difference=critical,
        pairwise_p=pairwise,
        groups=_groups(mean_ranks, critical),
    )


def _omnibus(ranks: Array) -> tuple[float, float, float, float, float]:
    """Chi-squared, its p, F, its p, and the p to report."""
    k, n = ranks.shape
    spread = float((ranks**2).sum() - n * k * (k + 1) ** 2 / 4)
    if spread <= 1e-9:  # one method, no task, or every task tied throughout
        return 0.0, 1.0, 0.0, 1.0, 1.0
    statistic = (k - 1) * float(((ranks.sum(axis=1) - n * (k + 1) / 2) ** 2).sum()) / spread
    p_chi2 = chi2_tail(statistic, k - 1)
    if n == 1:  # any order of one task is as likely as any other
        return statistic, p_chi2, 0.0, 1.0, 1.0
    room = n * (k - 1) - statistic
    if room <= 1e-9 * n * k:
        exact = float(np.exp((1 - n) * _log_orders(ranks[:, 0])))
        return statistic, p_chi2, np.inf, exact, exact
    f_statistic = (n - 1) * statistic / room
    f_p_value = f_tail(f_statistic, k - 1, (k - 1) * (n - 1))
    return statistic, p_chi2, f_statistic, f_p_value, f_p_value if n >= FEW_TASKS else _permutation_p(ranks)


def _permutation_p(ranks: Array) -> float:
    k, n = ranks.shape
    orders = np.random.default_rng(0).permuted(np.tile(ranks.T, (PERMUTATIONS, 1, 1)), axis=2)
    spread = ((orders.sum(axis=1) - n * (k + 1) / 2) ** 2).sum(axis=1)
    seen = ((ranks.sum(axis=1) - n * (k + 1) / 2) ** 2).sum()
    return float((1 + np.count_nonzero(spread >= seen - 1e-9)) / (1 + PERMUTATIONS))


def _log_orders(ranks: Array) -> float:
    """Logarithm of the number of distinct orders of one task's ranks, ties included."""
    _, ties = np.unique(ranks, return_counts=True)
    return float(gammaln(ranks.size + 1) - gammaln(ties + 1).sum())


def _groups(mean_ranks: Array, critical: float) -> tuple[tuple[int, ...], ...]:
    order = np.argsort(mean_ranks, kind="stable")
    ordered = mean_ranks[order]
    groups: list[tuple[int, ...]] = []
    furthest = 0
    for first in range(len(ordered)):
        end = int(np.searchsorted(ordered, ordered[first] + critical, side="right"))
        if end > furthest and end - first > 1:
            groups.append(tuple(int(method) for method in order[first:end]))
        furthest = max(furthest, end)
    return tuple(groups)
