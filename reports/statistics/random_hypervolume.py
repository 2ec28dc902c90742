"""Expected hypervolume of random search on a tabulated task."""

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["RandomHypervolume"]

MOST_CELLS = 2_000_000_000
"""Cells of three objectives up to which the expectation is exact; it takes about 2.5 ns each."""
LATTICES, DRAWS = 16, 1024
"""Shifted lattices, and points of each, at which the expectation is integrated beyond that."""


class RandomHypervolume:
    """Expected hypervolume of n random architectures out of M, without replacement.

    A point z of the box is dominated by the sample unless the sample misses all k(z) architectures that dominate it,
    which has the probability S(k; n) = C(M - k, n) / C(M, n). By Fubini's theorem

        E[HV(n)] = integral over the box of (1 - S(k(z); n)) dz = sum over k of W(k) * (1 - S(k; n)),

    where W(k) is the volume of the points that exactly k architectures dominate. The coordinates of the architectures
    cut the box into cells in which k is constant, so that W is exact: with two objectives in O(M^2), with three in one
    sweep over all cells, as long as there are not more than `MOST_CELLS`. It is found once and serves every n. Beyond
    that, and with more objectives, W is the mean over randomly shifted lattices of Richtmyer's, and `standard_error`
    tells what that leaves.

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
        cells = np.prod([float(np.unique(column).size) for column in inside.T])
        self.exact = dimension == 2 or (dimension == 3 and cells <= MOST_CELLS)
        if self.exact:
            self._volumes = (_of_two if dimension == 2 else _of_three)(inside)[None]
        else:
            self._volumes = _estimated(inside, dimension)

    def mean(self, queries: npt.ArrayLike) -> Array:
        """The expectation for each number of queries; more than M count as M."""
        return np.asarray(self._means(queries).mean(axis=0))

    def standard_error(self, queries: npt.ArrayLike) -> Array:
        """The standard error of `mean` for each number of queries; 0 where it is exact."""
        means = self._means(queries)
        if len(means) == 1:
            return np.zeros(means.shape[1:])
        return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(len(means)))

    def _means(self, queries: npt.ArrayLike) -> Array:
        flat = np.minimum(np.asarray(queries, dtype=np.int64), self.size)
        hit = np.array([self._volumes @ (1 - self._missed(int(n))) for n in flat.reshape(-1)])
        return hit.T.reshape(len(self._volumes), *flat.shape)

    def _missed(self, n: int) -> Array:
        """S(k; n) for each k: the product over j < k of (M - n - j) / (M - j)."""
        drawn = np.arange(self._volumes.shape[1] - 1)
        factors = np.maximum(self.size - n - drawn, 0) / (self.size - drawn)
        return np.concatenate([[1.0], np.cumprod(factors)])


def _of_two(points: Array) -> Array:
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


def _of_three(points: Array) -> Array:
    """The same of three objectives: slab by slab along the one with the most values."""
    volumes = np.zeros(len(points) + 1)
    if not len(points):
        volumes[0] = 1.0
        return volumes
    longest = int(np.argmax([np.unique(column).size for column in points.T]))
    sweep, *others = np.roll(points, -longest, axis=1).T
    order = np.argsort(sweep, kind="stable")
    sides = [np.concatenate([[0.0], np.unique(other)]) for other in others]  # the first step is dominated by none
    areas = np.multiply.outer(*(np.diff(side, append=1.0) for side in sides)).ravel()
    first, second = (
        np.searchsorted(side, other[order], side="right") - 1 for side, other in zip(sides, others, strict=True)
    )
    first, second = (np.maximum(ranks, 1) for ranks in (first, second))
    widths = np.diff(sweep[order], append=1.0)
    volumes[0] = sweep[order[0]]
    dominating = np.zeros((len(sides[0]), len(sides[1])), dtype=np.int64)
    for x, y, width in zip(first.tolist(), second.tolist(), widths.tolist(), strict=True):
        dominating[x:, y:] += 1
        if width > 0:
            found = np.bincount(dominating.ravel(), weights=areas)
            volumes[: len(found)] += width * found
    return volumes


def _estimated(points: Array, dimension: int) -> Array:
    """The same of any number of objectives, lattice by lattice: the share of its points that k points dominate."""
    roots = np.sqrt([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0][:dimension])
    shifts = np.random.default_rng(0).random((LATTICES, dimension))
    volumes = np.zeros((LATTICES, len(points) + 1))
    for volume, shift in zip(volumes, shifts, strict=True):
        places = np.modf(shift + np.outer(np.arange(1, DRAWS + 1), roots))[0]
        counts = [np.count_nonzero((points <= place).all(axis=1)) for place in places]
        volume += np.bincount(counts, minlength=len(points) + 1) / DRAWS
    return volumes
