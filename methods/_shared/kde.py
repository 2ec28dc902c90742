"""Product-kernel density estimates over parameters, and draws from them, as BOHB uses them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import Parameter

__all__ = ["Density"]

Array = npt.NDArray[np.float64]


class Density:
    """A density over points whose coordinates are option numbers (categorical) or lie in [0, 1] (integer, float).

    Kernels: Aitchison and Aitken's for options, 1 - h where they agree and h / (c - 1) where not; Gaussian for numbers.
    Bandwidths by the normal reference rule, 1.06 sd n^(-1 / (4 + d)), at least `least`; that of c options is at most
    (c - 1) / c, where the kernel is uniform.

    Args:
        points: n x d.
        parameters: d.
        least: Smallest bandwidth.

    Attributes:
        bandwidth: d.
    """

    def __init__(self, points: Array, parameters: Sequence[Parameter], least: float) -> None:
        n, d = points.shape
        self._points = points
        self._hot = np.array([parameter.kind == "categorical" for parameter in parameters])
        self._counts = np.array([max(parameter.size, 2) for parameter in parameters])
        most = np.where(self._hot, (self._counts - 1) / self._counts, np.inf)
        self.bandwidth: Array = np.clip(1.06 * points.std(axis=0) * n ** (-1 / (4 + d)), least, most)

    def at(self, points: Array) -> Array:
        """The density at m x d points."""
        h, hot = self.bandwidth, self._hot
        difference = points[:, None, :] - self._points[None, :, :]
        options = np.where(difference == 0, 1 - h, h / (self._counts - 1))
        numbers = np.exp(-0.5 * np.square(difference / h)) / (h * np.sqrt(2 * np.pi))
        kernels: Array = np.where(hot, options, numbers).prod(axis=2)
        return np.asarray(kernels.mean(axis=1))

    def draw(self, n: int, factor: float, rng: np.random.Generator) -> Array:
        """Draws n points near those of the density: n x d.

        An option stays with probability 1 - h and is drawn uniformly otherwise; a number is drawn from a normal
        distribution of deviation `factor` h, truncated to [0, 1].
        """
        from scipy.special import ndtr, ndtri  # here: listing the methods needs none of scipy

        base = self._points[rng.integers(len(self._points), size=n)]
        stays = rng.random(base.shape) < 1 - self.bandwidth
        options = np.where(stays, base, rng.integers(self._counts, size=base.shape))
        width = factor * self.bandwidth
        low, high = ndtr(-base / width), ndtr((1 - base) / width)
        numbers = base + width * ndtri(low + rng.random(base.shape) * (high - low))
        return np.where(self._hot, options, np.clip(numbers, 0.0, 1.0))
