"""Mutation of elites, ranked by a Gaussian process: the control of every learned generator."""

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.candidate_pool import Pool
from equipoise.methods._shared.generators import mutants
from equipoise.methods._shared.gp import Ranker

__all__ = ["MutationGp"]


class MutationGp(Method):
    """Each generation draws a pool of edits of the best architectures; the GP picks from it one query at a time.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        generation: Queries taken from one pool.
        pool: Candidates drawn for a generation.
        elites: The best architectures seen, from which candidates descend.
        edits: A candidate is 1 to this many edits away from its elite.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "nas"
    origin = "this project"
    source = "This project: mutation of elites (Real et al., AAAI 2019) under expected improvement (Jones et al., 1998)"
    knowledge = ("decisions", "legality", "isomorphism")
    tuned_on = ("nasbench201/*",)
    surrogate_models = ("gp",)

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 10,
        generation: int = 10,
        pool: int = 300,
        elites: int = 20,
        edits: int = 3,
    ) -> None:
        super().__init__(problem, rng)
        for name, value in (("elites", elites), ("edits", edits)):
            if value < 1:
                raise SettingError(f"mutation_gp: {name} = {value}; accepted: whole numbers from 1 on")
        self.elites, self.edits = elites, edits
        self._ranker = Ranker(problem.space, rng)
        self._pool = Pool("mutation_gp", problem, self._ranker, rng, self._generate, n_initial, generation, pool)

    def ask(self) -> Query:
        """The most promising candidate of the pool.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        return Query(self._pool.next())

    def tell(self, observation: Observation) -> None:
        """Learns from any observation."""
        self._pool.tell(observation)

    def _generate(self, n: int) -> list[Architecture]:
        seen, errors = self._ranker.architectures, self._ranker.errors
        return mutants(self.space, self.rng, seen, errors, n, self.elites, self.edits)
