"""Ranking of candidates by a Gaussian process that reads graphs."""

from collections.abc import Iterable

import numpy as np

from equipoise.harness.core.method import Observation
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.gp import best_of, expected_improvement, normal_scores
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_likelihood import Array
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_process import StructuralProcess

__all__ = ["StructuralRanker", "StructuralShortlist"]


class StructuralRanker:
    """Learns from observations, and gives the posterior over listed architectures.

    Args:
        reader: Reads the space.
        rng: Breaks ties.
        growth: Factor between fits.
        first: Observations at the first fit.

    Attributes:
        architectures: Those observed, each as its `key`.
        errors: Theirs.
        process: The Gaussian process.
    """

    def __init__(self, reader: InputReader, rng: np.random.Generator, growth: float = 1.5, first: int = 5) -> None:
        self.reader, self.rng = reader, rng
        self.architectures: list[Architecture] = []
        self.errors: list[float] = []
        self.process = StructuralProcess(reader.layout, growth, first)
        self._seen = reader.read([])

    def tell(self, observation: Observation) -> bool:
        """Learns one observation, asked for or not; an invalid architecture teaches nothing (False)."""
        space = self.reader.space
        if not space.contains(observation.query.architecture):
            return False
        architecture = space.key(observation.query.architecture)
        own = self.reader.read([architecture])
        self.process.add(self._seen, own)
        self._seen = self._seen.extended(own)
        self.architectures.append(architecture)
        self.errors.append(observation.validation_error)
        return True

    def scores(self) -> Array:
        """The normal scores of all observations, in the order of `tell`; larger is better."""
        return normal_scores(self.errors)

    def posterior(self, listed: ListedPosterior) -> tuple[Array, Array, float]:
        """Mean and standard deviation over listed architectures, and the best score observed; fits if that is due."""
        targets = self.scores()
        self.process.refit(self._seen, targets)
        coefficients, scale = self.process.solve(targets)
        mean, variance = listed.moments(self.process, self._seen, coefficients)
        return mean, scale * np.sqrt(variance), float(targets.max())


class StructuralShortlist:
    """Distinct candidates under a `StructuralRanker`, of which the best are taken one by one.

    Args:
        ranker: Has at least one observation.
    """

    def __init__(self, ranker: StructuralRanker) -> None:
        self._ranker = ranker
        self._all: list[Architecture] = []
        self._inputs = ranker.reader.read([])
        self._left: list[int] = []
        self._listed: ListedPosterior | None = None

    def __len__(self) -> int:
        return len(self._left)

    def add(self, candidates: Iterable[Architecture]) -> None:
        """Takes in candidates that are not in it, each as its `key`."""
        fresh = list(candidates)
        self._left += range(len(self._all), len(self._all) + len(fresh))
        self._all += fresh
        self._inputs = self._inputs.extended(self._ranker.reader.read(fresh))
        self._listed = None

    def pick(self) -> Architecture:
        """Removes the candidate with the largest expected improvement."""
        mean, deviation, best = self._posterior()
        return self.pop(best_of(mean, deviation, best, np.ones(len(mean), dtype=np.bool_), self._ranker.rng))

    def pop(self, chosen: int) -> Architecture:
        """Removes a candidate by its position among those left."""
        return self._all[self._left.pop(chosen)]

    def best(self, n: int) -> list[Architecture]:
        """The n candidates with the largest expected improvement, best first."""
        mean, deviation, best = self._posterior()
        z = (mean - best) / deviation
        promise = np.where(z > -6.0, expected_improvement(mean, deviation, best), 1e-12 * (z + 6.0))
        return [self._all[self._left[index]] for index in np.argsort(-promise, kind="stable")[:n]]

    def _posterior(self) -> tuple[Array, Array, float]:
        if self._listed is None:
            self._listed = ListedPosterior(self._inputs)
        mean, deviation, best = self._ranker.posterior(self._listed)
        return mean[self._left], np.maximum(deviation[self._left], 1e-9), best
