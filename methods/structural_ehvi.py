"""Bayesian optimisation of several objectives: a graph-reading Gaussian process each, expected hypervolume gain."""

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.ehvi import expected_hypervolume_improvement
from equipoise.methods._shared.generators import mutants
from equipoise.methods._shared.gp import Array, best_of
from equipoise.methods._shared.pareto import Point, point_of, sorted_fronts
from equipoise.methods._shared.space_features import is_listable
from equipoise.methods._shared.structural_inputs import InputReader, chosen_groups
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["StructuralEhvi"]


Flags = npt.NDArray[np.bool_]


class StructuralEhvi(Method):
    """The Gaussian process of `structural_gp` for each objective, and the largest expected hypervolume improvement.

    Targets are normal scores of each objective, so that the hypervolume is one of ranks and needs no scale: its
    reference point is the worst score observed. The improvement is exact for two objectives, over the whole space where
    that can be listed, else over a pool of mutants of the front and random architectures. With more objectives, each
    query draws the one that stands beside the validation error. Under constraints one more Gaussian process models the
    violation, and the improvement is weighted with the probability that it is 0; while nothing satisfies them, the
    expected decrease of the violation decides. With one objective it is `structural_gp`'s expected improvement.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures before the models are used.
        growth: The hyperparameters are fitted again at this many times the observations of the last fit.
        pool: Candidates per query in a space that cannot be listed, half of them random.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "nas"
    origin = "this project"
    source = (
        "This project: structural_gp under the expected hypervolume improvement (Emmerich, Giannakoglou and Naujoks, "
        "2006)"
    )
    knowledge = ("decisions", "legality", "isomorphism", "graph")
    tuned_on = ("nasbench201/cifar10", "nasbench201/fashion14", "nasbench_graph/cora", "nasbench_graph/proteins")
    surrogate_models = ("gp",)
    several_objectives = True

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 10,
        growth: float = 1.5,
        pool: int = 500,
    ) -> None:
        super().__init__(problem, rng)
        check_count("structural_ehvi", "n_initial", n_initial, problem, default=10)
        if not growth > 1:
            raise SettingError(f"structural_ehvi: growth = {growth}; accepted: numbers above 1")
        if pool < 2:
            raise SettingError(f"structural_ehvi: pool = {pool}; accepted: whole numbers from 2 on")
        self.n_initial, self.pool = n_initial, pool
        self._reader = InputReader(problem.space, chosen_groups("structural_ehvi", "all"), True, True, None)
        count = 1 + len(problem.objectives) + bool(problem.constraints)
        self._rankers = [StructuralRanker(self._reader, rng, growth) for _ in range(count)]
        self._points: list[Point] = []
        self._taken: set[Architecture] = set()
        self._all: list[Architecture] = []
        if is_listable(problem.space):
            self._all = list(problem.space.enumerate())
            self._free = np.ones(len(self._all), dtype=np.bool_)
            everything = self._reader.everything()
            self._posteriors = [ListedPosterior(everything) for _ in self._rankers]

    def ask(self) -> Query:
        """The architecture of largest expected hypervolume improvement; random ones at the start.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        if self._all and not self._free.any():
            raise SearchEnded("every architecture of the space has been proposed")
        if len(self._taken) < self.n_initial or not self._points:
            architecture = self.space.key(draw_unseen(self.space, self.rng, self._taken))
        elif self._all:
            architecture = self._all[self._best(self._posteriors, self._free)]
        else:
            candidates = self._candidates()
            listed = ListedPosterior(self._reader.read(candidates))
            posteriors = [listed, *(ListedPosterior(self._reader.read(candidates)) for _ in self._rankers[1:])]
            architecture = candidates[self._best(posteriors, np.ones(len(candidates), dtype=np.bool_))]
        self._take(architecture)
        return Query(architecture)

    def _best(self, posteriors: list[ListedPosterior], allowed: Flags) -> int:
        """The position of the best candidate by the acquisition; ties are broken at random."""
        moments = [ranker.posterior(one) for ranker, one in zip(self._rankers, posteriors, strict=True)]
        means = [mean for mean, _, _ in moments]
        deviations = [np.maximum(deviation, 1e-9) for _, deviation, _ in moments]
        feasible = np.array([point.violation == 0 for point in self._points])
        if self.problem.constraints and not feasible.any():
            return best_of(means[-1], deviations[-1], moments[-1][2], allowed, self.rng)
        if not self.problem.objectives and not self.problem.constraints:
            return best_of(means[0], deviations[0], moments[0][2], allowed, self.rng)
        gain = self._gain(means, deviations, feasible)
        if self.problem.constraints:
            gain = gain * self._holds(means[-1], deviations[-1], feasible)
        gain = np.where(allowed, gain, -1.0)
        best = np.flatnonzero(gain >= gain.max())
        return int(best[self.rng.integers(len(best))])

    def _gain(self, means: list[Array], deviations: list[Array], feasible: Flags) -> Array:
        scores = [ranker.scores() for ranker in self._rankers]
        if not self.problem.objectives:  # a second objective that is always the same: the gain in the first
            flat = np.zeros(len(means[0]))
            pair = (means[0], flat), (deviations[0], flat + 1e-9)
            observed = np.stack([scores[0], np.zeros(len(scores[0]))], axis=1)
            return expected_hypervolume_improvement(*pair, observed[feasible], (float(scores[0].min()), -1.0))
        other = 1 + int(self.rng.integers(len(self.problem.objectives)))
        observed = np.stack([scores[0], scores[other]], axis=1)
        reference = float(scores[0].min()), float(scores[other].min())
        pair = (means[0], means[other]), (deviations[0], deviations[other])
        return expected_hypervolume_improvement(*pair, observed[feasible], reference)

    def _holds(self, mean: Array, deviation: Array, feasible: Flags) -> Array:
        """The probability of a violation score no worse than that of the architectures without violation."""
        from scipy.special import ndtr

        scores = self._rankers[-1].scores()
        bound = float(scores[feasible].min())
        if not feasible.all():
            bound = (bound + float(scores[~feasible].max())) / 2
        probability: Array = ndtr((mean - bound) / deviation)
        return probability

    def _candidates(self) -> list[Architecture]:
        front = sorted_fronts(self._points)[0]
        parents = [self._rankers[0].architectures[place] for place in front]
        drawn = mutants(self.space, self.rng, parents, [0.0] * len(parents), self.pool // 2, len(parents), edits=3)
        drawn += self.space.sample(self.rng, self.pool - self.pool // 2)
        found = dict.fromkeys(map(self.space.key, drawn))
        return [one for one in found if one not in self._taken] or [
            self.space.key(draw_unseen(self.space, self.rng, self._taken))
        ]

    def _take(self, architecture: Architecture) -> None:
        self._taken.add(architecture)
        if self._all:
            self._free[self.space.index(architecture)] = False

    def tell(self, observation: Observation) -> None:
        """Learns from any observation of an architecture of the space."""
        if not self.space.contains(observation.query.architecture):
            return
        point = point_of(self.problem, observation)
        values = (*point.values, point.violation) if self.problem.constraints else point.values
        for ranker, value in zip(self._rankers, values, strict=True):
            ranker.tell(observation._replace(validation_error=value))
        self._points.append(point)
        self._take(self._rankers[0].architectures[-1])
