"""Empirical attainment functions of two objectives, both minimised."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["Difference", "attained", "attainment_surface", "largest_difference"]


def attainment_surface(runs: Sequence[npt.ArrayLike], share: float) -> Array:
    """The corners of the surface that a share of the runs attain: k x 2, ascending in the first objective.

    A run attains a point if one of its own points is no worse in both objectives. The surface bounds what at least
    ``ceil(share * runs)`` of them attain (Fonseca and Fleming, PPSN 1996; Lopez-Ibanez, Paquete and Stuetzle 2010).

    Args:
        runs: The points of each run, n x 2.
        share: Above 0, at most 1.
    """
    needed = max(1, int(np.ceil(share * len(runs) - 1e-9)))
    xs = np.unique(np.concatenate([np.asarray(run, dtype=np.float64).reshape(-1, 2)[:, 0] for run in runs]))
    if not xs.size:
        return np.zeros((0, 2))
    heights = np.sort(np.stack([_best_at(run, xs) for run in runs]), axis=0)[needed - 1]
    corners = np.isfinite(heights) & (heights < np.concatenate([[np.inf], heights[:-1]]))
    return np.stack([xs[corners], heights[corners]], axis=1)


def attained(runs: Sequence[npt.ArrayLike], xs: Array, ys: Array) -> Array:
    """The empirical attainment function on a grid: the share of the runs that attain (x, y), k x m.

    Args:
        runs: The points of each run, n x 2.
        xs: k values of the first objective.
        ys: m values of the second.
    """
    heights = np.stack([_best_at(run, xs) for run in runs])
    return np.asarray((heights[:, :, None] <= ys).mean(axis=0))


@dataclass(frozen=True)
class Difference:
    """Where two methods differ most.

    Attributes:
        difference: Share of the runs of the first that attain the point, less that of the second: from -1 to 1.
        point: The point, in the units of the objectives given.
    """

    difference: float
    point: tuple[float, float]


def largest_difference(
    first: Sequence[npt.ArrayLike], second: Sequence[npt.ArrayLike]
) -> tuple[Difference, Difference]:
    """The points where each of two methods is ahead most by its empirical attainment function.

    Args:
        first: The points of each of its runs, n x 2.
        second: The same of the other.

    Returns:
        Where the first is ahead most (difference >= 0), and where the second is (difference <= 0).
    """
    runs = [np.asarray(run, dtype=np.float64).reshape(-1, 2) for run in (*first, *second)]
    every = np.concatenate(runs)
    xs, ys = np.unique(every[:, 0]), np.unique(every[:, 1])
    most = [Difference(0.0, (np.nan, np.nan)), Difference(0.0, (np.nan, np.nan))]
    heights = np.stack([_best_at(run, xs) for run in runs])
    for place, x in enumerate(xs.tolist()):
        attained = heights[:, place, None] <= ys
        ahead = attained[: len(first)].mean(axis=0) - attained[len(first) :].mean(axis=0)
        for side, where in enumerate((int(ahead.argmax()), int(ahead.argmin()))):
            if (ahead[where] > most[0].difference) if side == 0 else (ahead[where] < most[1].difference):
                most[side] = Difference(float(ahead[where]), (x, float(ys[where])))
    return most[0], most[1]


def _best_at(run: npt.ArrayLike, xs: Array) -> Array:
    """The best second objective of a run among its points up to each x; infinite where it has none."""
    points = np.asarray(run, dtype=np.float64).reshape(-1, 2)
    points = points[np.argsort(points[:, 0], kind="stable")]
    lowest = np.concatenate([[np.inf], np.minimum.accumulate(points[:, 1])])
    best: Array = lowest[np.searchsorted(points[:, 0], xs, side="right")]
    return best
