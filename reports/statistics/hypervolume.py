"""Hypervolume: the share of the box between ideal and reference point that a set of points dominates.

All objectives are minimised and normalised: the ideal point is 0 and the reference point 1 in every one.
"""

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["hypervolume", "hypervolume_curve", "non_dominated"]


def non_dominated(points: npt.ArrayLike) -> Array:
    """The points that no other one dominates, each once, in ascending order of the first objective.

    Args:
        points: n x d.
    """
    unique = np.unique(np.asarray(points, dtype=np.float64), axis=0)  # ascending, so that none dominates an earlier one
    kept = np.empty_like(unique)
    count = 0
    for point in unique:
        if not (kept[:count] <= point).all(axis=1).any():
            kept[count] = point
            count += 1
    return kept[:count]


def hypervolume(points: npt.ArrayLike) -> float:
    """The volume of the unit box that the points dominate: exact, for any number of objectives.

    Two objectives take one sweep. More are cut into slabs along the last one, each with the volume of one objective
    less (Zitzler 2001), which suits the three or four objectives and the hundred points of a front.

    Args:
        points: n x d, normalised; those outside the box count as far as they dominate a part of it.
    """
    array = np.asarray(points, dtype=np.float64)
    inside = array[(array < 1).all(axis=1)] if array.size else array.reshape(0, 1)
    return _volume(np.maximum(inside, 0.0)) if len(inside) else 0.0


def _volume(points: Array) -> float:
    if points.shape[1] == 1:
        return float(1 - points.min())
    if points.shape[1] == 2:
        front = points[np.lexsort((points[:, 1], points[:, 0]))]
        lowest = np.minimum.accumulate(front[:, 1])
        return float(np.sum(np.diff(front[:, 0], append=1.0) * (1 - lowest)))
    points = points[np.argsort(points[:, -1], kind="stable")]
    depths = np.diff(points[:, -1], append=1.0)
    total = 0.0
    for count in np.flatnonzero(depths) + 1:
        total += float(depths[count - 1]) * _volume(non_dominated(points[:count, :-1]))
    return total


def hypervolume_curve(points: npt.ArrayLike) -> Array:
    """The hypervolume of the first 1, 2, ..., n points.

    Args:
        points: n x d, normalised, in the order of a run; rows with NaN add nothing.
    """
    array = np.asarray(points, dtype=np.float64)
    curve = np.zeros(len(array))
    front, volume = array[:0], 0.0
    for place, point in enumerate(array):
        if (point < 1).all() and not (front <= point).all(axis=1).any():
            front = np.vstack([front[~(point <= front).all(axis=1)], point])
            volume = hypervolume(front)
        curve[place] = volume
    return curve
