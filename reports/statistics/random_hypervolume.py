"""Expected hypervolume of random search on a tabulated task."""

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["RandomHypervolume"]

DRAWS = 4096
"""Points of the box at which three and more objectives are integrated."""


class RandomHypervolume:
    """Expected hypervolume of n random architectures out of M, without replacement.

    A point z of the box is dominated by the sample unless the sample misses all k(z) architectures that dominate it,
    which has the probability S(k; n) = C(M - k, n) / C(M, n). By Fubini's theorem

        E[HV(n)] = integral over the box of (1 - S(k(z); n)) dz = sum over k of W(k) * (1 - S(k; n)),

    where W(k) is the volume of the points that exactly k architectures dominate. With two objectives W is exact: the
    coordinates of the M architectures cut the box into rectangles in which k is constant. It is found once, in O(M^2),
    and then serves every n. With more objectives W is estimated at the points of a lattice of Richtmyer's, which leaves
    an error of about 0.001; `exact` tells.

    Args:
        points: M x d, normalised (`equipoise.reports.statistics.hypervolume`).

    Attributes:
        exact: Whether the expectation is exact.
        size: M.
    """

    def __init__(self, points: npt.ArrayLike) -> None:
        array = np.asarray(points, dtype=np.float64)
        self.size, dimension = array.shape
        inside = np.maximum(array[(array < 1).all(axis=1)], 0.0)
        self.exact = dimension == 2
        self._volumes = _exact(inside) if self.exact else _estimated(inside, dimension)

    def mean(self, queries: npt.ArrayLike) -> Array:
        """The expectation for each number of queries; more than M count as M."""
        flat = np.minimum(np.asarray(queries, dtype=np.int64), self.size)
        hit = np.array([float(np.dot(self._volumes, 1 - self._missed(int(n)))) for n in flat.reshape(-1)])
        return hit.reshape(flat.shape)

    def _missed(self, n: int) -> Array:
        """S(k; n) for each k: the product over j < k of (M - n - j) / (M - j)."""
        drawn = np.arange(len(self._volumes) - 1)
        factors = np.maximum(self.size - n - drawn, 0) / (self.size - drawn)
        return np.concatenate([[1.0], np.cumprod(factors)])


def _exact(points: Array) -> Array:
    """Volumes by the number of dominating points, of two objectives: slab by slab along the first one."""
    volumes = np.zeros(len(points) + 1)
    if not len(points):
        volumes[0] = 1.0
        return volumes
    points = points[np.argsort(points[:, 0], kind="stable")]
    levels = np.unique(points[:, 1])
    heights = np.diff(levels, append=1.0)
    ranks = np.searchsorted(levels, points[:, 1])
    widths = np.diff(points[:, 0], append=1.0)
    volumes[0] = points[0, 0]
    dominating = np.zeros(len(levels), dtype=np.int64)
    for rank, width in zip(ranks.tolist(), widths.tolist(), strict=True):
        dominating[rank:] += 1
        if width > 0:
            volumes[0] += width * levels[0]
            found = np.bincount(dominating, weights=heights)
            volumes[: len(found)] += width * found
    return volumes


def _estimated(points: Array, dimension: int) -> Array:
    roots = np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0][:dimension])
    places = np.modf(np.outer(np.arange(1, DRAWS + 1), roots))[0]
    counts = np.array([np.count_nonzero((points <= place).all(axis=1)) for place in places])
    return np.bincount(counts, minlength=len(points) + 1) / DRAWS
