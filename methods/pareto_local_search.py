"""Pareto local search: walk through the neighbours of an archive of non-dominated architectures."""

import numpy as np

from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.pareto import Point, dominates, point_of
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["ParetoLocalSearch"]


class ParetoLocalSearch(Method):
    """Local search for several objectives, one neighbour at a time.

    Evaluates `initial` random architectures and keeps those that none dominates. Then, query by query: a random member
    of this archive that has neighbours not yet seen, and a random one of these. A newcomer that no member dominates
    joins, and those that it dominates leave. When no member has an unseen neighbour left, random architectures follow.
    Nothing is proposed twice. Under constraints, whatever violates less dominates.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        initial: Random architectures at the start.

    Source: Paquete, Chiarandini and Stuetzle, Pareto Local Optimum Sets in the Biobjective Traveling Salesman Problem,
    2004.
    """

    family = "nas"
    origin = "published"
    source = (
        "Paquete, Chiarandini and Stuetzle, Pareto Local Optimum Sets in the Biobjective Traveling Salesman Problem, "
        "2004"
    )
    knowledge = ("decisions", "legality", "isomorphism")
    several_objectives = True
    deviations = (
        "A query explores one neighbour of a random member; the paper explores all neighbours of a member at once.",
        "Starts from the best of 10 random architectures instead of one.",
    )

    def __init__(self, problem: Problem, rng: np.random.Generator, *, initial: int = 10) -> None:
        super().__init__(problem, rng)
        check_count("pareto_local_search", "initial", initial, problem, default=10)
        self.initial = initial
        self._archive: list[tuple[Point, list[Architecture]]] = []
        self._seen: set[Architecture] = set()

    def ask(self) -> Query:
        """Proposes an unseen neighbour of a member, or a random architecture."""
        architecture = None if len(self._seen) < self.initial else self._neighbour()
        if architecture is None:
            architecture = draw_unseen(self.space, self.rng, self._seen)
        self._seen.add(self.space.key(architecture))
        return Query(architecture)

    def _neighbour(self) -> Architecture | None:
        for place in self.rng.permutation(len(self._archive)).tolist():
            _, left = self._archive[place]
            while left:
                neighbour: Architecture = left.pop(int(self.rng.integers(len(left))))
                if self.space.key(neighbour) not in self._seen:
                    return neighbour
        return None

    def tell(self, observation: Observation) -> None:
        """Lets a newcomer that no member dominates, or equals, join the archive."""
        architecture = observation.query.architecture
        if not self.space.contains(architecture):
            return
        self._seen.add(self.space.key(architecture))
        point = point_of(self.problem, observation)
        if any(dominates(member, point) or member == point for member, _ in self._archive):
            return
        self._archive = [entry for entry in self._archive if not dominates(point, entry[0])]
        self._archive.append((point, self.space.neighbours(architecture)))
