"""Every method against every other: Wilcoxon signed-rank over tasks, A12, and Mann-Whitney within a task."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, midranks, task_means
from equipoise.reports.statistics.distributions import mann_whitney_p, normal_tail

__all__ = ["Pairwise", "TaskMarks", "a12", "holm", "magnitude", "signed_rank_p", "task_marks", "wilcoxon"]

EXACT_UP_TO = 100
"""Tasks up to which the signed-rank p-value is exact; beyond, the normal approximation."""


@dataclass(frozen=True)
class Pairwise:
    """Wilcoxon signed-rank of all pairs over tasks.

    Attributes:
        p_values: methods x methods, two-sided, raw; 1 on the diagonal.
        adjusted_p: The same after Holm's correction over all pairs.
        median_difference: methods x methods: median over tasks of error(row) - error(column); negative where the row
            is better; NaN where a pair shares no task.
        tasks_used: methods x methods: tasks on which both methods have a value.
    """

    p_values: Array
    adjusted_p: Array
    median_difference: Array
    tasks_used: npt.NDArray[np.int64]


@dataclass(frozen=True)
class TaskMarks:
    """Methods not significantly different from the best one, task by task.

    Attributes:
        best: tasks: index of the method with the least mean error; -1 where no method has a repeat.
        adjusted_p: methods x methods x tasks: two-sided Mann-Whitney, Holm over the pairs of the task; 1 where a method
            is missing.
        indistinguishable: methods x tasks: True for the best and for all that differ from it with p >= alpha; False for
            methods that are missing.
    """

    best: npt.NDArray[np.int64]
    adjusted_p: Array
    indistinguishable: npt.NDArray[np.bool_]


def holm(p_values: npt.ArrayLike) -> Array:
    """Holm's step-down adjustment (Scandinavian Journal of Statistics 1979): controls the family-wise error.

    Sorted, p(1) <= ... <= p(m): adjusted(i) = max over j <= i of min(1, (m - j + 1) p(j)). No assumption on dependence.

    Args:
        p_values: Any shape; NaN marks a comparison that was not made: it does not count and stays NaN.

    Returns:
        Adjusted p-values in the same shape.
    """
    raw = np.asarray(p_values, dtype=np.float64)
    made = ~np.isnan(raw)
    p = raw[made]
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, p[order] * np.arange(p.size, 0, -1)))
    result = np.full(raw.shape, np.nan)
    result[made] = adjusted
    return result


def signed_rank_p(differences: npt.ArrayLike) -> float:
    """Two-sided p-value of the Wilcoxon signed-rank test, exact up to 100 differences.

    W = sum of the midranks of |d| over d > 0. Under the null hypothesis each non-zero difference has either sign with
    probability 1/2; the distribution of W over all sign patterns is computed by convolution, which is exact with ties
    and zeros too. Beyond 100 differences, normal with the variance sum(rank^2) / 4 and a continuity correction.

    Zeros follow Pratt (JASA 1959): they are ranked and then set aside. On tables, two methods often both end at the
    optimum; a rule that dropped such tasks before ranking would count the others as more than they are.

    Source: Wilcoxon, Biometrics 1945. Assumes independent differences, symmetric about 0 under the null hypothesis.

    Args:
        differences: n finite numbers; NaN is left out. None, or all zero: p = 1. One: p = 1.
    """
    d = checked(differences, "differences")
    d = d[~np.isnan(d)]
    ranks = midranks(np.abs(d))[d != 0]
    if not ranks.size:
        return 1.0
    w = ranks[d[d != 0] > 0].sum()
    centre = ranks.sum() / 2
    if ranks.size > EXACT_UP_TO:
        z = max(0.0, abs(w - centre) - 0.5) / np.sqrt((ranks**2).sum() / 4)
        return min(1.0, 2 * float(normal_tail(z)))
    doubled = np.rint(2 * ranks).astype(int)
    chance = np.zeros(doubled.sum() + 1)
    chance[0] = 1.0
    for step in doubled:
        chance[step:] = 0.5 * (chance[step:] + chance[:-step])
        chance[:step] *= 0.5
    far = round(2 * (centre + abs(w - centre)))
    return float(min(1.0, 2 * chance[far:].sum()))


def wilcoxon(errors: npt.ArrayLike) -> Pairwise:
    """Compares all pairs of k methods over tasks by `signed_rank_p`, with Holm over the pairs that share a task.

    Recommended over parametric tests for comparisons over data sets by Demsar, JMLR 2006, and over mean-rank tests for
    pairs, whose verdict depends on the other methods, by Benavoli, Corani and Mangili, JMLR 2016.

    Scale: the test weighs differences between tasks by size, so errors in one unit (accuracy points, or normalised).
    Fewer than 6 tasks: no p-value can be under 0.05; the smallest possible is 2^(1 - n). One task, one method or
    identical methods: p = 1. A task where one of a pair is missing is omitted for that pair.

    Args:
        errors: methods x tasks, smaller is better, NaN for missing; usually `arrays.task_means`.
    """
    table = checked(errors, "methods x tasks")
    k = table.shape[0]
    p, median = np.ones((k, k)), np.zeros((k, k))
    used = np.zeros((k, k), dtype=np.int64)
    rows, columns = np.triu_indices(k, 1)
    for i, j in zip(rows, columns, strict=True):
        d = table[i] - table[j]
        d = d[~np.isnan(d)]
        used[i, j] = used[j, i] = d.size
        p[i, j] = p[j, i] = signed_rank_p(d)
        median[i, j] = np.median(d) if d.size else np.nan
        median[j, i] = -median[i, j]
    np.fill_diagonal(used, np.count_nonzero(~np.isnan(table), axis=1))
    adjusted = np.ones((k, k))
    shared = used[rows, columns] > 0
    rows, columns = rows[shared], columns[shared]
    adjusted[rows, columns] = adjusted[columns, rows] = holm(p[rows, columns])
    return Pairwise(p, adjusted, median, used)


def a12(values: npt.ArrayLike) -> Array:
    """Vargha and Delaney's A for all pairs, task by task.

    A(i, j) = P(error_i < error_j) + P(error_i = error_j) / 2 over all pairs of repeats: the probability
    that a run of i beats one of j

    Source: Vargha and Delaney, Journal of Educational and Behavioral Statistics 2000. Unpaired: unequal and missing
    repeats are used as they are. Identical columns give 0.5.

    Args:
        values: methods x tasks x repeats, smaller is better, NaN for missing.

    Returns:
        methods x methods x tasks, A(i, j) + A(j, i) = 1; NaN where a method has no repeat on a task.
    """
    array = checked(values, "methods x tasks x repeats")
    k, tasks, _ = array.shape
    result = np.full((k, k, tasks), np.nan)
    for t in range(tasks):
        runs = [np.sort(row[~np.isnan(row)]) for row in array[:, t]]
        for i in range(k):
            for j in range(i, k):
                if runs[i].size and runs[j].size:
                    # Over the runs of i: how many of j are better, and how many are no worse.
                    better = np.searchsorted(runs[j], runs[i], side="left").sum()
                    no_worse = np.searchsorted(runs[j], runs[i], side="right").sum()
                    wins = 1.0 - (better + no_worse) / (2.0 * runs[i].size * runs[j].size)
                    result[i, j, t], result[j, i, t] = wins, 1.0 - wins
    return result


def magnitude(effect: float) -> str:
    """The words of Vargha and Delaney 2000 for an A12: negligible, small (0.56), medium (0.64), large (0.71)."""
    size = abs(effect - 0.5)
    steps = ((0.21, "large"), (0.14, "medium"), (0.06, "small"))
    return next((word for least, word in steps if size >= least - 1e-12), "negligible")


def task_marks(values: npt.ArrayLike, alpha: float = 0.05) -> TaskMarks:
    """Marks, for each task, the best method and all not significantly different from it.

    Two-sided Mann-Whitney U over repeats (exact where a sample has at most 8 runs and there are no ties, else normal
    with corrections for ties and continuity), Holm over all pairs of the task. Unpaired, because the repeats of two
    methods are independently seeded; where a suite lets them share initial designs, their positive correlation only
    makes the test more cautious. Holm over all k (k - 1) / 2 pairs and not over the k - 1 with the best, because the
    best was picked by looking: the chance that any method is wrongly told from it then stays at most alpha on a task.

    Source: Mann and Whitney, Annals of Mathematical Statistics 1947. Under the null hypothesis the two methods' errors
    have one distribution. Identical columns: p = 1. One repeat: nothing can be told apart, all are marked. Unequal or
    missing repeats are used as they are.

    Args:
        values: methods x tasks x repeats, smaller is better, NaN for missing.
        alpha: Family-wise level on a task.
    """
    array = checked(values, "methods x tasks x repeats")
    k, tasks, _ = array.shape
    means = task_means(array)
    present = ~np.isnan(means)
    best = np.where(present.any(axis=0), np.argmin(np.where(present, means, np.inf), axis=0), -1)
    adjusted = np.ones((k, k, tasks))
    rows, columns = np.triu_indices(k, 1)
    for t in range(tasks):
        runs = [row[~np.isnan(row)] for row in array[:, t]]
        raw = np.array([_mann_whitney(runs[i], runs[j]) for i, j in zip(rows, columns, strict=True)], dtype=np.float64)
        corrected = holm(raw)
        adjusted[rows, columns, t] = adjusted[columns, rows, t] = np.where(np.isnan(corrected), 1.0, corrected)
    close = np.zeros((k, tasks), dtype=bool)
    seen = np.flatnonzero(best >= 0)
    close[:, seen] = adjusted[:, best[seen], seen] >= alpha
    return TaskMarks(best, adjusted, close & present)


def _mann_whitney(first: Array, second: Array) -> float:
    if not first.size or not second.size:
        return np.nan
    if first.size == second.size == 1 or (first.min() == first.max() == second.min() == second.max()):
        return 1.0
    return mann_whitney_p(first, second)
