"""Distances of a set of points to the exact front; all objectives are minimised and normalised."""

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.hypervolume import non_dominated

__all__ = ["additive_epsilon", "igd_plus", "r2"]


def igd_plus(points: npt.ArrayLike, front: npt.ArrayLike) -> float:
    """Inverted generational distance plus: the mean distance from the front to what the points dominate.

    The distance from a point of the front to another point counts only the objectives in which the latter is worse
    (Ishibuchi, Masuda, Tanigaki and Nojima, EMO 2015). 0 if the points hold the front; infinite without points.

    Args:
        points: n x d.
        front: m x d, not empty.
    """
    excess = _excess(points, front)
    return float(np.sqrt((excess**2).sum(axis=2)).min(axis=1).mean()) if excess.size else float("inf")


def additive_epsilon(points: npt.ArrayLike, front: npt.ArrayLike) -> float:
    """The least amount by which all points must improve in every objective to dominate the whole front weakly.

    Zitzler, Thiele, Laumanns, Fonseca and Grunert da Fonseca, IEEE Transactions on Evolutionary Computation, 2003.

    Args:
        points: n x d.
        front: m x d, not empty.
    """
    difference = _difference(points, front)
    return float(difference.max(axis=2).min(axis=1).max()) if difference.size else float("inf")


def r2(points: npt.ArrayLike) -> float:
    """R2: the mean over all weights w in [0, 1] of the best weighted maximum min_i max(w x_i, (1 - w) y_i), exactly.

    A user with an unknown weight loses so much, on average, against the ideal point (Hansen and Jaszkiewicz 1998). With
    two objectives the best point changes at known weights, so that the integral has a closed form (Schaepermeier and
    Kerschke, PPSN 2024).

    Args:
        points: n x 2, normalised, the ideal point at 0; infinite without points.
    """
    front = non_dominated(np.maximum(np.asarray(points, dtype=np.float64).reshape(-1, 2), 0.0))
    if not len(front):
        return float("inf")
    xs, ys = front[::-1].T  # the point of the least y is best at w = 0
    total, start = 0.0, 0.0
    for place, (x, y) in enumerate(zip(xs.tolist(), ys.tolist(), strict=True)):
        turn = y / (x + y) if x + y > 0 else 1.0  # its maximum falls as (1 - w) y until here, then rises as w x
        last = place == len(xs) - 1
        end = 1.0 if last else float(ys[place + 1] / (x + ys[place + 1]))
        total += y * (turn - start - (turn**2 - start**2) / 2) + x * (end**2 - turn**2) / 2
        start = end
    return total


def _difference(points: npt.ArrayLike, front: npt.ArrayLike) -> npt.NDArray[np.float64]:
    given, wanted = np.asarray(points, dtype=np.float64), np.asarray(front, dtype=np.float64)
    return given.reshape(-1, wanted.shape[1])[None] - wanted[:, None]


def _excess(points: npt.ArrayLike, front: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.maximum(_difference(points, front), 0.0)
