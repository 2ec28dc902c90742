"""An estimation-of-distribution algorithm ranked by a Gaussian process: the second control of learned generators."""

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.candidate_pool import Pool
from equipoise.methods._shared.generators import marginal_draws
from equipoise.methods._shared.gp import Ranker

__all__ = ["EdaGp"]


class EdaGp(Method):
    """Candidates take each decision from rank-weighted marginals of what was evaluated, or from an elite.

    A marginal weights an evaluated architecture by 1 / (0.1 N + rank), so that the best of N count most; each option
    keeps a floor, so that none dies out. Illegal options are masked as decisions are drawn in order.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        generation: Queries taken from one pool.
        pool: Candidates drawn for a generation.
        elites: The best architectures seen, with which draws are crossed.
        floor: Share of each marginal spread evenly over its options.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    origin = "this project"
    source = "Muehlenbein and Paass, From Recombination of Genes to the Estimation of Distributions, PPSN 1996 (UMDA)"
    knowledge = ("decisions", "legality", "isomorphism")
    tuned_on = ("nasbench201/*",)
    surrogate_models = ("gp",)
    deviations = ("Marginals are rank-weighted, crossed with elites, and their draws ranked by a Gaussian process.",)

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 10,
        generation: int = 10,
        pool: int = 300,
        elites: int = 20,
        floor: float = 0.1,
    ) -> None:
        super().__init__(problem, rng)
        if elites < 1:
            raise SettingError(f"eda_gp: elites = {elites}; accepted: whole numbers from 1 on")
        if not 0 <= floor <= 1:
            raise SettingError(f"eda_gp: floor = {floor}; accepted: numbers from 0 to 1")
        self.elites, self.floor = elites, floor
        self._ranker = Ranker(problem.space, rng)
        self._pool = Pool("eda_gp", problem, self._ranker, rng, self._generate, n_initial, generation, pool)

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
        return marginal_draws(self.space, self.rng, seen, errors, n, self.elites, self.floor)
