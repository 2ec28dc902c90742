"""Expected improvement of the hypervolume of two objectives."""

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.gp import Array

__all__ = ["expected_hypervolume_improvement"]


def expected_hypervolume_improvement(
    means: tuple[Array, Array], deviations: tuple[Array, Array], observed: npt.ArrayLike, reference: tuple[float, float]
) -> Array:
    """The expected gain in hypervolume of each candidate, exactly, for independent normal objectives to be maximised.

    With h(x) the height of the front at x, a point (X, Y) gains the integral over x < X of max(Y - h(x), 0). The front
    is a staircase, so that this is a sum over its steps [a, b) of height h of

        (E max(X - a, 0) - E max(X - b, 0)) * E max(Y - h, 0),

    and both factors have closed forms (Emmerich, Yang, Deutz, Wang and Fonseca, 2016, compute the same).

    Args:
        means: Of the first and second objective, M candidates each.
        deviations: Standard deviations, likewise, positive.
        observed: n x 2 points.
        reference: What is worse than it counts nothing.

    Returns:
        M expectations.
    """
    points = np.asarray(observed, dtype=np.float64).reshape(-1, 2)
    points = points[(points > reference).all(axis=1)]
    points = points[np.lexsort((points[:, 1], points[:, 0]))]
    heights = np.maximum.accumulate(points[::-1, 1])[::-1] if len(points) else np.zeros(0)
    edges = np.concatenate([[reference[0]], points[:, 0], [np.inf]])
    total = np.zeros(len(means[0]))
    before = _excess(means[0], deviations[0], edges[0])
    for edge, height in zip(edges[1:], [*heights, reference[1]], strict=True):
        after = _excess(means[0], deviations[0], edge) if np.isfinite(edge) else np.zeros(len(total))
        total += (before - after) * _excess(means[1], deviations[1], height)
        before = after
    return total


def _excess(mean: Array, deviation: Array, bound: float) -> Array:
    """E max(X - bound, 0)."""
    from scipy.special import ndtr

    z = (mean - bound) / deviation
    excess: Array = deviation * (z * ndtr(z) + np.exp(-0.5 * z * z) * 0.3989422804014327)
    return np.maximum(excess, 0.0)
