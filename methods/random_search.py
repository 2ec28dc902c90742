"""Random search, the yardstick."""

import numpy as np

from equipoise.harness.core.errors import SearchEnded
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture

__all__ = ["RandomSearch"]


class RandomSearch(Method):
    """Draws architectures as the space samples them.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        replacement: Whether an architecture may be drawn again. Without, the search ends when the space is spent.
    """

    family = "baseline"
    origin = "published"
    source = "Bergstra and Bengio, Random Search for Hyper-Parameter Optimization, JMLR 2012"
    knowledge = ("decisions", "legality", "isomorphism")
    deviations = ("Drawn without replacement, unless set otherwise; the paper's trials are independent.",)

    def __init__(self, problem: Problem, rng: np.random.Generator, *, replacement: bool = False) -> None:
        super().__init__(problem, rng)
        self.replacement = replacement
        self._seen: set[Architecture] = set()
        self._drawn: list[Architecture] = []
        self._block = min(problem.budget.queries or 256, 1024)

    def ask(self) -> Query:
        """Draws the next architecture.

        Raises:
            SearchEnded: Without replacement, when every architecture has been proposed.
        """
        silent = (
            False  # whether a whole block has brought nothing new: only then is the space counted, which may take long
        )
        while True:
            if not self._drawn:
                if silent and len(self._seen) >= self.space.size:
                    raise SearchEnded("every architecture of the space has been proposed")
                self._drawn, silent = self.space.sample(self.rng, self._block), True
            architecture = self._drawn.pop()
            if self.replacement:
                return Query(architecture)
            key = self.space.key(architecture)
            if key not in self._seen:
                self._seen.add(key)
                return Query(architecture)

    def tell(self, observation: Observation) -> None:
        """Remembers what need not be proposed again; learns nothing."""
        if not self.replacement:
            self._seen.add(self.space.key(observation.query.architecture))
