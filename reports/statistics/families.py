"""The question of the product: do NAS methods as a family differ from general hyperparameter optimisers?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, repeat_counts, task_means
from equipoise.reports.statistics.distributions import t_quantile
from equipoise.reports.statistics.resampling import Estimate, effective_strata, estimate, resample_means

__all__ = ["Effect", "FamilyAnswer", "compare_families", "judged_best"]

Scale = Callable[[Array], Array]


@dataclass(frozen=True)
class Effect:
    """Error of the first family minus that of the second: negative where the first is better.

    Attributes:
        per_task: tasks; NaN on a task where a family has no method.
        per_cluster: clusters, in the order of `clusters`: the mean over its tasks, which are taken as given.
        overall: No axes: the mean over clusters of the cluster means. Its interval takes the tasks as given: it says
            what other seeds would do.
        beyond: The same value; its interval says what other task families would do, by the t distribution on the
            cluster effects: unbounded with one cluster, wide with two.
        clusters: Names, in order of first appearance; only those with a task that counts.
        tasks_used: tasks: those where both families have a method.
    """

    per_task: Estimate
    per_cluster: Estimate
    overall: Estimate
    beyond: Estimate
    clusters: tuple[str, ...]
    tasks_used: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FamilyAnswer:
    """The comparison of two families.

    Attributes:
        first: Name of the first family.
        second: Name of the second.
        methods: Indices of the methods of each.
        mean: Effect of the family means.
        best: Effect of the family bests, chosen and judged on different repeats.
        without: For each method whose family has others: `mean` and `best` with it left out; empty if not asked for.
    """

    first: str
    second: str
    methods: tuple[tuple[int, ...], tuple[int, ...]]
    mean: Effect
    best: Effect
    without: dict[int, tuple[Effect, Effect]]


def compare_families(
    values: npt.ArrayLike,
    families: Sequence[str],
    clusters: Sequence[str],
    *,
    first: str = "nas",
    second: str = "hpo",
    scale: Scale | None = None,
    sensitivity: bool = True,
    resamples: int = 10_000,
    seed: int = 0,
    level: float = 0.95,
) -> FamilyAnswer:
    """Compares two families of methods by their means and by their bests, per task, per cluster of tasks and overall.

    Family mean: on a task, the mean over the family's methods of the mean over repeats. Family best: the method of
    least mean error, chosen for each task on half of the repeats and judged on the other half (`judged_best`); the
    least of several means, chosen and judged on the same runs, would look better than it is, the more so the more
    methods a family has.

    Clusters: tasks of one search space are not independent. A cluster is the mean of its tasks, and clusters weigh the
    same. Two questions need two intervals: `Effect.overall` (these tasks, other seeds: stratified paired bootstrap
    of `resampling`) and `Effect.beyond` (other task families: Student's t on the C cluster effects, C - 1 degrees of
    freedom; with few clusters a cluster bootstrap covers far less than it claims, as ``python -m studies.calibration``
    shows). Sources: Cameron and Miller, Journal of Human Resources 2015, section VI (few clusters); Varma and Simon,
    BMC Bioinformatics 2006 (selection and judgement on different data).

    Assumes independent repeats. The methods of a family are taken as given, not as a sample of methods; `without` says
    how much hangs on each. Ties for the best: the first listed. A method without a repeat on a task does not count
    there; a task where a family has no method is left out and shown in `Effect.tasks_used`. A family of one method: its
    mean and best are that method, the best on half of its repeats. One repeat: intervals are unbounded, and the best is
    NaN (nothing is left to judge it by). Identical families: an effect of 0, of width 0. Unequal repeats: each method
    uses its own.

    Args:
        values: methods x tasks x repeats errors in one unit, smaller is better, NaN for missing.
        families: Family of each method.
        clusters: Cluster of each task.
        first: Family on the left of the difference.
        second: Family on the right.
        scale: Applied to means over repeats (anything x tasks) before they are averaged and compared, for example
            `speedup.LogQueries`: the effect is then a difference on that scale.
        sensitivity: Whether to leave out each method in turn.
        resamples: Number of resamples.
        seed: Of the draws.
        level: Coverage of the intervals.

    Raises:
        ValueError: A family without a method, or labels that do not fit the array.
    """
    array = checked(values, "methods x tasks x repeats")
    if len(families) != array.shape[0] or len(clusters) != array.shape[1]:
        raise ValueError(
            f"{array.shape[0]} methods and {array.shape[1]} tasks need as many families and clusters; "
            f"got {len(families)} and {len(clusters)}"
        )
    sides = tuple(tuple(m for m, family in enumerate(families) if family == name) for name in (first, second))
    for name, members in zip((first, second), sides, strict=True):
        if not members:
            raise ValueError(f"no method is of family '{name}'; there are {', '.join(sorted(set(families)))}")

    draws, counts = resample_means(array, resamples, seed), repeat_counts(array)
    scaled, points = (draws, task_means(array)) if scale is None else (scale(draws), scale(task_means(array)))
    scaled, points = (np.where(counts > 0, means, 0.0) for means in (scaled, points))

    def effects(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[Effect, Effect]:
        weights = _family(counts, left) - _family(counts, right)
        mean = _effect(
            (points * weights).sum(axis=0),
            np.einsum("bmt,mt->bt", scaled, weights),
            _least(counts, left + right),
            clusters,
            level,
        )
        bests = np.stack([judged_best(array[list(side)]) for side in (left, right)])
        point, drawn = task_means(bests), resample_means(bests, resamples, seed)
        if scale is not None:
            point, drawn = scale(point), scale(drawn)
        best = _effect(
            point[0] - point[1],
            drawn[:, 0] - drawn[:, 1],
            repeat_counts(bests).min(axis=0),
            clusters,
            level,
        )
        return mean, best

    mean, best = effects(*sides)
    without = {}
    for side, members in enumerate(sides):
        for method in members if sensitivity and len(members) > 1 else ():
            rest = tuple(m for m in members if m != method)
            without[method] = effects(rest, sides[1]) if side == 0 else effects(sides[0], rest)
    return FamilyAnswer(first, second, (sides[0], sides[1]), mean, best, without)


def judged_best(values: npt.ArrayLike) -> Array:
    """Runs of the best of several methods, chosen by the odd repeats and judged by the even ones.

    For each task, the method of least mean over repeats 1, 3, 5, ... is chosen; its runs 2, 4, 6, ... are returned.
    They had no say in the choice, so that their mean is unbiased for what the chosen method does, and their spread is
    all there is to its uncertainty. (Taking turns, as cross-validation does, would use all runs; but the turns are
    correlated where methods are close, and an interval that takes them as independent covers too little.)

    Args:
        values: methods x tasks x repeats, NaN for missing.

    Returns:
        tasks x repeats; NaN in the repeats that choose, and where no method has runs on both sides.
    """
    array = checked(values, "methods x tasks x repeats")
    choosing, judging = task_means(array[:, :, ::2]), task_means(array[:, :, 1::2])
    # A method that cannot be judged cannot be chosen.
    absent = np.asarray(np.isnan(choosing) | np.isnan(judging))
    chosen = np.argmin(np.where(absent, np.inf, choosing), axis=0)
    result = np.full(array.shape[1:], np.nan)
    result[:, 1::2] = array[chosen, np.arange(array.shape[1])][:, 1::2]
    result[np.asarray(absent.all(axis=0))] = np.nan
    return result


def _family(counts: npt.NDArray[np.int64], members: tuple[int, ...]) -> Array:
    """Weights, methods x tasks, of the mean over the members that are there; NaN on a task where none is."""
    there = np.zeros(counts.shape)
    there[list(members)] = counts[list(members)] > 0
    number = there.sum(axis=0)
    return np.where(number > 0, there / np.maximum(number, 1), np.nan)


def _least(counts: npt.NDArray[np.int64], members: tuple[int, ...]) -> npt.NDArray[np.int64]:
    some = counts[list(members)]
    least = np.where(some > 0, some, np.iinfo(np.int64).max).min(axis=0)
    return np.asarray(np.where((some > 0).any(axis=0), least, 0))


def _effect(
    point: Array, draws: Array, repeats: npt.NDArray[np.int64], clusters: Sequence[str], level: float
) -> Effect:
    used = ~np.isnan(point)
    per_task = estimate(point, draws, repeats, 1, level)
    names = tuple(dict.fromkeys(name for name, there in zip(clusters, used, strict=True) if there))
    masks = [used & np.array([cluster == name for cluster in clusters], dtype=bool) for name in names]
    if not names:
        nothing = Estimate(*(np.array(np.nan) for _ in range(3)))
        empty = Estimate(*(np.empty(0) for _ in range(3)))
        return Effect(per_task, empty, nothing, nothing, (), used)
    values = np.array([point[mask].mean() for mask in masks])
    drawn = np.stack([draws[:, mask].mean(axis=1) for mask in masks], axis=1)
    least, spread = np.array([repeats[mask].min() for mask in masks]), draws.var(axis=0)
    strata = np.array([effective_strata(spread[mask]) for mask in masks])
    per_cluster = estimate(values, drawn, least, strata, level)
    parts = np.concatenate([spread[mask] / mask.sum() ** 2 for mask in masks])
    overall = estimate(values.mean(), drawn.mean(axis=1), least.min(), effective_strata(parts), level)
    half = np.inf
    if len(names) > 1:
        half = float(t_quantile(0.5 + level / 2, len(names) - 1)) * values.std(ddof=1) / np.sqrt(len(names))
        # A few spaces may agree by chance: of others nothing is surer than of these.
        half = np.nanmax([half, overall.high - overall.value, overall.value - overall.low])
    beyond = Estimate(overall.value, np.asarray(overall.value - half), np.asarray(overall.value + half))
    return Effect(per_task, per_cluster, overall, beyond, names, used)
