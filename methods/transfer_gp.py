"""The structural Gaussian process with a kernel and a mean learnt on other tasks of the same space."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem, Query, Requirements
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.climbing_pool import ClimbingPool
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.transfer_prior import LearntPrior, learn
from equipoise.methods._shared.transfer_ranker import TransferRanker
from equipoise.methods.structural_gp import StructuralGp

__all__ = ["TransferGp"]

LEAST = 3
"""Evaluations of a task below which it teaches nothing."""

DRAWN = 1_000
"""Candidates for the first query in a space that is not listed."""


class TransferGp(StructuralGp):
    """`StructuralGp` that begins with what evaluations of other tasks tell (`Problem.history`).

    One set of hyperparameters is fitted to all other tasks of the space, by the sum of their log posteriors; the
    search starts from it and stays near it. The mean over those tasks of the posterior mean of the normal scores is
    a prior mean, with a coefficient that the data may shrink to nothing (`TransferRanker`). With a prior mean there are
    no random starts: the first query is the architecture of largest prior mean. Without a history it is
    `structural_gp`. Its settings were chosen on nasbench201/cifar10 and nasbench_graph/cora.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        kernel: Whether the hyperparameters are learnt on the other tasks.
        mean: Whether the prior mean is; it needs the kernel.
        width: Standard deviation of the logarithm of a hyperparameter around the learnt one.
        n_initial: Random architectures before the model is used, where there is no prior mean.
        growth: See `StructuralGp`.
        pool: See `StructuralGp`.

    Raises:
        SettingError: A setting is out of range.
    """

    source = (
        "This project: structural_gp with hyperparameters and mean learnt on other tasks, in the spirit of Swersky, "
        "Snoek and Adams, NeurIPS 2013, and Wistuba and Grabocka, ICLR 2021"
    )
    knowledge = (*StructuralGp.knowledge, "labels of other tasks")  # type: ignore[assignment]

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        kernel: bool = True,
        mean: bool = True,
        width: float = 0.5,
        n_initial: int = 5,
        growth: float = 1.5,
        pool: int = 500,
    ) -> None:
        super().__init__(problem, rng, n_initial=n_initial, growth=growth, pool=pool)
        if not width > 0:
            raise SettingError(f"transfer_gp: width = {width}; accepted: numbers above 0")
        if mean and not kernel:
            raise SettingError("transfer_gp: mean = true with kernel = false; the mean is that of the learnt kernel")
        self._prior: LearntPrior | None = None
        self._uses_mean = mean
        told = [one for one in problem.history if len(one) >= LEAST] if kernel else []
        if told:
            self._learn(told, width, growth, pool)

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:  # noqa: ARG003
        """Evaluations of other tasks."""
        return Requirements(history=True)

    def _learn(self, told: list[Any], width: float, growth: float, pool: int) -> None:
        plain = self._reader
        self._prior = learn(plain, told)
        self._ranker = TransferRanker(plain, self.rng, self._prior, growth, width, self._uses_mean)
        self._reader = self._ranker.reader
        if self._uses_mean:
            self.n_initial = 1
        if self._all:
            self._listed = self._reader.everything()
            self._posterior = ListedPosterior(self._listed)
        self._pool = ClimbingPool(self._ranker, self._generate, pool, rounds=2, generation=5)

    def ask(self) -> Query:
        """The architecture of largest expected improvement; the first one has the largest prior mean.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        if self._prior is None or not self._uses_mean or self._ranker.errors or (self._all and not self._allowed.any()):
            return super().ask()
        architecture = self._favourite()
        self._take(architecture)
        return Query(architecture)

    def _favourite(self) -> Architecture:
        """The architecture of largest prior mean among those not proposed."""
        assert isinstance(self._ranker, TransferRanker)
        if self._all:
            expected = np.where(self._allowed, self._ranker.expected(self._listed), -np.inf)
            return self._all[int(expected.argmax())]
        drawn = list(dict.fromkeys(map(self.space.key, self.space.sample(self.rng, DRAWN))))
        drawn = [one for one in drawn if one not in self._taken] or drawn
        return drawn[int(self._ranker.expected(self._reader.read(drawn)).argmax())]
