"""Local search: walk downhill through one-edit neighbours, start again at a local optimum."""

from math import inf

import numpy as np

from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["LocalSearch"]


class LocalSearch(Method):
    """First-improvement local search with random restarts.

    Evaluates `initial` random architectures and starts from the best. Scans its neighbours in random order and moves
    as soon as one is better. When none is left, starts again from the best of `initial` new random architectures.
    Nothing is proposed twice.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        initial: Random architectures at each start.

    Source: White, Nolen and Savani, Exploring the Loss Landscape in Neural Architecture Search, UAI 2021, with the
    settings of its repository (10 initial architectures, first improvement, restart at a minimum).
    """

    family = "nas"
    origin = "published"
    source = "White, Nolen and Savani, Exploring the Loss Landscape in Neural Architecture Search, UAI 2021"
    knowledge = ("decisions", "legality", "isomorphism")

    def __init__(self, problem: Problem, rng: np.random.Generator, *, initial: int = 10) -> None:
        super().__init__(problem, rng)
        check_count("local_search", "initial", initial, problem, default=10)
        self.initial = initial
        self._seen: set[Architecture] = set()
        self._restart()

    def _restart(self) -> None:
        self._incumbent: Architecture | None = None
        self._error = inf
        self._unseen: list[Architecture] = []
        self._draws = self.initial

    def ask(self) -> Query:
        """Proposes an unseen neighbour of the incumbent, or a random architecture at a start."""
        if self._draws == 0:
            self._unseen = [cell for cell in self._unseen if self.space.key(cell) not in self._seen]
            if not self._unseen:
                self._restart()
        if self._draws > 0:
            self._draws -= 1
            architecture = draw_unseen(self.space, self.rng, self._seen)
        else:
            architecture = self._unseen.pop(int(self.rng.random() * len(self._unseen)))
        self._seen.add(self.space.key(architecture))
        return Query(architecture)

    def tell(self, observation: Observation) -> None:
        """Moves if the newcomer is better."""
        architecture = observation.query.architecture
        if (key := self.space.key(architecture)) not in self._seen:  # a shared start stands for random ones of its own
            self._seen.add(key)
            self._draws = max(0, self._draws - 1)
        if observation.validation_error < self._error:
            self._incumbent, self._error = architecture, observation.validation_error
            self._unseen = self.space.neighbours(architecture)
