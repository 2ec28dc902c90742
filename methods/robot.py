"""RoBoT: Bayesian optimisation of the weights with which training-free scores are added up."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query, Requirements
from equipoise.harness.core.scores import SCORE
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.space_features import is_listable
from equipoise.methods._shared.unseen import draw_unseen
from equipoise.methods._shared.weight_process import WeightProcess

__all__ = ["Robot", "scaled"]

Array = npt.NDArray[np.float64]

SCORES = "grad_norm + snip + synflow + jacov + nwot + parameters"
PATIENCE = 25
"""Weights in a row whose architecture is known before the search turns to the best weights for a query."""


class Robot(Method):
    """Weighs the scores, and evaluates the architecture of highest weighted score.

    Exploration: a Gaussian process over the weights, told the error of the architecture that they lead to, proposes by
    upper confidence bound. Weights that lead to a known architecture cost no query. When as many weights have been
    tried as the budget has queries, the rest is spent on the ranking by the best weights.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        scores: Training-free scores of the task, joined by ``+``.
        pool: Random architectures that are scored, and among which is chosen; 0 for all of a space that can be listed.
            Their scores are paid for with the first query.
        kappa: Deviations above the mean, in the bound.
        points: Weights among which the bound is maximised.

    Raises:
        SettingError: A setting is out of range.

    Source: He, Hu, Hong, Lin, Wang and Low, Robustifying and Boosting Training-Free Neural Architecture Search, ICLR
    2024; settings as in its repository (RoBoT: ``search_nb201.py``). Differs from the paper: nwot and parameters stand
    for grasp and fisher, which not all tasks have (jacov is the jacob_cov of its repository); a pool of 1,000
    architectures is scored instead of the whole space, since scores are paid for; the bound is maximised over random
    weights instead of by L-BFGS.
    """

    family = "nas"
    origin = "published"
    source = "He et al., Robustifying and Boosting Training-Free Neural Architecture Search (RoBoT), ICLR 2024"
    knowledge = ("decisions", "legality", "isomorphism", "size", "scores")
    check_settings: ClassVar[Mapping[str, Any]] = {"pool": 50}  # scores for less than a query
    deviations = (
        "nwot and parameters instead of grasp and fisher.",
        "A pool of 1,000 architectures is scored instead of the whole space, since scores are paid for.",
        "The confidence bound is maximised over random weights instead of by L-BFGS.",
    )

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:
        """The scores."""
        return Requirements(resources=tuple(SCORE + name for name in _names(str(settings.get("scores", SCORES)))))

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        scores: str = SCORES,
        pool: int = 1_000,
        kappa: float = 2.576,
        points: int = 1_000,
    ) -> None:
        super().__init__(problem, rng)
        names = _names(scores)
        if not names:
            raise SettingError(f"robot: scores = {scores!r}; accepted: names joined by +")
        if pool < 0 or (pool == 0 and not is_listable(problem.space)):
            raise SettingError(
                f"robot: pool = {pool}; accepted: whole numbers from 1 on; 0 where a space can be listed"
            )
        if points < 1:
            raise SettingError(f"robot: points = {points}; accepted: whole numbers from 1 on")
        if not kappa >= 0:
            raise SettingError(f"robot: kappa = {kappa}; accepted: numbers from 0 on")
        drawn = self.space.sample(rng, pool) if pool else self.space.enumerate()
        self._pool = list(dict.fromkeys(map(self.space.key, drawn)))
        self._readers = [problem.scores(name) for name in names]
        self._scores = np.stack([scaled(reader(self._pool)) for reader in self._readers], axis=1)
        self.points = points
        self._process = WeightProcess(len(names), kappa, rng)
        self._errors: dict[Architecture, float] = {}
        self._taken: set[Architecture] = set()
        self._waiting: dict[Architecture, list[Array]] = {}
        self._best: tuple[float, Array] = (np.inf, np.zeros(len(names)))
        self._tried = 0

    def ask(self) -> Query:
        """The architecture of the next weights, or the next by the best weights.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        chosen = self._explored()
        if chosen is None:
            left = [number for number, key in enumerate(self._pool) if key not in self._taken]
            order = self._scores[left] @ self._best[1]
            chosen = self._pool[left[int(order.argmax())]] if left else draw_unseen(self.space, self.rng, self._taken)
        chosen = self.space.key(chosen)
        self._taken.add(chosen)
        return Query(chosen, training_cost=sum(reader.due() for reader in self._readers))

    def _explored(self) -> Architecture | None:
        """The first unknown architecture that the process leads to; None where exploration is over."""
        most = (self.problem.budget.queries or np.inf) - sum(reader.cost for reader in self._readers)
        for _ in range(PATIENCE):
            if self._tried >= most - 1 or len(self._taken) >= len(self._pool):
                return None
            weights = self._process.propose(self.points)
            self._tried += 1
            key = self._pool[int((self._scores @ weights).argmax())]
            if key not in self._taken:
                self._waiting[key] = [weights]
                return key
            if key in self._errors:
                self._learn(weights, self._errors[key])
            else:
                self._waiting.setdefault(key, []).append(weights)
        return None

    def tell(self, observation: Observation) -> None:
        """Learns from any observation; weights that led there are told its error."""
        if not self.space.contains(observation.query.architecture):
            return
        key = self.space.key(observation.query.architecture)
        self._taken.add(key)
        self._errors[key] = observation.validation_error
        for weights in self._waiting.pop(key, ()):
            self._learn(weights, observation.validation_error)

    def _learn(self, weights: Array, error: float) -> None:
        self._process.tell(weights, error)
        if error <= self._best[0]:
            self._best = (error, weights)


def scaled(values: Array) -> Array:
    """Scores between 0 and 1; undefined ones count as the least, and constant ones as 0."""
    finite = values[np.isfinite(values)]
    if not len(finite) or np.ptp(finite) == 0:
        return np.zeros(len(values))
    bounded = np.clip(values, finite.min(), finite.max())
    found: Array = (bounded - finite.min()) / np.ptp(finite)
    return found


def _names(scores: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in scores.split("+") if name.strip())
