"""A Gaussian process over architectures that compares decisions and graph features, with a linear term."""

import numpy as np

from equipoise.methods._shared.structural_likelihood import (
    LOG_MEAN,
    Array,
    Inputs,
    Layout,
    NegativeLogPosterior,
    squared_distances,
)

__all__ = ["StructuralProcess"]

WEIGHT_BOUNDS, NOISE_BOUNDS = (-7.0, 3.0), (np.log(1e-5), 0.0)
STEPS = 30
"""L-BFGS steps per fit."""


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

    def _read(self) -> None:
        d, g = self.layout.decisions, self.layout.n_groups
        values = np.exp(self._theta)
        self.weights, self.scales = values[:d], values[d : d + g]
        self.share = float(values[d + g]) if g else 0.0
        self.slopes, self.noise = values[d + g + 1 : -1], float(values[-1])

    def kernel(self, left: Inputs, right: Inputs) -> Array:
        """The covariance k between m and n architectures, m x n."""
        total: Array = (left.linear * self.slopes) @ right.linear.T
        if self.layout.decisions:
            distance = np.zeros((len(left.codes), len(right.codes)))
            for column, weight in enumerate(self.weights):
                distance += weight * (left.codes[:, column, None] != right.codes[None, :, column])
            total = total + np.exp(-distance)
        if self.layout.n_groups:
            root = np.sqrt(self.scales[self.layout.groups])
            total = total + self.share * np.exp(-squared_distances(left.features * root, right.features * root))
        return total

    def diagonal(self, inputs: Inputs) -> Array:
        """The covariance k of n architectures with themselves."""
        constant = float(self.layout.decisions > 0) + self.share
        found: Array = constant + np.square(inputs.linear, dtype=np.float64) @ self.slopes
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
        loss = NegativeLogPosterior(self.layout, seen, targets)
        bounds = [WEIGHT_BOUNDS] * (len(self._theta) - 1) + [NOISE_BOUNDS]
        from scipy.optimize import minimize  # here: listing the methods needs none of scipy

        found = minimize(loss, self._theta, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
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
