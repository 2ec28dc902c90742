"""Bayesian optimisation with a Gaussian process, as scikit-optimize implements it."""

import warnings
from math import ceil
from typing import Literal

import numpy as np

from harness.errors import SettingError, nearest
from harness.method import Method, Observation, Problem, Query
from methods._categorical import Categoricals

__all__ = ["GpBo"]

GROWTH = 1.2
"""With ``refit = "growing"``, the kernel's parameters are fitted anew when there are this many times the observations
of their last fit."""


class GpBo(Method):
    """scikit-optimize's `Optimizer`: a GP with an ARD Hamming kernel, `gp_hedge`, after 10 random points.

    Args:
        problem: What is known before the search.
        rng: Source of the library's seed.
        refit: ``always`` is the library as it stands: the kernel's parameters are fitted after every observation.
            ``growing`` fits them after 10, 12, 15, 18, ... observations only, and computes the same predictions with
            fewer operations.
            It is ten times cheaper (12 against 110 s of CPU for 100 queries) and was not shown to be as good: over 8
            seeds, regret at 100 queries .285 +- .055 against .139 +- .029 on nasbench201/cifar10 and .64 +- .15
            against .51 +- .08 on imagenet16-120.
        n_initial: Random points before the model is used.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    source = "Head et al., scikit-optimize 0.10.2 (Optimizer, gp_hedge); Snoek, Larochelle and Adams, NeurIPS 2012"
    packages = (("skopt", "gp"),)
    costly = True

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        refit: Literal["always", "growing"] = "always",
        n_initial: int = 10,
    ) -> None:
        super().__init__(problem, rng)
        if refit not in ("always", "growing"):
            raise SettingError(f"gp_bo: refit = {refit!r}; {nearest(str(refit), ('always', 'growing'))}")
        if n_initial < 1:
            raise SettingError(f"gp_bo: n_initial = {n_initial}; accepted: whole numbers from 1 on")
        from skopt import Optimizer
        from skopt.space import Categorical

        self.refit = refit
        self._parameters = Categoricals(problem.space)
        dimensions = [
            Categorical(list(range(width)), name=name)
            for name, width in zip(self._parameters.names, self._parameters.widths, strict=True)
        ]
        estimator: object = "gp"
        if refit == "growing":
            from methods._skopt import quick_process

            estimator = quick_process(dimensions, int(rng.integers(2**31 - 1)))
        self._optimizer = Optimizer(
            dimensions,
            base_estimator=estimator,
            n_initial_points=n_initial,
            random_state=int(rng.integers(2**31 - 1)),
            model_queue_size=1,
        )
        self._estimator = self._optimizer.base_estimator_
        self._pending = 0
        self._next_fit = 0

    def ask(self) -> Query:
        """The library's next point; with queries pending, by its own rule for that, the constant liar."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "evaluated before": it draws at random instead
            options = self._optimizer.ask(self._pending + 1)[-1] if self._pending else self._optimizer.ask()
        self._pending += 1
        return Query(self._parameters.architecture(options))

    def tell(self, observation: Observation) -> None:
        """Adds a point, asked for or not, and lets the library fit."""
        self._pending = max(0, self._pending - 1)
        seen = len(self._optimizer.yi) + 1
        fits = self.refit == "always" or not self._optimizer.models or seen >= self._next_fit
        if fits:
            self._optimizer.base_estimator_ = self._estimator
            self._next_fit = ceil(seen * GROWTH)
        else:
            from methods._skopt import frozen

            self._optimizer.base_estimator_ = frozen(self._optimizer.models[-1])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # length scales at their bounds
            self._optimizer.tell(self._parameters.options(observation.query.architecture), observation.validation_error)
