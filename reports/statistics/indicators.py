"""Distances of a set of points to the exact front; all objectives are minimised and normalised."""

import numpy as np
import numpy.typing as npt

__all__ = ["additive_epsilon", "igd_plus"]


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


def _difference(points: npt.ArrayLike, front: npt.ArrayLike) -> npt.NDArray[np.float64]:
    given, wanted = np.asarray(points, dtype=np.float64), np.asarray(front, dtype=np.float64)
    return given.reshape(-1, wanted.shape[1])[None] - wanted[:, None]


def _excess(points: npt.ArrayLike, front: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return np.maximum(_difference(points, front), 0.0)
