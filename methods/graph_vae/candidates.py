"""Candidates of a generation, ranked by the posterior of a Gaussian process."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.gp import best_of, expected_improvement
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker

__all__ = ["Candidates"]

Array = npt.NDArray[np.float64]


class Candidates:
    """Distinct candidates in blocks; a block's covariances with the observations are computed once.

    Args:
        ranker: Has at least one observation.
    """

    def __init__(self, ranker: StructuralRanker) -> None:
        self._ranker = ranker
        self._all: list[Architecture] = []
        self._blocks: list[ListedPosterior] = []
        self._open = np.zeros(0, dtype=np.bool_)

    def __len__(self) -> int:
        return int(self._open.sum())

    def add(self, fresh: Sequence[Architecture]) -> None:
        """Adds a block of candidates that are not among them, each as its `key`."""
        if fresh:
            self._all += fresh
            self._blocks.append(ListedPosterior(self._ranker.reader.read(fresh)))
            self._open = np.append(self._open, np.ones(len(fresh), dtype=np.bool_))

    def pick(self) -> Architecture:
        """Removes the candidate with the largest expected improvement."""
        mean, deviation, best = self._posterior()
        return self._take(best_of(mean, deviation, best, self._open, self._ranker.rng))

    def draw(self) -> Architecture:
        """Removes a candidate at random."""
        left = np.flatnonzero(self._open)
        return self._take(int(left[self._ranker.rng.integers(len(left))]))

    def promise(self) -> Array:
        """The promise of all candidates, in the order in which they were added; larger is better.

        The expected improvement, and where it vanishes in floating point the standardised mean, scaled below it.
        """
        mean, deviation, best = self._posterior()
        z = (mean - best) / deviation
        return np.where(z > -6.0, expected_improvement(mean, deviation, best), 1e-12 * (z + 6.0))

    def _take(self, index: int) -> Architecture:
        self._open[index] = False
        return self._all[index]

    def _posterior(self) -> tuple[Array, Array, float]:
        parts = [self._ranker.posterior(block) for block in self._blocks]
        mean, deviation = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        return mean, np.maximum(deviation, 1e-9), parts[0][2]
