"""Regularised evolution: the oldest die, the best of a tournament has a child."""

from operator import itemgetter

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count

__all__ = ["RegularizedEvolution"]

_error = itemgetter(0)


class RegularizedEvolution(Method):
    """Ageing evolution without crossover.

    The population starts at random. Then, query by query: of `sample` members drawn with replacement the best is
    copied, one random edit is made (`SearchSpace.mutate`), the child joins and the oldest member leaves. Children may
    repeat what was seen, and pay for it, as published.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        population: Members alive; default 50, or half of the budget of queries where that is smaller: a population that
            takes the whole budget is random search.
        sample: Members drawn for each tournament.

    Source: Real, Aggarwal, Huang and Le, Regularized Evolution for Image Classifier Architecture Search, AAAI 2019,
    algorithm 1. Population and sample are those of NAS-Bench-Suite (Mehta et al. 2022); the paper has 100 and 25.
    """

    family = "nas"
    origin = "published"
    source = "Real, Aggarwal, Huang and Le, Regularized Evolution for Image Classifier Architecture Search, AAAI 2019"
    knowledge = ("decisions", "legality", "isomorphism")
    deviations = (
        "Population 50 (at most half of the budget) and sample 10 as in NAS-Bench-Suite; the paper has 100 and 25.",
    )

    def __init__(
        self, problem: Problem, rng: np.random.Generator, *, population: int | None = None, sample: int = 10
    ) -> None:
        super().__init__(problem, rng)
        self.population = min(50, max(1, (problem.budget.queries or 100) // 2)) if population is None else population
        check_count("regularized_evolution", "population", self.population, problem)
        if sample < 1:
            raise SettingError(f"regularized_evolution: sample = {sample}; accepted: 1 and more")
        self.sample = sample
        self._alive: list[tuple[float, Architecture]] = []
        self._oldest = 0
        self._tournaments: list[list[int]] = []

    def ask(self) -> Query:
        """Draws at random until the population is full, then breeds."""
        if len(self._alive) < self.population:
            return Query(self.space.sample(self.rng, 1)[0])
        if not self._tournaments:
            self._tournaments = self.rng.integers(self.population, size=(64, self.sample)).tolist()
        _, parent = min(map(self._alive.__getitem__, self._tournaments.pop()), key=_error)
        return Query(self.space.mutate(parent, self.rng))

    def tell(self, observation: Observation) -> None:
        """Lets the newcomer join, in the place of the oldest when the population is full."""
        newcomer = (observation.validation_error, observation.query.architecture)
        if len(self._alive) < self.population:
            self._alive.append(newcomer)
        else:
            self._alive[self._oldest] = newcomer
            self._oldest = (self._oldest + 1) % self.population
