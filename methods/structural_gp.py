"""Bayesian optimisation with a Gaussian process that reads the graph of an architecture beside its decisions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query, Requirements
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.climbing_pool import ClimbingPool
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.generators import marginal_draws, mutants
from equipoise.methods._shared.gp import best_of
from equipoise.methods._shared.space_features import is_listable
from equipoise.methods._shared.structural_inputs import InputReader, chosen_groups
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["StructuralGp"]


class StructuralGp(Method):
    """A GP whose kernel adds up decisions, groups of graph features and a linear term, and exact expected improvement.

    The covariance is s^2 [exp(-sum_d w_d 1(x_d != x'_d)) + a exp(-sum_g u_g |f_g - f'_g|^2) + sum_l v_l z_l z'_l +
    noise]: a Hamming kernel over decisions, a Gaussian kernel over the graph features of
    `equipoise.methods._shared.graph_features` with one length scale per group, and a linear kernel over operation
    counts. The features come from `SearchSpace.graph` alone, so that every space has them. Targets are normal scores;
    hyperparameters are maxima a posteriori. A space of up to 50,000 architectures is searched whole at every query,
    a larger one over pools of candidates. The kernels were chosen in a trial on four tasks of NAS-Bench-201 and four of
    NAS-Bench-Graph, and confirmed on four others of NAS-Bench-Graph. Choices about pools were made on the second
    landscape of ``studies/synthetic_landscapes.py`` on DARTS and on NAS-Bench-101, all else on the tasks of `tuned_on`.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        groups: Groups of graph features that are compared, joined by ``+``; or ``all``, or ``none``.
        decisions: Whether decisions are compared.
        linear: Whether operation counts enter linearly.
        size: Whether the logarithm of the number of parameters, which the task must tell, is a further group and a
            further linear term.
        n_initial: Random architectures before the model is used.
        growth: The hyperparameters are fitted again at this many times the observations of the last fit.
        whole: Whether a space that can be listed is searched whole. Otherwise pools are used there too.
        candidates: How pools are drawn: ``mutation`` of the best 20, or ``eda``, from their rank-weighted marginals.
        pool: Candidates per pool, a fifth of them drawn from the whole space.
        rounds: Rounds in which the others are drawn; from the second on they descend from candidates that the model
            finds promising.
        generation: Most queries per pool.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "nas"
    origin = "this project"
    source = (
        "This project: expected improvement (Jones et al., 1998) under a sum of kernels (Duvenaud et al., ICML 2013) "
        "on graph features after Kadlecova et al., ICML 2024"
    )
    knowledge = ("decisions", "legality", "isomorphism", "graph")
    tuned_on = ("nasbench201/*", "nasbench_graph/cora")
    surrogate_models = ("gp",)

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        groups: str = "all",
        decisions: bool = True,
        linear: bool = True,
        size: bool = False,
        n_initial: int = 5,
        growth: float = 1.5,
        whole: bool = True,
        candidates: str = "mutation",
        pool: int = 500,
        rounds: int = 2,
        generation: int = 5,
    ) -> None:
        super().__init__(problem, rng)
        check_count("structural_gp", "n_initial", n_initial, problem, default=5)
        check_count("structural_gp", "generation", generation, problem, default=5)
        if not growth > 1:
            raise SettingError(f"structural_gp: growth = {growth}; accepted: numbers above 1")
        if candidates not in ("mutation", "eda"):
            raise SettingError(f"structural_gp: candidates = {candidates!r}; accepted: mutation, eda")
        if not 1 <= rounds <= pool // 5:
            raise SettingError(f"structural_gp: rounds = {rounds}; accepted: 1 to a fifth of pool = {pool}")
        chosen = chosen_groups("structural_gp", groups)
        if not (chosen or decisions or linear or size):
            raise SettingError("structural_gp: groups = 'none', and decisions, linear and size off: nothing is left")
        self.n_initial, self.candidates = n_initial, candidates
        sizes = problem.resources["parameters"] if size else None
        self._reader = InputReader(problem.space, chosen, decisions, linear, sizes)
        self._ranker = StructuralRanker(self._reader, rng, growth)
        self._taken: set[Architecture] = set()
        self._all: list[Architecture] = []
        if whole and is_listable(problem.space):
            self._all = list(problem.space.enumerate())
            self._allowed = np.ones(len(self._all), dtype=np.bool_)
            self._posterior = ListedPosterior(self._reader.everything())
        self._pool = ClimbingPool(self._ranker, self._generate, pool, rounds, generation)

    def _generate(self, parents: Sequence[Architecture], errors: Sequence[float], n: int) -> list[Architecture]:
        if self.candidates == "mutation":
            return mutants(self.space, self.rng, parents, errors, n, elites=20, edits=3)
        return marginal_draws(self.space, self.rng, parents, errors, n, elites=20, floor=0.1)

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:
        """The numbers of parameters, where they are to be used."""
        return Requirements(resources=("parameters",) if settings.get("size") else ())

    def ask(self) -> Query:
        """The architecture of largest expected improvement; random ones at the start.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        if self._all and not self._allowed.any():
            raise SearchEnded("every architecture of the space has been proposed")
        if len(self._taken) < self.n_initial or not self._ranker.errors:
            architecture = self.space.key(draw_unseen(self.space, self.rng, self._taken))
        else:
            architecture = self._best_of_all() if self._all else self._pool.next(self._taken)
        self._take(architecture)
        return Query(architecture)

    def _best_of_all(self) -> Architecture:
        mean, deviation, best = self._ranker.posterior(self._posterior)
        return self._all[best_of(mean, deviation, best, self._allowed, self.rng)]

    def _take(self, architecture: Architecture) -> None:
        self._taken.add(architecture)
        if self._all:
            self._allowed[self.space.index(architecture)] = False

    def tell(self, observation: Observation) -> None:
        """Learns from any observation of an architecture of the space."""
        if self._ranker.tell(observation):
            self._take(self._ranker.architectures[-1])
