"""EDNAG: evolution as denoising, without a network."""

from itertools import pairwise

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.fitness_denoising import (
    Array,
    cosine_schedule,
    denoised,
    diversity,
    estimated_origins,
    mutated,
    normalized,
)
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["Ednag"]

PUBLISHED_STEPS = 100
ACCURACIES = (0.0, 30.0, 50.0, 70.0, 75.0, 80.0, 85.0, 90.0, 95.0, 100.0)
FITNESSES = (0.0, 3.0, 23.0, 63.0, 78.0, 103.0, 153.0, 303.0, 503.0, 753.0)
"""Fitness by accuracy in percent, linear in between: points count the more the better an architecture is already."""
BEST_ACCURACY = 94.4
"""The scale of accuracies: that of the best seen, as the paper scales each data set by its own factor."""
MOST_STEPS = 5
"""Steps in a row that bring nothing new before a random architecture is asked for."""


class Ednag(Method):
    """Denoises a population of scores for the options: the fitter its members, the more they pull.

    A member is a vector with one score per option of each decision; the best legal option counts. Each step estimates
    where every member comes from, as a mean of the population weighted by fitness, takes a step of a diffusion model
    towards it, mutates, and selects among parents and children: elites, diverse ones, and a roulette wheel.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        population: Members; default 30, or half of the budget of queries where that is smaller.
        steps: Steps of the noise schedule; 0 takes as many as the budget pays for, or 100 where it is not in queries.
            Where a step brings nothing new, the schedule starts again with the members that were found.
        temperature: Divides the fitness in the exponent of the weights.
        noise: Share of the noise of a diffusion model.
        mutation: Share of the members that are mutated.
        index: Distribution index of the mutation.
        elites: Share of the population.
        diverse: Share of the population.

    Raises:
        SettingError: A setting is out of range.

    Source: Zhou et al., Evolution Meets Diffusion: Efficient Neural Architecture Generation, 2025 (arXiv 2504.17827),
    with the settings of its repository (EDNAG: ``NAS-Bench-201/config/config.py``, ``utils/predictor.py``,
    ``utils/corrector.py``). Differs from the paper: every evaluation is counted, so that 300 queries are 10 steps
    instead of 100 (3,000 evaluations); fitness is the validation accuracy instead of the test accuracy, scaled by
    the best seen instead of by a factor chosen per data set; errors above 1 are divided by the largest seen;
    illegal options are masked instead of given fitness 0; what was evaluated is not asked for again; where nothing
    new is left the noise returns.
    """

    family = "nas"
    origin = "published"
    source = "Zhou et al., Evolution Meets Diffusion: Efficient Neural Architecture Generation, 2025"
    knowledge = ("decisions", "legality", "isomorphism")
    deviations = (
        "Every evaluation is counted: as many steps of denoising as the budget pays for, not 100.",
        "Fitness is validation accuracy, scaled by the best seen; the repository uses test accuracy.",
        "Where errors exceed 1, they are divided by the largest seen.",
        "Illegal options are masked; nothing is asked for twice, and where nothing new is left the noise returns.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        population: int | None = None,
        steps: int = 0,
        temperature: float = 1.0,
        noise: float = 0.8,
        mutation: float = 0.6,
        index: float = 5.0,
        elites: float = 0.1,
        diverse: float = 0.2,
    ) -> None:
        super().__init__(problem, rng)
        if population is None:
            population = min(30, max(2, (problem.budget.queries or 60) // 2))
        check_count("ednag", "population", population, problem, least=2)
        if steps < 0 or steps == 1:
            raise SettingError(f"ednag: steps = {steps}; accepted: 0, or whole numbers from 2 on")
        for name, value in (("temperature", temperature), ("index", index)):
            if not value > 0:
                raise SettingError(f"ednag: {name} = {value}; accepted: numbers above 0")
        for name, value in (("noise", noise), ("mutation", mutation), ("elites", elites), ("diverse", diverse)):
            if not 0 <= value <= 1:
                raise SettingError(f"ednag: {name} = {value}; accepted: 0 to 1")
        self.population, self.temperature, self.noise = population, temperature, noise
        self.mutation, self.index = mutation, index
        self._elites, self._diverse = int(elites * population), int(diverse * population)
        queries = problem.budget.queries
        paid = PUBLISHED_STEPS if queries is None else max(2, queries // population)
        self._alphas = cosine_schedule(steps or paid)
        self._at = len(self._alphas) - 1
        self._columns = np.cumsum([0, *self.space.cardinalities])
        self._errors: dict[Architecture, float] = {}
        self._taken: set[Architecture] = set()
        self._queue: list[Architecture] = []
        self._parents = np.empty((0, int(self._columns[-1])))
        self._parent_keys: list[Architecture] = []
        self._children, self._child_keys = self._parents, self._parent_keys
        self._await(self.rng.normal(size=(population, int(self._columns[-1]))))

    def ask(self) -> Query:
        """The next member that was not evaluated; a step where there is none.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        steps = 0
        while not self._fresh() and steps < MOST_STEPS:
            if steps:
                self._at = len(self._alphas) - 1
            self._step()
            steps += 1
        chosen = self._queue.pop(0) if self._queue else self.space.key(draw_unseen(self.space, self.rng, self._taken))
        self._taken.add(chosen)
        return Query(chosen)

    def tell(self, observation: Observation) -> None:
        """Learns from any observation; one of an architecture that was not asked for joins the population."""
        if not self.space.contains(observation.query.architecture):
            return
        key = self.space.key(observation.query.architecture)
        self._errors[key] = observation.validation_error
        if key not in self._child_keys:
            self._children = np.concatenate([self._children, self._encoded(key)[None]])
            self._child_keys.append(key)
        self._taken.add(key)

    def _fresh(self) -> bool:
        self._queue = [key for key in self._queue if key not in self._taken]
        return bool(self._queue)

    def _step(self) -> None:
        members, keys = np.concatenate([self._parents, self._children]), self._parent_keys + self._child_keys
        known = [row for row, key in enumerate(keys) if key in self._errors]
        if len(known) < 2:
            self._await(self.rng.normal(size=(self.population, members.shape[1])))
            return
        fitness = self._fitness(np.array([self._errors[keys[row]] for row in known]))
        chosen = self._selected(members[known], fitness)
        self._parents, fitness = members[known][chosen], fitness[chosen]
        self._parent_keys = [keys[known[row]] for row in chosen]
        alphas = (float(self._alphas[self._at]), float(self._alphas[self._at - 1]))
        origins = estimated_origins(self._parents, self._parents, fitness / self.temperature, alphas[0])
        moved = normalized(denoised(self._parents, origins, alphas, self.noise, self.rng))
        index = self.index if self._at > 1 else np.ceil(1.5 * self.index)
        self._at = max(1, self._at - 1)
        self._await(normalized(mutated(moved, self.mutation, index, self.rng)))

    def _fitness(self, errors: Array) -> Array:
        largest = max([1.0, *self._errors.values()])
        accuracies = np.clip(1.0 - errors / largest, 0.0, None)
        best = max((1.0 - error / largest for error in self._errors.values()), default=0.0)
        scale = BEST_ACCURACY / best if best > 0 else 0.0
        return np.interp(scale * accuracies, ACCURACIES, FITNESSES)

    def _selected(self, members: Array, fitness: Array) -> list[int]:
        """Elites of distinct fitness, the most diverse of some fitness, and the rest by a roulette wheel."""
        n = min(self.population, len(members))
        order = np.argsort(-fitness, kind="stable")
        firsts = [int(order[0]), *(int(b) for a, b in pairwise(order) if fitness[a] != fitness[b])]
        chosen = firsts[: min(self._elites, n)]
        apart = diversity(members)
        fit = [int(row) for row in np.argsort(-apart, kind="stable") if fitness[row] >= 0.1 * fitness.max()]
        chosen += [row for row in fit if row not in chosen][: min(self._diverse, n - len(chosen))]
        worth = fitness * (1.0 + apart)
        width = float(np.ptp(worth))
        share = 0.9 * (worth - worth.min()) / width + 0.1 if width > 0 else np.ones_like(worth)
        share[chosen] = 0.0
        if n > len(chosen):
            chosen += self.rng.choice(len(share), n - len(chosen), replace=False, p=share / share.sum()).tolist()
        return chosen

    def _await(self, children: Array) -> None:
        self._children, self._child_keys = children, [self._decoded(row) for row in children]
        self._queue = list(dict.fromkeys(self._child_keys))

    def _decoded(self, member: Array) -> Architecture:
        """The key of the architecture that takes the legal option of the largest score, decision by decision."""
        chosen: Architecture = ()
        for position, start in enumerate(self._columns[:-1]):
            scores = member[start : self._columns[position + 1]]
            chosen = (*chosen, int(np.where(self.space.legal(chosen), scores, -np.inf).argmax()))
        return self.space.key(chosen)

    def _encoded(self, key: Architecture) -> Array:
        member = np.full(int(self._columns[-1]), -1.0)
        member[self._columns[:-1] + np.asarray(key)] = 1.0
        return member
