"""Candidates of a generation, ranked by the posterior of a Gaussian process."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.gp import best_of, expected_improvement
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker

__all__ = ["SHORTLIST", "Candidates"]

Array = npt.NDArray[np.float64]

SHORTLIST = 100
"""Candidates that are ranked again after each observation: the most promising when the first is taken."""


class Candidates:
    """Distinct candidates, added in blocks, each ranked once; then the most promising are taken one by one.

    Args:
        ranker: Has at least one observation.
    """

    def __init__(self, ranker: StructuralRanker) -> None:
        self._ranker = ranker
        self._all: list[Architecture] = []
        self._promise: Array = np.empty(0)
        self._short: ListedPosterior | None = None
        self._open = np.zeros(0, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._all) if self._short is None else int(self._open.sum())

    def add(self, fresh: Sequence[Architecture]) -> None:
        """Adds candidates that are not among them, each as its `key`; before any is taken."""
        if fresh:
            self._all += fresh
            mean, deviation, best = self._posterior(ListedPosterior(self._ranker.reader.read(fresh)))
            z = (mean - best) / deviation
            promise = np.where(z > -6.0, expected_improvement(mean, deviation, best), 1e-12 * (z + 6.0))
            self._promise = np.concatenate([self._promise, promise])

    @property
    def promise(self) -> Array:
        """The promise of all candidates in the order in which they were added; larger is better.

        The expected improvement, and where it vanishes in floating point the standardised mean, scaled below it.
        """
        return self._promise

    def pick(self) -> Architecture:
        """Removes the candidate with the largest expected improvement."""
        self._shorten()
        assert self._short is not None, "a shortlist was made"
        mean, deviation, best = self._posterior(self._short)
        chosen = best_of(mean, deviation, best, self._open, self._ranker.rng)
        self._open[chosen] = False
        return self._all[chosen]

    def draw(self) -> Architecture:
        """Removes a candidate at random; after that none is picked."""
        return self._all.pop(int(self._ranker.rng.integers(len(self._all))))

    def _shorten(self) -> None:
        if self._short is None:
            order = np.argsort(-self._promise, kind="stable")[:SHORTLIST]
            self._all = [self._all[index] for index in order]
            self._short = ListedPosterior(self._ranker.reader.read(self._all))
            self._open = np.ones(len(self._all), dtype=np.bool_)

    def _posterior(self, listed: ListedPosterior) -> tuple[Array, Array, float]:
        mean, deviation, best = self._ranker.posterior(listed)
        return mean, np.maximum(deviation, 1e-9), best
