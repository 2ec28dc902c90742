"""NSGA-II with the edits of the space for mutation, and uniform crossover of decisions."""

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.pareto import Point, crowding, point_of, sorted_fronts

__all__ = ["Nsga2"]

ATTEMPTS = 20
"""Children in a row that were all proposed before until a random architecture takes their place."""


class Nsga2(Method):
    """Non-dominated sorting with elitism and crowding, and constrained domination under constraints.

    The first population is random. Then, generation by generation: two tournaments of two, by front and then by
    crowding distance, choose the parents of a child; with probability `crossover` it takes each decision from either
    parent with equal chance (the first parent's where the result is no architecture of the space); one random edit of
    the space (`SearchSpace.mutate`) follows with probability `mutation`, and always where the child would repeat one
    that was proposed. Parents and children compete for the next population.

    With one objective it is an elitist genetic algorithm.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        population: Members of a population; default 20, or a quarter of the budget of queries where that is smaller.
        crossover: Probability of crossover.
        mutation: Probability of an edit.

    Source: Deb, Pratap, Agarwal and Meyarivan, A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II, IEEE
    Transactions on Evolutionary Computation, 2002.
    """

    family = "nas"
    origin = "published"
    source = "Deb, Pratap, Agarwal and Meyarivan, A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II, 2002"
    knowledge = ("decisions", "legality", "isomorphism")
    several_objectives = True
    deviations = (
        "Population 20 (at most a quarter of the budget); the paper has 100.",
        "Mutation is one edit of the space with probability 0.5; the paper flips each bit with probability 1 / length.",
        "A child that was proposed before is edited until it is new, as pymoo eliminates duplicates.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        population: int | None = None,
        crossover: float = 0.9,
        mutation: float = 0.5,
    ) -> None:
        super().__init__(problem, rng)
        self.population = min(20, max(2, (problem.budget.queries or 80) // 4)) if population is None else population
        check_count("nsga2", "population", self.population, problem, least=2, default=2)
        for name, value in (("crossover", crossover), ("mutation", mutation)):
            if not 0 <= value <= 1:
                raise SettingError(f"nsga2: {name} = {value}; accepted: 0 to 1")
        self.crossover, self.mutation = crossover, mutation
        self._members: list[tuple[Point, Architecture]] = []
        self._order: list[tuple[int, float]] = []
        self._children: list[tuple[Point, Architecture]] = []
        self._asked: set[Architecture] = set()
        self._proposed = 0

    def ask(self) -> Query:
        """Draws at random until the first population is asked for, then breeds."""
        if self._proposed < self.population or not self._members:
            child = self.space.sample(self.rng, 1)[0]
        else:
            child = self._child()
        self._proposed += 1
        self._asked.add(self.space.key(child))
        return Query(child)

    def _child(self) -> Architecture:
        mother, father = self._parent(), self._parent()
        child: Architecture = mother
        if self.rng.random() < self.crossover:
            taken = self.rng.random(len(mother)) < 0.5
            mixed = tuple(a if one else b for one, a, b in zip(taken, mother, father, strict=True))
            child = mixed if self.space.contains(mixed) else mother
        if self.rng.random() < self.mutation:
            child = self.space.mutate(child, self.rng)
        for _ in range(ATTEMPTS):
            if self.space.key(child) not in self._asked:
                return child
            child = self.space.mutate(child, self.rng)
        return self.space.sample(self.rng, 1)[0]

    def _parent(self) -> Architecture:
        first, second = map(int, self.rng.integers(len(self._members), size=2))
        return self._members[first if self._order[first] <= self._order[second] else second][1]

    def tell(self, observation: Observation) -> None:
        """Collects a generation, and selects the next population when it is complete."""
        architecture = observation.query.architecture
        if not self.space.contains(architecture):
            return
        self._asked.add(self.space.key(architecture))
        self._proposed = max(self._proposed, len(self._children) + 1 if not self._members else self._proposed)
        self._children.append((point_of(self.problem, observation), architecture))
        if len(self._children) >= self.population:
            self._select()

    def _select(self) -> None:
        pool = [*self._members, *self._children]
        points = [point for point, _ in pool]
        self._members, self._order, self._children = [], [], []
        for rank, front in enumerate(sorted_fronts(points)):
            distance = crowding([points[one] for one in front])
            for place in np.argsort(-distance, kind="stable")[: self.population - len(self._members)].tolist():
                self._members.append(pool[front[place]])
                self._order.append((rank, -float(distance[place])))
            if len(self._members) == self.population:
                return
