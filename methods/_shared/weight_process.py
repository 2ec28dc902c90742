"""A Gaussian process over weights in a cube, with an upper confidence bound."""

import numpy as np
import numpy.typing as npt

__all__ = ["WeightProcess", "matern"]

Array = npt.NDArray[np.float64]

LENGTHS = tuple(np.geomspace(0.1, 10.0, 11))
"""Length scales that are compared by marginal likelihood."""
JITTER = 1e-6
GROWTH = 1.2
"""The length scale is chosen again at so many times the observations of the last choice."""


def matern(left: Array, right: Array, length: float) -> Array:
    """The Matern kernel of smoothness 5/2 between m and n points, m x n."""
    squared = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1) - 2.0 * left @ right.T
    r = np.sqrt(np.maximum(5.0 * squared, 0.0)) / length
    found: Array = (1.0 + r + r * r / 3.0) * np.exp(-r)
    return found


class WeightProcess:
    """Learns which weights in [-1, 1]^d lead to small errors.

    Targets are standardised; the kernel is `matern` with unit variance and a length scale of largest likelihood.

    Args:
        dimensions: d.
        kappa: Deviations above the mean, in the bound.
        rng: Draws the points that are compared.
    """

    def __init__(self, dimensions: int, kappa: float, rng: np.random.Generator) -> None:
        self._kappa, self._rng = kappa, rng
        self._points: Array = np.empty((0, dimensions))
        self._errors: list[float] = []
        self._length, self._due = 1.0, 3

    def tell(self, weights: Array, error: float) -> None:
        """Observes one more point."""
        self._points = np.concatenate([self._points, weights[None]])
        self._errors.append(error)

    def propose(self, points: int) -> Array:
        """The best of so many random points by the bound mean + kappa deviation; a random one at the start."""
        drawn = self._rng.uniform(-1.0, 1.0, size=(points, self._points.shape[1]))
        if not self._errors:
            first: Array = drawn[0]
            return first
        targets = self._targets()
        if len(targets) >= self._due:
            self._length = max(LENGTHS, key=lambda length: self.likelihood(targets, length))
            self._due = int(np.ceil(GROWTH * len(targets)))
        factor = np.linalg.cholesky(self._covariance(self._length))
        inverse = np.linalg.inv(factor)
        cross = inverse @ matern(self._points, drawn, self._length)
        mean = (inverse @ targets) @ cross
        deviation = np.sqrt(np.maximum(1.0 - np.square(cross).sum(axis=0), 0.0))
        best: Array = drawn[int((mean + self._kappa * deviation).argmax())]
        return best

    def likelihood(self, targets: Array, length: float) -> float:
        """The logarithm of the marginal likelihood of the targets, without its constant."""
        factor = np.linalg.cholesky(self._covariance(length))
        whitened = np.linalg.solve(factor, targets)
        return float(-0.5 * whitened @ whitened - np.log(np.diag(factor)).sum())

    def _covariance(self, length: float) -> Array:
        found: Array = matern(self._points, self._points, length) + JITTER * np.eye(len(self._points))
        return found

    def _targets(self) -> Array:
        errors = np.asarray(self._errors)
        found: Array = (errors.mean() - errors) / (float(errors.std()) or 1.0)
        return found
