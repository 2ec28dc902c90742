"""Candidates whose posterior is kept up to date while the best of them are evaluated one by one."""

from collections.abc import Iterable

import numpy as np

from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.gp import Array, Ranker, best_of, expected_improvement

__all__ = ["Shortlist"]


class Shortlist:
    """Distinct candidates under a ranker's Gaussian process.

    An observation costs a product of m x n with a row, where m candidates were ranked by n observations; only a fit
    of the process recomputes all.

    Args:
        ranker: Has at least one observation.
    """

    def __init__(self, ranker: Ranker) -> None:
        self._ranker, self._process = ranker, ranker.process
        self.candidates: list[Architecture] = []
        self._codes = np.empty((0, self._process.codes.shape[1]), dtype=np.int64)
        self._cross: Array = np.empty((0, 0))
        self._variance: Array = np.empty(0)

    def __len__(self) -> int:
        return len(self.candidates)

    def add(self, candidates: Iterable[Architecture]) -> None:
        """Takes in candidates that are not in it, each as its `key`."""
        fresh = list(candidates)
        if fresh:
            self.candidates += fresh
            codes = [self._ranker.features(key) for key in fresh]
            self._codes = np.concatenate([self._codes, np.asarray(codes, dtype=np.int64)])

    def pick(self) -> Architecture:
        """Removes the candidate with the largest expected improvement."""
        mean, deviation, best = self._posterior()
        return self.pop(best_of(mean, deviation, best, np.ones(len(mean), dtype=np.bool_), self._ranker.rng))

    def pop(self, chosen: int) -> Architecture:
        """Removes a candidate by its position."""
        keep = np.arange(len(self._codes)) != chosen
        self._codes, self._cross = self._codes[keep], self._cross[keep[: len(self._cross)]]
        self._variance = self._variance[keep[: len(self._variance)]]
        return self.candidates.pop(chosen)

    def best(self, n: int) -> list[Architecture]:
        """The n candidates with the largest expected improvement, best first."""
        mean, deviation, best = self._posterior()
        z = (mean - best) / deviation
        promise = np.where(z > -6.0, expected_improvement(mean, deviation, best), 1e-12 * (z + 6.0))
        return [self.candidates[index] for index in np.argsort(-promise, kind="stable")[:n]]

    def _posterior(self) -> tuple[Array, Array, float]:
        targets, process = self._ranker.scores(), self._process
        if process.refit(targets):
            self._cross, self._variance = np.empty((0, len(targets))), np.empty(0)
        rows, known = self._cross.shape
        if known < len(targets):
            self._cross = np.hstack([self._cross, process.correlation(self._codes[:rows], process.codes[known:])])
            self._variance = self._variance - np.square(self._cross @ process.inverse[known:].T).sum(axis=1)
        if rows < len(self._codes):
            cross = process.correlation(self._codes[rows:], process.codes)
            variance = 1.0 - np.square(cross @ process.inverse.T).sum(axis=1)
            self._cross, self._variance = np.vstack([self._cross, cross]), np.append(self._variance, variance)
        coefficients, scale = process.solve(targets)
        deviation = np.maximum(scale * np.sqrt(np.maximum(self._variance, 1e-12)), 1e-9)
        return self._cross @ coefficients, deviation, float(targets.max())
