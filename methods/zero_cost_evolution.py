"""Regularised evolution that begins with the best of many architectures by a training-free score."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem, Query, Requirements
from equipoise.harness.core.scores import SCORE
from equipoise.harness.core.space import Architecture
from equipoise.methods.regularized_evolution import RegularizedEvolution

__all__ = ["ZeroCostEvolution"]

GREEDY = 0.75
"""Probability that a move proposal is the neighbour of highest score, as published."""


class ZeroCostEvolution(RegularizedEvolution):
    """Ageing evolution with zero-cost warm-up and, if that is wanted, zero-cost move proposals.

    `warmup` random architectures are scored, and those of highest score are the first population. With `move`, the
    child of a parent is its neighbour of highest score three times in four, else a random one. Every score is paid, the
    warm-up with the first query.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        score: The score; the task must offer it.
        warmup: Random architectures that are scored before the first query; 0 for none.
        move: Whether children are proposed by score.
        population: Members alive; default 64, or half of the budget of queries where that is smaller.
        sample: Members drawn for each tournament.

    Source: Abdelfattah, Mehrotra, Dudziak and Lane, Zero-Cost Proxies for Lightweight NAS, ICLR 2021, section 4.3;
    settings of the notebook ``nas_examples`` in SamsungLabs/zero-cost-nas, where scores cost nothing.

    Raises:
        SettingError: A setting is out of range.
    """

    source = "Abdelfattah, Mehrotra, Dudziak and Lane, Zero-Cost Proxies for Lightweight NAS, ICLR 2021"
    knowledge = ("decisions", "legality", "isomorphism", "scores")  # type: ignore[assignment]
    deviations = (  # type: ignore[assignment]
        "The population is at most half of the budget; the notebook has 64.",
        "Architectures of the warm-up are distinct; in the notebook one that is drawn twice may stand twice.",
        "Tournaments draw with replacement, as in regularized_evolution; in the notebook without.",
    )
    check_settings: ClassVar[Mapping[str, Any]] = {"warmup": 100}

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        score: str = "synflow",
        warmup: int = 3000,
        move: bool = False,
        population: int | None = None,
        sample: int = 10,
    ) -> None:
        if population is None:
            population = min(64, max(1, (problem.budget.queries or 128) // 2))
        super().__init__(problem, rng, population=population, sample=sample)
        if warmup < 0:
            raise SettingError(f"zero_cost_evolution: warmup = {warmup}; accepted: whole numbers from 0 on")
        self._scores, self._move = problem.scores(score), move
        drawn = list(dict.fromkeys(map(self.space.key, self.space.sample(rng, warmup)))) if warmup else []
        order = np.argsort(-self._scores(drawn), kind="stable")[: self.population] if drawn else np.zeros(0, np.int64)
        self._warm = [drawn[place] for place in order[::-1].tolist()]

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:
        """The score."""
        return Requirements(resources=(SCORE + settings.get("score", "synflow"),))

    def ask(self) -> Query:
        """Proposes the best of the warm-up until the population is full, then breeds."""
        if len(self._alive) < self.population and self._warm:
            architecture = self._warm.pop()
        elif len(self._alive) < self.population or not self._move:
            architecture = super().ask().architecture
        else:
            architecture = self._moved()
        return Query(architecture, training_cost=self._scores.due())

    def _moved(self) -> Architecture:
        """A neighbour of the winner of a tournament: by score, or at random."""
        chosen = self.rng.integers(self.population, size=self.sample).tolist()
        _, parent = min((self._alive[place] for place in chosen), key=lambda member: member[0])
        neighbours = self.space.neighbours(parent)
        if self.rng.random() > GREEDY:
            return neighbours[int(self.rng.integers(len(neighbours)))]
        return neighbours[int(self._scores(neighbours).argmax())]
