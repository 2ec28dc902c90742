"""Regularised evolution that starts from the best by a training-free score, and may move by it."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem, Query, Requirements
from equipoise.harness.core.scores import SCORE
from equipoise.harness.core.space import Architecture
from equipoise.methods.regularized_evolution import RegularizedEvolution as _RegularizedEvolution

__all__ = ["ZeroCostEvolution"]

FOLLOWED = 0.75
"""Share of the moves that take the neighbour of highest score; the others take any."""


class ZeroCostEvolution(_RegularizedEvolution):
    """Scores random architectures, evaluates the best of them as first population, and evolves it.

    Scores are paid for with the query that follows their reading.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        score: A training-free score of the task.
        warmup: Random architectures that are scored; 0 for none, and a random population.
        moves: Whether a child is the neighbour of highest score, three times of four.
        population: Members alive; default 64, or half of the budget of queries where that is smaller.
        sample: Members drawn for each tournament.

    Raises:
        SettingError: A setting is out of range.

    Source: Abdelfattah, Mehrotra, Dudziak and Lane, Zero-Cost Proxies for Lightweight NAS, ICLR 2021; settings as in
    its repository (zero-cost-nas: ``notebooks/nas_examples.ipynb``). Differs from the paper: 1,000 architectures are
    scored instead of 3,000, since scores are paid for; members are drawn with replacement; the population is at most
    half of the budget.
    """

    source = "Abdelfattah, Mehrotra, Dudziak and Lane, Zero-Cost Proxies for Lightweight NAS, ICLR 2021"
    knowledge = ("decisions", "legality", "isomorphism", "scores")  # type: ignore[assignment]
    check_settings: ClassVar[Mapping[str, Any]] = {"warmup": 100}  # scores for less than a query
    deviations = (  # type: ignore[assignment]
        "1,000 architectures are scored instead of 3,000, since scores are paid for.",
        "Population at most half of the budget; members of a tournament are drawn with replacement.",
    )

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:
        """The score."""
        return Requirements(resources=(SCORE + str(settings.get("score", "synflow")),))

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        score: str = "synflow",
        warmup: int = 1_000,
        moves: bool = False,
        population: int | None = None,
        sample: int = 10,
    ) -> None:
        members = min(64, max(1, (problem.budget.queries or 128) // 2)) if population is None else population
        super().__init__(problem, rng, population=members, sample=sample)
        if warmup < 0:
            raise SettingError(f"zero_cost_evolution: warmup = {warmup}; accepted: whole numbers from 0 on")
        self.moves, self._reader = moves, problem.scores(score)
        drawn = list(dict.fromkeys(map(self.space.key, self.space.sample(rng, warmup))))
        values = self._reader(drawn) if drawn else np.zeros(0)
        order = np.argsort(-values, kind="stable")[: self.population]
        self._best: list[Architecture] = [drawn[number] for number in reversed(order)]

    def ask(self) -> Query:
        """The next best by score; then children."""
        if self._best and len(self._alive) < self.population:
            chosen = self._best.pop()
        else:
            chosen = super().ask().architecture
            if self.moves and len(self._alive) == self.population:
                chosen = self._moved()
        return Query(chosen, training_cost=self._reader.due())

    def _moved(self) -> Architecture:
        drawn = self.rng.integers(len(self._alive), size=self.sample)
        _, parent = min((self._alive[number] for number in drawn), key=lambda member: member[0])
        others = self.space.neighbours(parent)
        values = self._reader(others)
        if self.rng.random() < FOLLOWED:
            return others[int(values.argmax())]
        return others[int(self.rng.integers(len(others)))]
