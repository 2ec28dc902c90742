"""A Gaussian process over architectures: normal-score targets, ARD Hamming kernel, expected improvement.

Shared by the methods that rank candidates with it.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.method import Observation
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["HammingProcess", "Ranker", "best_of", "expected_improvement", "normal_scores"]

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

PRIOR_MEAN, PRIOR_DEVIATION = -1.0, 1.5
"""Normal prior on the logarithm of each decision's weight: weak, it keeps fits of a dozen points in bounds."""
NOISE_BOUNDS = (np.log(1e-5), np.log(1.0))
WEIGHT_BOUNDS = (-7.0, 3.0)


def normal_scores(errors: npt.ArrayLike) -> Array:
    """Targets from errors: the normal quantiles of their ranks, the smallest error the largest score.

    Args:
        errors: n errors; ties share their mean rank.

    Returns:
        n scores. Source: Blom, Statistical Estimates and Transformed Beta-Variables, 1958.
    """
    from scipy.special import ndtri  # here and below: listing the methods needs none of scipy
    from scipy.stats import rankdata

    ranks = rankdata(-np.asarray(errors, dtype=np.float64))
    scores: Array = ndtri((ranks - 0.375) / (len(ranks) + 0.25))
    return scores


def expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Expected improvement over `best` of n normal variables, larger is better."""
    from scipy.special import ndtr

    z = (mean - best) / deviation
    improvement: Array = deviation * (z * ndtr(z) + np.exp(-0.5 * z * z) * 0.3989422804014327)
    return improvement


def best_of(
    mean: Array, deviation: Array, best: float, allowed: npt.NDArray[np.bool_], rng: np.random.Generator
) -> int:
    """The position of the largest expected improvement among the allowed, ties broken at random.

    Where no improvement is expected any more in floating point, the largest standardised mean is taken.
    """
    deviation = np.maximum(deviation, 1e-9)
    z = (mean - best) / deviation
    open_ = _contenders(z, deviation, allowed)
    score = expected_improvement(mean[open_], deviation[open_], best)
    if score.max(initial=-np.inf) <= 1e-14:
        open_ = np.flatnonzero(allowed)
        score = z[open_]
    top = score.max()
    ties = open_[score >= top - 1e-12 * abs(top)]
    return int(ties[rng.integers(len(ties))]) if len(ties) > 1 else int(ties[0])


def _contenders(z: Array, deviation: Array, allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The positions whose expected improvement may be the largest, by a bound that costs a twentieth of it.

    It is deviation * (z cdf(z) + pdf(z)), at most deviation * (max(z, 0) + pdf(z)); whoever has the largest bound
    shows what must at least be reached.
    """
    bound = deviation * (np.maximum(z, 0.0) + 0.39894229 * np.exp(-0.5 * z * z))
    bound[~allowed] = -1.0
    first = int(bound.argmax())
    reached = float(expected_improvement(z[first], np.ones(()), 0.0) * deviation[first])
    return np.flatnonzero(bound >= reached * (1.0 - 1e-9)) if bound[first] >= 0 else np.flatnonzero(allowed)


class HammingProcess:
    """A zero-mean process with covariance s^2 (exp(-sum_d w_d [x_d != x'_d]) + noise [same observation]).

    The weights w (one a decision) and the noise are fitted by maximum likelihood, with a weak normal prior on log w,
    when there are `growth` times the observations of the last fit; s^2 is profiled out. In between, the inverse
    Cholesky factor grows by a row an observation.

    Args:
        dimensions: d, the number of decisions.
        growth: Factor between fits, above 1.
        first: Observations at the first fit.

    Attributes:
        codes: n x d option numbers observed.
        weights: d weights.
        noise: Noise relative to the signal.
        inverse: n x n inverse of the lower Cholesky factor of the correlation matrix.
    """

    def __init__(self, dimensions: int, growth: float = 1.5, first: int = 6) -> None:
        self.codes: Codes = np.empty((0, dimensions), dtype=np.int64)
        self.weights = np.full(dimensions, np.exp(PRIOR_MEAN))
        self.noise = 1e-3
        self.inverse: Array = np.empty((0, 0))
        self._growth, self._due = growth, first

    def correlation(self, left: Codes, right: Codes) -> Array:
        """Correlations between the rows of m x d and k x d codes: m x k."""
        distance = np.zeros((len(left), len(right)))
        for column, weight in enumerate(self.weights):
            distance += weight * (left[:, column, None] != right[None, :, column])
        return np.exp(-distance)

    def add(self, code: Sequence[int] | Codes) -> None:
        """Observes one more architecture."""
        row = np.asarray(code, dtype=np.int64)[None]
        n = len(self.codes)
        projected = self.inverse @ self.correlation(self.codes, row)[:, 0]
        pivot = np.sqrt(max(1.0 + self.noise - float(projected @ projected), 1e-10))
        grown = np.zeros((n + 1, n + 1))
        grown[:n, :n] = self.inverse
        grown[n, :n] = -(projected @ self.inverse) / pivot
        grown[n, n] = 1.0 / pivot
        self.inverse = grown
        self.codes = np.concatenate([self.codes, row])

    def refit(self, targets: Array) -> bool:
        """Fits weights and noise if that is due.

        Args:
            targets: n, standardised, in the order of `add`.

        Returns:
            Whether they changed.
        """
        n, d = self.codes.shape
        if n < self._due:
            return False
        self._due = int(np.ceil(n * self._growth))
        differs = (self.codes[:, None, :] != self.codes[None, :, :]).astype(np.float64).reshape(n * n, d)

        def loss(theta: Array) -> tuple[float, Array]:
            weights, noise = np.exp(theta[:d]), np.exp(theta[d])
            kernel = np.exp(-(differs @ weights)).reshape(n, n)
            factor = np.linalg.cholesky(kernel + noise * np.eye(n))
            inverse = np.linalg.inv(factor)
            whitened = inverse @ targets
            scale = max(float(whitened @ whitened) / n, 1e-12)
            alpha = whitened @ inverse
            gap = inverse.T @ inverse - np.outer(alpha, alpha) / scale
            prior = (theta[:d] - PRIOR_MEAN) / PRIOR_DEVIATION
            value = 0.5 * n * np.log(scale) + float(np.log(np.diag(factor)).sum()) + 0.5 * float(prior @ prior)
            gradient = -0.5 * weights * ((gap * kernel).ravel() @ differs) + prior / PRIOR_DEVIATION
            return value, np.append(gradient, 0.5 * noise * np.trace(gap))

        start = np.append(np.log(self.weights), np.log(self.noise))
        bounds = [WEIGHT_BOUNDS] * d + [NOISE_BOUNDS]
        from scipy.optimize import minimize

        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 30}).x
        self.weights, self.noise = np.exp(found[:d]), float(np.exp(found[d]))
        correlation = self.correlation(self.codes, self.codes)
        self.inverse = np.linalg.inv(np.linalg.cholesky(correlation + self.noise * np.eye(n)))
        return True

    def solve(self, targets: Array) -> tuple[Array, float]:
        """The coefficients of the posterior mean (n), and s."""
        whitened = self.inverse @ targets
        scale = float(np.sqrt(max(float(whitened @ whitened) / len(whitened), 1e-12)))
        return whitened @ self.inverse, scale

    def predict(self, codes: Codes, targets: Array) -> tuple[Array, Array]:
        """Posterior mean and standard deviation at m x d codes."""
        cross = self.correlation(codes, self.codes)
        coefficients, scale = self.solve(targets)
        explained = cross @ self.inverse.T
        variance = 1.0 - np.einsum("ij,ij->i", explained, explained)
        return cross @ coefficients, scale * np.sqrt(np.maximum(variance, 1e-12))


class Ranker:
    """Learns from observations and picks the most promising candidate; the other half of a generator.

    Args:
        space: The space.
        rng: Breaks ties.
        growth: Factor between fits.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator, growth: float = 1.5) -> None:
        self.space, self.rng = space, rng
        self.errors: list[float] = []
        self.architectures: list[Architecture] = []
        self.process = HammingProcess(len(space.cardinalities), growth)

    def tell(self, observation: Observation) -> bool:
        """Learns one observation, asked for or not; an invalid architecture teaches nothing (False)."""
        architecture = observation.query.architecture
        if not self.space.contains(architecture):
            return False
        self.architectures.append(self.space.key(architecture))
        self.errors.append(observation.validation_error)
        self.process.add(self.features(self.architectures[-1]))
        return True

    def features(self, key: Architecture) -> Sequence[int]:
        """The features that the process compares: the decisions, unless a subclass adds some."""
        return key

    def scores(self) -> Array:
        """The normal scores of all observations, in the order of `tell`; larger is better."""
        return normal_scores(self.errors)

    def pick(self, candidates: Sequence[Architecture]) -> int:
        """The position of the candidate with the largest expected improvement.

        Args:
            candidates: At least one, each as its `key`.
        """
        codes = np.asarray([self.features(key) for key in candidates], dtype=np.int64)
        targets = self.scores()
        self.process.refit(targets)
        mean, deviation = self.process.predict(codes, targets)
        return best_of(mean, deviation, float(targets.max()), np.ones(len(codes), dtype=np.bool_), self.rng)
