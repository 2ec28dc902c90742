"""The loop of the methods that train a predictor anew every few queries."""

from collections.abc import Callable, Sequence

import numpy as np

from harness.method import Observation, Problem
from harness.space import Architecture, SearchSpace
from methods._counts import check_count
from methods._unseen import draw_unseen

__all__ = ["Rounds", "mutants"]


class Rounds:
    """Random architectures first, then rounds: what `choose` names is queried in its order, and nothing twice.

    Args:
        name: The method, for messages.
        problem: What is known before the search.
        rng: Source of randomness.
        choose: Gives the keys of the next round, best first, from all that is known; where it gives fewer than a round,
            random architectures are added.
        n_initial: Random architectures at the start.
        batch: Queries in a round.
        usual: The default of `n_initial`.

    Attributes:
        architectures: Keys observed.
        errors: Their validation errors.
        taken: Keys observed or proposed.
        batch: Queries in a round.

    Raises:
        SettingError: A number is out of range.
    """

    def __init__(
        self,
        name: str,
        problem: Problem,
        rng: np.random.Generator,
        choose: Callable[[], Sequence[Architecture]],
        n_initial: int,
        batch: int,
        usual: int = 10,
    ) -> None:
        self.space, self._rng, self._choose = problem.space, rng, choose
        check_count(name, "n_initial", n_initial, problem, usual=usual)
        check_count(name, "batch", batch, problem, usual=10)
        self._n_initial, self.batch = n_initial, batch
        self.architectures: list[Architecture] = []
        self.errors: list[float] = []
        self.taken: set[Architecture] = set()
        self._queue: list[Architecture] = []

    def next(self) -> Architecture:
        """The next proposal.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        self._queue = [key for key in self._queue if key not in self.taken]
        if not self._queue and len(self.taken) >= self._n_initial and self.errors:
            self._queue = list(self._choose())[: self.batch]
        chosen = self._queue.pop(0) if self._queue else self.space.key(draw_unseen(self.space, self._rng, self.taken))
        self.taken.add(chosen)
        return chosen

    def tell(self, observation: Observation) -> None:
        """Learns from any observation of an architecture of the space."""
        if self.space.contains(observation.query.architecture):
            key = self.space.key(observation.query.architecture)
            self.taken.add(key)
            self.architectures.append(key)
            self.errors.append(observation.validation_error)

    def ranked(self, n: int) -> list[Architecture]:
        """The n best keys observed, best first."""
        order = np.argsort(self.errors, kind="stable")
        return list(dict.fromkeys(self.architectures[number] for number in order))[:n]


def mutants(
    space: SearchSpace,
    rng: np.random.Generator,
    parents: Sequence[Architecture],
    taken: set[Architecture],
    n: int,
    edits: Callable[[], int],
) -> list[Architecture]:
    """Unseen descendants: n draws from each parent in turn, until there are n.

    Args:
        space: Says what an edit is.
        rng: Source of randomness.
        parents: Best first.
        taken: Keys that are not drawn again.
        n: Draws a parent, and descendants after which no further parent is taken.
        edits: How many edits a descendant is away, at least 1.

    Returns:
        Distinct keys, fewer than n if the parents have no more, up to twice n.
    """
    found: dict[Architecture, None] = {}
    for parent in parents:
        if len(found) >= n:
            break
        for _ in range(n):
            child = parent
            for _ in range(edits()):
                child = space.mutate(child, rng)
            if (key := space.key(child)) not in taken:
                found[key] = None
    return list(found)
