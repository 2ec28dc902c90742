"""A Gaussian process over architectures that reads decisions, graph features and size."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dpotrf, dpotri, dtrtri
from scipy.optimize import minimize

__all__ = ["Inputs", "Layout", "StructuralProcess"]

Array = npt.NDArray[np.float64]

LOG_MEAN, LOG_DEVIATION = -1.0, 1.5
"""Normal prior on the logarithms of the weights and of the linear terms."""
SHARE_DEVIATION = 1.5
"""Normal prior, with mean 0, on the logarithm of the graph term's share."""
WEIGHT_BOUNDS, NOISE_BOUNDS = (-7.0, 3.0), (np.log(1e-5), 0.0)
STEPS = 30
"""L-BFGS steps per fit."""


class Inputs(NamedTuple):
    """What the process compares of n architectures.

    Attributes:
        codes: n x d option numbers.
        features: n x F graph features, scaled so that the mean squared distance of a group is 1.
        linear: n x L standardised features that enter linearly.
    """

    codes: npt.NDArray[np.int64]
    features: Array
    linear: Array

    def rows(self, chosen: npt.NDArray[np.int64] | slice) -> "Inputs":
        """Those of some architectures."""
        return Inputs(self.codes[chosen], self.features[chosen], self.linear[chosen])


class Layout(NamedTuple):
    """The sizes of `Inputs`, and to which group each feature belongs.

    Attributes:
        decisions: d, or 0 where decisions are not compared.
        groups: The group number of each of the F features.
        linear: L.
    """

    decisions: int
    groups: npt.NDArray[np.int64]
    linear: int

    @property
    def n_groups(self) -> int:
        """G."""
        return int(self.groups.max()) + 1 if len(self.groups) else 0


class StructuralProcess:
    """A zero-mean process with covariance s^2 (k(x, x') + noise [same observation]).

    k(x, x') = exp(-sum_d w_d [x_d != x'_d]) + a exp(-sum_g u_g |f_g - f'_g|^2) + sum_l v_l z_l z'_l, over decisions x,
    groups of graph features f and linear features z. All hyperparameters are fitted by maximum a posteriori, with
    s^2 profiled out, when there are `growth` times the observations of the last fit. In between, the inverse Cholesky
    factor grows by a row per observation.

    Args:
        layout: What there is to compare.
        growth: Factor between fits, above 1.
        first: Observations at the first fit.

    Attributes:
        weights: w, d of them.
        scales: u, G of them.
        share: a; 0 without graph features.
        slopes: v, L of them.
        noise: Relative to s^2.
        inverse: n x n inverse of the lower Cholesky factor of k + noise.
        fits: How often the hyperparameters have been fitted.
    """

    def __init__(self, layout: Layout, growth: float = 1.5, first: int = 5) -> None:
        d, g, self._l = layout.decisions, layout.n_groups, layout.linear
        self.layout = layout
        self._theta = np.concatenate([np.full(d + g, LOG_MEAN), [0.0], np.full(self._l, LOG_MEAN), [np.log(1e-3)]])
        self._read()
        self.inverse: Array = np.empty((0, 0))
        self.fits = 0
        self._growth, self._due = growth, first
        self._members = [np.flatnonzero(layout.groups == group) for group in range(g)]

    def _read(self) -> None:
        d, g = self.layout.decisions, self.layout.n_groups
        values = np.exp(self._theta)
        self.weights, self.scales = values[:d], values[d : d + g]
        self.share = float(values[d + g]) if g else 0.0
        self.slopes, self.noise = values[d + g + 1 : -1], float(values[-1])

    def kernel(self, left: Inputs, right: Inputs) -> Array:
        """k between m and n architectures, m x n."""
        total = (left.linear * self.slopes) @ right.linear.T
        if self.layout.decisions:
            distance = np.zeros((len(left.codes), len(right.codes)))
            for column, weight in enumerate(self.weights):
                distance += weight * (left.codes[:, column, None] != right.codes[None, :, column])
            total = total + np.exp(-distance)
        if self.layout.n_groups:
            root = np.sqrt(self.scales[self.layout.groups])
            total = total + self.share * np.exp(-_squared(left.features * root, right.features * root))
        return total

    def diagonal(self, inputs: Inputs) -> Array:
        """k of n architectures with themselves."""
        constant = float(self.layout.decisions > 0) + self.share
        found: Array = constant + np.square(inputs.linear) @ self.slopes
        return found

    def add(self, seen: Inputs, own: Inputs) -> None:
        """Observes one more architecture, after those seen."""
        n = len(self.inverse)
        projected = self.inverse @ self.kernel(seen, own)[:, 0]
        pivot = np.sqrt(max(float(self.diagonal(own)[0]) + self.noise - float(projected @ projected), 1e-10))
        grown = np.zeros((n + 1, n + 1))
        grown[:n, :n] = self.inverse
        grown[n, :n] = -(projected @ self.inverse) / pivot
        grown[n, n] = 1.0 / pivot
        self.inverse = grown

    def refit(self, seen: Inputs, targets: Array) -> bool:
        """Fits the hyperparameters if that is due; tells whether they changed."""
        if len(targets) < self._due:
            return False
        self._due = int(np.ceil(len(targets) * self._growth))
        loss = _Loss(self.layout, self._members, seen, targets)
        bounds = [WEIGHT_BOUNDS] * (len(self._theta) - 1) + [NOISE_BOUNDS]
        found = minimize(loss, self._theta, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
        self.evaluations = found.nfev
        self._theta = found.x
        self._read()
        self.fits += 1
        covariance = self.kernel(seen, seen) + self.noise * np.eye(len(targets))
        self.inverse = np.linalg.inv(np.linalg.cholesky(covariance))
        return True

    def solve(self, targets: Array) -> tuple[Array, float]:
        """The coefficients of the posterior mean (n), and s."""
        whitened = self.inverse @ targets
        scale = float(np.sqrt(max(float(whitened @ whitened) / len(whitened), 1e-12)))
        return whitened @ self.inverse, scale


class _Loss:
    """The negative log posterior and its gradient, over the pairs of n observations (lower triangle)."""

    def __init__(self, layout: Layout, members: Sequence[npt.NDArray[np.int64]], seen: Inputs, targets: Array) -> None:
        n = len(targets)
        self._targets, self._n = targets, n
        self._d, self._g, self._l = layout.decisions, layout.n_groups, layout.linear
        self._row, self._column = np.tril_indices(n, -1)
        i, j = self._row, self._column
        self._differs = (seen.codes[i, : self._d] != seen.codes[j, : self._d]).astype(np.float64)
        self._squared = np.empty((len(i), self._g))
        for group, columns in enumerate(members):
            own = seen.features[:, columns]
            self._squared[:, group] = _squared(own, own)[i, j]
        self._linear = seen.linear
        self._prior_mean = np.full(self._d + self._g + 1 + self._l, LOG_MEAN)
        self._prior_mean[self._d + self._g] = 0.0

    def __call__(self, theta: Array) -> tuple[float, Array]:
        d, g, n = self._d, self._g, self._n
        values = np.exp(theta)
        weights, scales, share = values[:d], values[d : d + g], values[d + g] if g else 0.0
        slopes, noise = values[d + g + 1 : -1], values[-1]
        hamming = np.exp(-(self._differs @ weights)) if d else np.zeros(len(self._row))
        graph = share * np.exp(-(self._squared @ scales)) if g else np.zeros(len(self._row))
        matrix = (self._linear * slopes) @ self._linear.T
        matrix[self._row, self._column] += hamming + graph
        matrix.flat[:: n + 1] += float(d > 0) + share + noise
        factor, failed = dpotrf(matrix, lower=1, clean=0)
        if failed:
            return 1e10, np.zeros_like(theta)
        log_determinant = 2.0 * float(np.log(factor.diagonal()).sum())
        inverse, _ = dpotri(factor, lower=1)
        lower = inverse[self._row, self._column]
        full = np.zeros((n, n))
        full[self._row, self._column] = lower
        full += full.T
        full.flat[:: n + 1] = inverse.diagonal()
        alpha = full @ self._targets
        scale = max(float(alpha @ self._targets) / n, 1e-12)
        gap = lower - alpha[self._row] * alpha[self._column] / scale
        gap_diagonal = inverse.diagonal() - alpha * alpha / scale
        deviation = (theta[:-1] - self._prior_mean) / LOG_DEVIATION
        value = 0.5 * n * np.log(scale) + 0.5 * log_determinant + 0.5 * float(deviation @ deviation)
        gradient = np.empty_like(theta)
        if d:
            gradient[:d] = -weights * ((gap * hamming) @ self._differs)
        if g:
            weighted = gap * graph
            gradient[d : d + g] = -scales * (weighted @ self._squared)
            gradient[d + g] = float(weighted.sum()) + 0.5 * share * float(gap_diagonal.sum())
        else:
            gradient[d + g] = 0.0
        if self._l:
            moved = full @ self._linear - np.outer(alpha, alpha @ self._linear) / scale
            gradient[d + g + 1 : -1] = 0.5 * slopes * np.einsum("nl,nl->l", self._linear, moved)
        gradient[:-1] += deviation / LOG_DEVIATION
        gradient[-1] = 0.5 * noise * float(gap_diagonal.sum())
        return value, gradient


def _squared(left: Array, right: Array) -> Array:
    """Squared distances between m and n rows, m x n."""
    found = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)[None, :] - 2.0 * left @ right.T
    return np.maximum(found, 0.0)
