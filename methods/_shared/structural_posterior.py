"""The posterior of a `StructuralProcess` over a list of architectures, kept up to date by a row per observation."""

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.structural_likelihood import Array, Inputs
from equipoise.methods._shared.structural_process import StructuralProcess

__all__ = ["ListedPosterior"]

Single = npt.NDArray[np.float32]

BLOCK = 4_096
"""Architectures whose variance is computed at once after a fit."""


class ListedPosterior:
    """Mean and variance over M listed architectures, in single precision.

    Their covariances with the n observed ones are stored (n x M). A query costs two products of a row with that
    matrix; a fit costs a product of n x n with it.

    Args:
        inputs: Of the M architectures.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._codes = np.ascontiguousarray(inputs.codes.T.astype(np.int32))
        self._features = np.asarray(inputs.features, dtype=np.float32)
        self._linear = np.asarray(inputs.linear, dtype=np.float32)
        self._weighted, self._norms = self._features, np.zeros(0, dtype=np.float32)
        self._cross: Single = np.empty((64, len(inputs.codes)), dtype=np.float32)
        self._variance: Single = np.zeros(len(inputs.codes), dtype=np.float32)
        self._n, self._fit = 0, -1

    def moments(self, process: StructuralProcess, seen: Inputs, coefficients: Array) -> tuple[Array, Array]:
        """Posterior mean and variance (M each, relative to s and s^2), given the coefficients of the mean."""
        n = len(process.inverse)
        fresh = self._fit != process.fits
        if fresh:
            self._fit, self._n = process.fits, 0
            self._weigh(process)
        while len(self._cross) < n:
            self._cross = np.concatenate([self._cross, np.empty_like(self._cross)])
        self._cross[self._n : n] = self._covariances(process, seen.rows(slice(self._n, n)))
        cross, inverse = self._cross[:n], process.inverse.astype(np.float32)
        if fresh:
            self._variance = process.diagonal(self._inputs).astype(np.float32)
            for start in range(0, cross.shape[1], BLOCK):
                block = slice(start, start + BLOCK)
                self._variance[block] -= np.square(inverse @ cross[:, block]).sum(axis=0)
        else:
            for row in inverse[self._n :]:
                self._variance -= np.square(row @ cross)
        self._n = n
        mean = coefficients.astype(np.float32) @ cross
        return mean.astype(np.float64), np.maximum(self._variance, np.float32(1e-12)).astype(np.float64)

    def _weigh(self, process: StructuralProcess) -> None:
        roots = np.sqrt(process.scales[process.layout.groups]).astype(np.float32)
        self._weighted = self._features * roots
        self._norms = np.square(self._weighted).sum(axis=1)

    def _covariances(self, process: StructuralProcess, seen: Inputs) -> Single:
        """The covariance k between n observed and all M architectures, n x M."""
        total: Single = (seen.linear * process.slopes).astype(np.float32) @ self._linear.T
        if process.layout.decisions:
            weights = process.weights.astype(np.float32)
            for row, codes in zip(total, seen.codes, strict=True):
                distance = np.zeros_like(row)
                for column, option, weight in zip(self._codes, codes, weights, strict=True):
                    distance -= weight * (column != option)
                row += np.exp(distance, out=distance)
        if process.layout.n_groups:
            roots = np.sqrt(process.scales[process.layout.groups])
            own = (seen.features * roots).astype(np.float32)
            distance = (2.0 * own) @ self._weighted.T
            distance -= self._norms
            distance -= np.square(own).sum(axis=1)[:, None]
            np.minimum(distance, 0.0, out=distance)
            total += np.float32(process.share) * np.exp(distance, out=distance)
        return total
