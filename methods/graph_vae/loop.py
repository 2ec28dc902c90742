"""The loop of the methods that learn a generator of architectures: generations of candidates, ranked, evaluated."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from harness.errors import SettingError
from harness.method import Method, Observation, Problem, Query
from harness.space import Architecture
from methods._gp import Ranker
from methods._unseen import draw_unseen

__all__ = ["GenerativeSearch", "rank_weights"]

MOST_DECODES = 2
"""Times a generation may decode before it makes do with fewer new candidates than it wants."""


def rank_weights(n: int) -> np.ndarray:
    """Weights 1 / (0.1 n + rank) of n architectures, best first, as AG-Net and weighted retraining have them."""
    return (1.0 / (0.1 * n + np.arange(1, n + 1))).astype(np.float32)


class GenerativeSearch(Method, ABC):
    """Random architectures first; then, generation by generation, a generator learns and proposes, a ranker picks.

    In each round of a generation the generator decodes until `pool` candidates are new, or gives up after a few
    attempts; its temperature rises while most of what it decodes was seen before, and falls back while most is new.
    The ranker's best candidates are the parents of the next round, and at the end it picks `generation` of the
    candidates of all rounds, one query at a time.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        generation: Queries taken from one pool.
        pool: New candidates wanted in each round.
        rounds: Rounds a generation; the first starts from evaluated elites, later ones from promising candidates.
        elites: Parents in a round.
        ranked: Whether the ranker picks; without (an ablation), candidates are taken as generated.
        partial_generations: Generations asked at the lowest fidelity of a task that has several; their best are then
            asked again at the full one.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "nas"
    packages = (("torch", "torch"),)

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
        partial_generations: int,
    ) -> None:
        super().__init__(problem, rng)
        least = {"n_initial": 1, "generation": 1, "pool": generation, "rounds": 1, "elites": 1}
        given = {"n_initial": n_initial, "generation": generation, "pool": pool, "rounds": rounds, "elites": elites}
        for name, value in given.items():
            if value < least[name]:
                raise SettingError(f"{name} = {value}; accepted: whole numbers from {least[name]} on")
        if partial_generations < 0:
            raise SettingError(f"partial_generations = {partial_generations}; accepted: 0 and more")
        self.n_initial, self.generation, self.pool = n_initial, generation, pool
        self.rounds, self.elites, self.ranked = rounds, elites, ranked
        self.temperature, self._new_share = 1.0, 0.7
        self.decoded = self.invalid = self.repeated = 0
        several = len(problem.fidelities) > 1
        self._partial = n_initial + partial_generations * generation if several and partial_generations else 0
        self._fidelity = problem.fidelities[0] if self._partial else None
        self._ranker = self.make_ranker()
        self._taken: set[Architecture] = set()
        self._again: list[Architecture] = []
        self._candidates: list[Architecture] = []
        self._left = 0

    def make_ranker(self) -> Ranker:
        """A ranker that knows nothing yet: that of the controls, unless a subclass has a better one."""
        return Ranker(self.space, self.rng)

    @abstractmethod
    def learn(self, architectures: Sequence[Architecture], scores: np.ndarray) -> None:
        """Trains the generator.

        Args:
            architectures: All evaluated, best first.
            scores: Their normal scores, largest first.
        """

    @abstractmethod
    def propose(self, parents: Sequence[Architecture], n: int, temperature: float) -> list[Architecture]:
        """Generates n architectures around parents, repeated and seen ones among them."""

    def ask(self) -> Query:
        """The most promising candidate.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        if self._partial and len(self._taken) >= self._partial:
            self._to_full_fidelity()
        if self._again:
            chosen = self._again.pop(0)
        elif len(self._taken) < self.n_initial or not self._ranker.errors:
            chosen = self.space.key(draw_unseen(self.space, self.rng, self._taken))
        else:
            if self._left <= 0 or not self._candidates:
                self._candidates = self._generate()
                self._left = self.generation
            self._left -= 1
            chosen = self._candidates.pop(self._pick(self._candidates))
        self._taken.add(chosen)
        return Query(chosen, self._fidelity)

    def tell(self, observation: Observation) -> None:
        """Learns from any observation; one at a lower fidelity counts only while that is the one asked for."""
        if observation.query.fidelity == self._fidelity and self._ranker.tell(observation):
            self._taken.add(self._ranker.architectures[-1])

    def _to_full_fidelity(self) -> None:
        order = np.argsort(self._ranker.errors, kind="stable")[: self.generation]
        self._again = [self._ranker.architectures[index] for index in order]
        self._ranker, self._taken = self.make_ranker(), set()
        self._candidates, self._partial, self._fidelity = [], 0, None

    def _pick(self, candidates: list[Architecture]) -> int:
        if not self.ranked:
            return int(self.rng.integers(len(candidates)))
        valid = [index for index, candidate in enumerate(candidates) if self.space.contains(candidate)]
        if len(valid) < len(candidates):  # without a mask: the ranker cannot tell, so invalid ones get their share
            index = int(self.rng.integers(len(candidates)))
            if index not in valid:
                return index
        return valid[self._ranker.pick([candidates[index] for index in valid])]

    def _generate(self) -> list[Architecture]:
        order = np.argsort(self._ranker.errors, kind="stable")
        architectures = [self._ranker.architectures[index] for index in order]
        self.learn(architectures, self._ranker.scores()[order])
        parents = list(dict.fromkeys(architectures))[: self.elites]
        found: dict[Architecture, None] = {}
        for later in range(self.rounds):
            if later:
                valid = [candidate for candidate in found if self.space.contains(candidate)]
                if not valid:
                    break
                best = np.argsort(-self._ranker.promise(valid), kind="stable")[: self.elites]
                parents = [valid[index] for index in best]
            self._decode_into(found, parents, (later + 1) * self.pool)
        return list(found) or [self.space.key(draw_unseen(self.space, self.rng, self._taken))]

    def _decode_into(self, found: dict[Architecture, None], parents: Sequence[Architecture], wanted: int) -> None:
        for _ in range(MOST_DECODES):
            missing = wanted - len(found)
            asked = min(3 * self.pool, int(missing / max(0.3, self._new_share)) + 1)
            before = len(found)
            for architecture in self.propose(parents, asked, self.temperature):
                valid = self.space.contains(architecture)
                self.invalid += not valid
                key = self.space.key(architecture) if valid else architecture
                if key not in self._taken:
                    found[key] = None
            new = (len(found) - before) / asked
            self._new_share += 0.3 * (new - self._new_share)
            self.decoded += asked
            self.repeated += asked - (len(found) - before)
            if new < 0.4:
                self.temperature = min(3.0, self.temperature * 1.15)
            elif new > 0.7:
                self.temperature = max(0.7, self.temperature / 1.15)
            if len(found) >= wanted:
                break
