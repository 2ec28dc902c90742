"""The loop of the methods that generate candidates and let a ranker pick from them."""

from collections.abc import Callable

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation, Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.gp import Ranker
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["Pool"]


class Pool:
    """Random architectures first, then generations: a pool of new candidates, from which the ranker picks some.

    Args:
        name: The method, for messages.
        problem: What is known before the search.
        ranker: Learns and picks.
        rng: Source of randomness.
        generate: Gives n candidates, repeated and seen ones among them.
        n_initial: Random architectures at the start.
        generation: Queries taken from one pool.
        size: Candidates asked of `generate`.

    Raises:
        SettingError: A number is out of range.
    """

    def __init__(
        self,
        name: str,
        problem: Problem,
        ranker: Ranker,
        rng: np.random.Generator,
        generate: Callable[[int], list[Architecture]],
        n_initial: int,
        generation: int,
        size: int,
    ) -> None:
        for word, value in (("n_initial", n_initial), ("generation", generation)):
            check_count(name, word, value, problem, default=10)
        if size < generation:
            raise SettingError(f"{name}: pool = {size}; accepted: at least generation = {generation}")
        self._ranker, self._rng, self._generate = ranker, rng, generate
        self._n_initial, self._generation, self._size = n_initial, generation, size
        self._space = ranker.space
        self._taken: set[Architecture] = set()
        self._pool: list[Architecture] = []
        self._left = 0

    def next(self) -> Architecture:
        """The next proposal.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        if len(self._taken) < self._n_initial or not self._ranker.errors:
            chosen = self._space.key(draw_unseen(self._space, self._rng, self._taken))
        else:
            if self._left <= 0 or not self._pool:
                self._refill()
            self._left -= 1
            chosen = self._pool.pop(self._ranker.pick(self._pool))
        self._taken.add(chosen)
        return chosen

    def _refill(self) -> None:
        keys = dict.fromkeys(map(self._space.key, self._generate(self._size)))
        self._pool = [key for key in keys if key not in self._taken]
        self._left = self._generation
        if not self._pool:
            self._pool = [self._space.key(draw_unseen(self._space, self._rng, self._taken))]

    def tell(self, observation: Observation) -> None:
        """Learns from any observation."""
        if self._ranker.tell(observation):
            self._taken.add(self._ranker.architectures[-1])
