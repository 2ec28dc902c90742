"""The marginal likelihood of a `StructuralProcess` with its priors, and the gradient."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["LOG_MEAN", "Array", "Inputs", "Layout", "NegativeLogPosterior", "squared_distances"]

Array = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]

LOG_MEAN, LOG_DEVIATION = -1.0, 1.5
"""Normal prior on the logarithms of the weights and of the linear terms. The graph term's share has mean 0."""


class Inputs(NamedTuple):
    """The features by which the process compares n architectures.

    Attributes:
        codes: n x d option numbers.
        features: n x F graph features, scaled so that the mean squared distance of a group is 1.
        linear: n x L standardised features that enter linearly.
    """

    codes: npt.NDArray[np.int64]
    features: Single
    linear: Single

    def rows(self, chosen: npt.NDArray[np.int64] | slice) -> "Inputs":
        """Those of some architectures."""
        return Inputs(self.codes[chosen], self.features[chosen], self.linear[chosen])

    def extended(self, other: "Inputs") -> "Inputs":
        """These architectures, then the others."""
        return Inputs(
            np.concatenate([self.codes, other.codes]),
            np.concatenate([self.features, other.features]),
            np.concatenate([self.linear, other.linear]),
        )


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


class NegativeLogPosterior:
    """The negative log posterior and its gradient, over the pairs of n observations (lower triangle)."""

    def __init__(self, layout: Layout, seen: Inputs, targets: Array) -> None:
        n = len(targets)
        self._targets, self._n = targets, n
        self._d, self._g, self._l = layout.decisions, layout.n_groups, layout.linear
        self._row, self._column = np.tril_indices(n, -1)
        i, j = self._row, self._column
        self._differs = (seen.codes[i, : self._d] != seen.codes[j, : self._d]).astype(np.float64)
        self._squared = np.empty((len(i), self._g))
        for group in range(self._g):
            own = seen.features[:, layout.groups == group].astype(np.float64)
            self._squared[:, group] = squared_distances(own, own)[i, j]
        self._linear = seen.linear.astype(np.float64)
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
        from scipy.linalg.lapack import dpotrf, dpotri  # here: listing the methods needs none of scipy

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


def squared_distances(left: Array, right: Array) -> Array:
    """Squared distances between m and n rows, m x n."""
    found: Array = np.square(left).sum(axis=1)[:, None] + np.square(right).sum(axis=1)[None, :] - 2.0 * left @ right.T
    np.maximum(found, 0.0, out=found)
    return found
