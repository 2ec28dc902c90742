"""The loop of the methods that retrain a predictor every few queries."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["PredictorMethod", "mutants"]


class PredictorMethod(Method, ABC):
    """Random architectures first, then rounds: what `choose` names is queried in its order, and nothing twice.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        batch: Queries in a round.
        default: The method's own defaults of these two.

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
        problem: Problem,
        rng: np.random.Generator,
        n_initial: int,
        batch: int,
        default: tuple[int, int] = (10, 10),
    ) -> None:
        super().__init__(problem, rng)
        name = type(self).__module__.rpartition(".")[2]
        check_count(name, "n_initial", n_initial, problem, default=default[0])
        check_count(name, "batch", batch, problem, default=default[1])
        self._n_initial, self.batch = n_initial, batch
        self.architectures: list[Architecture] = []
        self.errors: list[float] = []
        self.taken: set[Architecture] = set()
        self._queue: list[Architecture] = []

    @abstractmethod
    def choose(self) -> Sequence[Architecture]:
        """The keys of the next round, best first, from all that is known.

        Where they are fewer than a round, the next round begins after them; a random architecture is asked for where
        there is none.
        """

    def ask(self) -> Query:
        """The next of the round, or a random architecture at the start.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        self._queue = [key for key in self._queue if key not in self.taken]
        if not self._queue and len(self.taken) >= self._n_initial and self.errors:
            self._queue = list(self.choose())[: self.batch]
        chosen = self._queue.pop(0) if self._queue else self.space.key(draw_unseen(self.space, self.rng, self.taken))
        self.taken.add(chosen)
        return Query(chosen)

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
