"""The loop of the methods that learn a generator of architectures: generations of candidates, ranked, evaluated."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.gp import Ranker
from equipoise.methods._shared.unseen import draw_unseen
from equipoise.methods.graph_vae.shortlist import Shortlist

__all__ = ["GenerativeSearch", "rank_weights"]

MOST_DECODES = 2
"""Attempts to decode in a generation before it goes on with fewer new candidates than wanted."""


def rank_weights(n: int) -> np.ndarray:
    """Weights 1 / (0.1 n + rank) of n architectures, best first, as AG-Net and weighted retraining have them."""
    return (1.0 / (0.1 * n + np.arange(1, n + 1))).astype(np.float32)


class GenerativeSearch(Method, ABC):
    """Random architectures first; then, generation by generation, a generator learns and proposes, a ranker picks.

    The candidates of a generation are uniform draws from the space and, round by round, what the generator decodes: at
    first around evaluated elites, then around the candidates that the ranker finds most promising, so that the rounds
    climb the expected improvement over a space that need not be listed. In each round the generator decodes until
    `pool` candidates are new, or gives up after a few attempts; its temperature rises while most of what it decodes
    was seen before, and falls back while most is new. Then the ranker picks, one query at a time.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        generation: Most queries taken from one pool.
        generation_share: The same as a share of what was observed, so that early generations are small.
        draws: Uniform draws from the space among the candidates of a generation.
        pool: New candidates wanted in each round.
        rounds: Rounds a generation.
        elites: Parents in a round.
        ranked: Whether the ranker picks; without (an ablation), candidates are taken at random.

    Raises:
        SettingError: A setting is out of range.
    """

    origin = "this project"
    tuned_on = ("nasbench201/*", "nasbench_graph/cora")
    packages = (("torch", "torch"),)
    surrogate_models = ("gp",)
    check_settings: ClassVar[Mapping[str, Any]] = {"pool": 25, "draws": 40}

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int,
        generation: int,
        pool: int,
        rounds: int,
        elites: int,
        ranked: bool,
        generation_share: float,
        draws: int,
    ) -> None:
        super().__init__(problem, rng)
        least = {"n_initial": 1, "generation": 1, "pool": generation, "rounds": 1, "elites": 1}
        given = {"n_initial": n_initial, "generation": generation, "pool": pool, "rounds": rounds, "elites": elites}
        for name, value in given.items():
            if value < least[name]:
                raise SettingError(f"{name} = {value}; accepted: whole numbers from {least[name]} on")
        own = type(self).__module__.removeprefix("equipoise.methods.").partition(".")[0]  # also of classes elsewhere
        check_count(own, "n_initial", n_initial, problem, default=10)
        check_count(own, "generation", generation, problem, default=20)
        if not generation_share > 0:
            raise SettingError(f"generation_share = {generation_share}; accepted: numbers above 0")
        if draws < 0:
            raise SettingError(f"draws = {draws}; accepted: 0 and more")
        self.n_initial, self.generation, self.pool = n_initial, generation, pool
        self.rounds, self.elites, self.ranked = rounds, elites, ranked
        self.generation_share, self.draws = generation_share, draws
        self.temperature, self._new_share = 1.0, 0.7
        self._ranker = Ranker(self.space, self.rng)
        self._taken: set[Architecture] = set()
        self._candidates = Shortlist(self._ranker)
        self._left = 0

    @abstractmethod
    def learn(self, architectures: Sequence[Architecture], scores: np.ndarray) -> None:
        """Trains the generator.

        Args:
            architectures: All evaluated, best first.
            scores: Their normal scores, largest first.
        """

    @abstractmethod
    def propose(self, parents: Sequence[Architecture], n: int, temperature: float) -> list[Architecture]:
        """Generates n valid architectures around parents, repeated and seen ones among them."""

    def ask(self) -> Query:
        """The most promising candidate.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        if len(self._taken) < self.n_initial or not self._ranker.errors:
            chosen = self.space.key(draw_unseen(self.space, self.rng, self._taken))
        else:
            if self._left <= 0 or not self._candidates:
                self._generate()
                self._left = min(self.generation, max(1, int(self.generation_share * len(self._ranker.errors))))
            self._left -= 1
            chosen = self._pick()
        self._taken.add(chosen)
        return Query(chosen)

    def tell(self, observation: Observation) -> None:
        """Learns from any observation of a full training."""
        if observation.query.fidelity is None and self._ranker.tell(observation):
            self._taken.add(self._ranker.architectures[-1])

    def _pick(self) -> Architecture:
        place = int(self.rng.integers(len(self._candidates)))  # drawn by both, so that the later draws are the same
        return self._candidates.pick() if self.ranked else self._candidates.pop(place)

    def _generate(self) -> None:
        order = np.argsort(self._ranker.errors, kind="stable")
        architectures = [self._ranker.architectures[index] for index in order]
        self.learn(architectures, self._ranker.scores()[order])
        self._candidates = Shortlist(self._ranker)
        parents = list(dict.fromkeys(architectures))[: self.elites]
        found: set[Architecture] = set()
        self._take_in(map(self.space.key, self.space.sample(self.rng, self.draws)), found)
        for later in range(self.rounds):
            if later and self._candidates:
                parents = self._candidates.best(self.elites)
            self._decode_into(found, parents)
        if not self._candidates:
            self._candidates.add([self.space.key(draw_unseen(self.space, self.rng, self._taken))])

    def _take_in(self, keys: Iterable[Architecture], found: set[Architecture]) -> int:
        """Adds those that are new to the candidates, and tells how many."""
        fresh = [key for key in dict.fromkeys(keys) if key not in self._taken and key not in found]
        found.update(fresh)
        self._candidates.add(fresh)
        return len(fresh)

    def _decode_into(self, found: set[Architecture], parents: Sequence[Architecture]) -> None:
        missing = self.pool
        for _ in range(MOST_DECODES):
            asked = min(3 * self.pool, int(missing / max(0.3, self._new_share)) + 1)
            new = self._take_in(map(self.space.key, self.propose(parents, asked, self.temperature)), found)
            share = new / asked
            missing -= new
            self._new_share += 0.3 * (share - self._new_share)
            if share < 0.4:
                self.temperature = min(3.0, self.temperature * 1.15)
            elif share > 0.7:
                self.temperature = max(0.7, self.temperature / 1.15)
            if missing <= 0:
                break
