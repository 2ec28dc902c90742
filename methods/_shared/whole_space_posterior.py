"""The posterior of a `HammingProcess` over every architecture of a space, kept up to date by rank-one updates."""

from math import prod
from typing import Protocol

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.gp import Array, Codes, HammingProcess

__all__ = ["GridPosterior", "ListPosterior", "Posterior"]


class Posterior(Protocol):
    """Mean and variance over M architectures."""

    variance: Array

    def extend(self, process: HammingProcess) -> None:
        """Takes the last observation of the process in."""

    def rebuild(self, process: HammingProcess) -> None:
        """Restarts, after a fit."""

    def mean(self, coefficients: Array) -> Array:
        """The posterior mean for the process's coefficients."""


class GridPosterior:
    """On a full product of decisions the kernel matrix is a Kronecker product: products with it cost three small ones.

    Nothing of size n x M is stored.

    Args:
        widths: Options of each decision; M is their product.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        self._widths = widths
        self.variance: Array = np.ones(prod(widths))
        self._rows: list[int] = []
        self._groups: list[list[int]] = [[]]
        for position, width in enumerate(widths):
            if self._groups[-1] and prod(widths[p] for p in self._groups[-1]) * width > 32:
                self._groups.append([])
            self._groups[-1].append(position)
        self._factors: list[Array] = []

    def _index(self, code: npt.NDArray[np.int64]) -> int:
        return int(np.ravel_multi_index(tuple(code), self._widths))

    def _times(self, coefficients: Array) -> Array:
        """Correlations of all M with the observed ones, times n coefficients."""
        sums = np.bincount(self._rows, weights=coefficients, minlength=len(self.variance))
        result: Array = sums.astype(np.float64)
        for factor in self._factors:  # each moves its own axis to the end: after all of them the order is restored
            result = (factor @ result.reshape(len(factor), -1)).T
        return result.reshape(-1)

    def _prepare(self, process: HammingProcess) -> None:
        self._factors = []
        for group in self._groups:
            factor: Array = np.ones((1, 1))
            for position in group:
                width, weight = self._widths[position], process.weights[position]
                factor = np.kron(factor, np.where(np.eye(width, dtype=np.bool_), 1.0, np.exp(-weight))).astype(
                    np.float64
                )
            self._factors.append(factor)

    def extend(self, process: HammingProcess) -> None:
        """One Kronecker product."""
        if not self._factors:
            self._prepare(process)
        self._rows.append(self._index(process.codes[-1]))
        self.variance -= np.square(self._times(process.inverse[-1]))

    def rebuild(self, process: HammingProcess) -> None:
        """One Kronecker product an observation."""
        self._prepare(process)
        self.variance = np.ones(len(self.variance))
        self._rows = [self._index(code) for code in process.codes]
        for row in process.inverse:
            self.variance -= np.square(self._times(row))

    def mean(self, coefficients: Array) -> Array:
        """One Kronecker product."""
        return self._times(coefficients)


class ListPosterior:
    """Over any list of architectures: their correlations with the observed ones are stored (n x M, single precision).

    Args:
        codes: M x d option numbers.
    """

    def __init__(self, codes: Codes) -> None:
        self._codes = np.ascontiguousarray(codes.T.astype(np.int8 if codes.max(initial=0) < 128 else np.int32))
        self.variance: Array = np.ones(len(codes))
        self._cross = np.empty((64, len(codes)), dtype=np.float32)
        self._n = 0

    def _correlations(self, process: HammingProcess, code: Codes) -> npt.NDArray[np.float32]:
        distance = np.zeros(self._codes.shape[1], dtype=np.float32)
        for column, option, weight in zip(self._codes, code, process.weights, strict=True):
            distance += np.float32(weight) * (column != option)
        return np.exp(-distance)

    def _push(self, process: HammingProcess, code: Codes) -> None:
        if self._n == len(self._cross):
            self._cross = np.concatenate([self._cross, np.empty_like(self._cross)])
        self._cross[self._n] = self._correlations(process, code)
        self._n += 1

    def extend(self, process: HammingProcess) -> None:
        """One product of a row with n x M."""
        self._push(process, process.codes[-1])
        self.variance -= np.square(process.inverse[-1].astype(np.float32) @ self._cross[: self._n])

    def rebuild(self, process: HammingProcess) -> None:
        """A triangular product of n x n with n x M."""
        self._n = 0
        for code in process.codes:
            self._push(process, code)
        self.variance = np.ones(len(self.variance))
        inverse = process.inverse.astype(np.float32)
        for start in range(0, self._n, 64):
            rows = inverse[start : start + 64, : min(start + 64, self._n)]
            self.variance -= np.square(rows @ self._cross[: rows.shape[1]]).sum(axis=0)

    def mean(self, coefficients: Array) -> Array:
        """One product of a row with n x M."""
        return (coefficients.astype(np.float32) @ self._cross[: self._n]).astype(np.float64)
