"""DEHB: Hyperband whose new architectures come from differential evolution, a population for each fidelity."""

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query, Requirements
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.brackets import Brackets
from equipoise.methods._shared.search_parameters import SearchParameters

__all__ = ["Dehb"]

Array = npt.NDArray[np.float64]

PARENTS = 3
"""Points that a mutation combines: r1 + F (r2 - r3)."""


class _Population:
    """The points of one fidelity and their errors; each in turn is the target that a new point competes with.

    Args:
        points: n x d, in the unit cube.
    """

    def __init__(self, points: Array) -> None:
        self.points, self.errors = points, np.full(len(points), np.inf)
        self.promoted: deque[Array] = deque()
        self._turn = -1

    def target(self) -> int:
        """The index whose turn it is."""
        self._turn = (self._turn + 1) % len(self.points)
        return self._turn

    def best(self, number: int) -> Array:
        """The best points, those without an answer last."""
        return self.points[np.argsort(self.errors, kind="stable")[:number]]

    def compete(self, place: int, point: Array, error: float) -> None:
        """Takes the target's place where the point is no worse."""
        if error <= self.errors[place]:
            self.points[place], self.errors[place] = point, error

    def has(self, point: Array) -> bool:
        """Whether the point is among them."""
        return bool((self.points == point).all(axis=1).any())


class Dehb(Method):
    """Hyperband's brackets; what they train comes from differential evolution (rand/1/bin) in the unit cube.

    In the first round of brackets the best of a population go on to the next fidelity, as in successive halving. From
    then on every rung draws new points: a mutant of the best at the fidelity below, crossed with the target, whose
    place it takes if it is no worse. Each parameter of the encoding is one dimension; an option of k owns the k-th part
    of it. For tasks that answer after several numbers of epochs: ``training/*``, ``nasbench101``, ``nats_tss``,
    ``nats_sss``, ``nasbench201_full``. Every training is paid from its start, unless ``[protocol]
    continue_training = true``. The defaults are the published ones.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        encoding: The parameters to search over: one of `SearchSpace.encodings`; None for the space's default one. All
            parameters are taken to matter always.
        eta: One of so many architectures goes on, to so many times the epochs.
        least_epochs: The shortest training; None for the task's shortest.
        mutation_factor: The F of r1 + F (r2 - r3).
        crossover_share: Probability that a dimension is the mutant's; one always is.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    origin = "published"
    source = (
        "Awad, Mallik and Hutter, DEHB: Evolutionary Hyperband for Scalable, Robust and Efficient Hyperparameter "
        "Optimization, IJCAI 2021; parent pools and bracket sizes of their code"
    )
    knowledge = ("decisions", "fidelities")
    deviations = (
        "Where the task does not offer R / eta^k epochs, the nearest it offers are trained; levels that fall together "
        "count as one, and rungs are sized by the real ratios of the levels.",
        "An architecture that the method is told without having asked for it takes the place of the worst of its "
        "fidelity, if it is better; the authors' code cannot be told of one.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        encoding: str | None = None,
        eta: int = 3,
        least_epochs: int | None = None,
        mutation_factor: float = 0.5,
        crossover_share: float = 0.5,
    ) -> None:
        super().__init__(problem, rng)
        if not 0 < mutation_factor <= 1:
            raise SettingError(f"dehb: mutation_factor = {mutation_factor}; accepted: numbers above 0 and up to 1")
        if not 0 <= crossover_share <= 1:
            raise SettingError(f"dehb: crossover_share = {crossover_share}; accepted: numbers from 0 to 1")
        self._factor, self._share = mutation_factor, crossover_share
        self._brackets = Brackets("dehb", problem.fidelities, eta, least_epochs, published=False, promotes=False)
        self._parameters = SearchParameters("dehb", problem.space, encoding)
        self._specs = self._parameters.specs
        sizes = self._brackets.largest()
        self._populations = {epochs: _Population(self._random(sizes[epochs])) for epochs in self._brackets.levels}
        self._pending: defaultdict[tuple[Architecture, int], deque[tuple[int, Array]]] = defaultdict(deque)

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:  # noqa: ARG003
        """Several fidelities."""
        return Requirements(fidelities=True)

    def ask(self) -> Query:
        """A promoted point in the first round of brackets, beyond the first rung; else one that evolved."""
        drawn: list[tuple[int, Array]] = []

        def draw(epochs: int) -> Architecture:
            drawn.append(self._draw(epochs))
            return self._read(drawn[0][1])

        architecture, epochs = self._brackets.next(draw)
        self._pending[architecture, epochs] += drawn
        return Query(architecture, epochs)

    def _draw(self, epochs: int) -> tuple[int, Array]:
        """The place in the population that a new point competes for, and the point."""
        bracket, population = self._brackets.current, self._populations[epochs]
        place = population.target()
        below = self._populations[bracket.lower]
        if self._brackets.begun <= len(self._brackets.levels) and not bracket.first:
            return place, self._promoted(below, population, bracket.size)
        return place, self._evolved(population.points[place], below.best(bracket.size))

    def _promoted(self, below: _Population, population: _Population, number: int) -> Array:
        """The next of the best that have been trained shorter and are not in the population yet."""
        if not population.promoted:
            ranked = below.best(int(np.isfinite(below.errors).sum()))
            population.promoted.extend([point.copy() for point in ranked if not population.has(point)][:number])
        return population.promoted.popleft() if population.promoted else below.best(1)[0].copy()

    def _evolved(self, target: Array, pool: Array) -> Array:
        """Mutation among the pool, binomial crossover with the target; what leaves the cube is redrawn."""
        if len(pool) < PARENTS:
            everyone = np.concatenate([population.points for population in self._populations.values()])
            mutants = [self._mutant(everyone, target) for _ in range(PARENTS - len(pool) + 1)]
            pool = np.concatenate([pool, mutants])
        mutant = self._mutant(pool, target)
        crossed = self.rng.random(len(target)) < self._share
        if not crossed.any():
            crossed[self.rng.integers(len(target))] = True
        point = np.where(crossed, mutant, target)
        outside = (point < 0) | (point > 1)
        point[outside] = self.rng.random(int(outside.sum()))
        return point

    def _mutant(self, pool: Array, target: Array) -> Array:
        """Combines three of the pool other than the target."""
        same = np.flatnonzero((pool == target).all(axis=1))
        if len(same):
            pool = np.delete(pool, same[0], axis=0)
        if len(pool) < PARENTS:
            pool = np.concatenate([pool, self._random(PARENTS - len(pool))])
        first, second, third = pool[self.rng.choice(len(pool), PARENTS, replace=False)]
        return np.asarray(first + self._factor * (second - third))

    def _random(self, number: int) -> Array:
        return self.rng.random((number, len(self._specs)))

    def _read(self, point: Array) -> Architecture:
        """The architecture at a point: of k values, each owns a k-th part of its dimension."""
        parts = zip(self._specs.items(), point.tolist(), strict=True)
        return self._parameters.architecture(
            {
                name: value if spec.kind == "float" else min(int(value * spec.size), spec.size - 1)
                for (name, spec), value in parts
            }
        )

    def _write(self, architecture: Architecture) -> Array:
        """A point of an architecture: the middle of each part."""
        values = self._parameters.values(architecture)
        return np.array(
            [
                values[name] if spec.kind == "float" else (values[name] + 0.5) / spec.size
                for name, spec in self._specs.items()
            ]
        )

    def tell(self, observation: Observation) -> None:
        """Lets the point compete for its place; one that nobody asked for, with the worst of its fidelity."""
        architecture, fidelity, _ = observation.query
        epochs = self.problem.fidelities[-1] if fidelity is None else fidelity
        error = observation.validation_error if np.isfinite(observation.validation_error) else np.inf
        if waiting := self._pending.get((architecture, epochs)):
            place, point = waiting.popleft()
            self._populations[epochs].compete(place, point, error)
        elif epochs in self._populations and self.space.contains(architecture):
            population = self._populations[epochs]
            population.compete(int(population.errors.argmax()), self._write(architecture), error)
        self._brackets.tell(observation)
