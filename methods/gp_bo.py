"""Bayesian optimisation with a Gaussian process, as scikit-optimize implements it."""

import warnings
from typing import Literal

import numpy as np

from harness.errors import SettingError, nearest
from harness.method import Method, Observation, Problem, Query
from methods._categorical import Categoricals

__all__ = ["GpBo"]


class GpBo(Method):
    """scikit-optimize's `Optimizer`: a GP with an ARD Hamming kernel, `gp_hedge`, after 10 random points.

    Args:
        problem: What is known before the search.
        rng: Source of the library's seed.
        arithmetic: ``library`` is the library as it stands. ``lean`` refits as often and computes the same posterior
            in fewer operations, seven times cheaper. Trajectories differ after a while, as the library's own do from
            one machine to another: with more length scales than points, rounding decides where a fit ends.
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
        arithmetic: Literal["library", "lean"] = "library",
        n_initial: int = 10,
    ) -> None:
        super().__init__(problem, rng)
        if arithmetic not in ("library", "lean"):
            raise SettingError(f"gp_bo: arithmetic = {arithmetic!r}; {nearest(str(arithmetic), ('library', 'lean'))}")
        if n_initial < 1:
            raise SettingError(f"gp_bo: n_initial = {n_initial}; accepted: whole numbers from 1 on")
        from skopt import Optimizer
        from skopt.space import Categorical

        self._parameters = Categoricals(problem.space)
        dimensions = [
            Categorical(list(range(width)), name=name)
            for name, width in zip(self._parameters.names, self._parameters.widths, strict=True)
        ]
        self._optimizer = Optimizer(
            dimensions,
            n_initial_points=n_initial,
            random_state=int(rng.integers(2**31 - 1)),
            model_queue_size=1,
        )
        if arithmetic == "lean":
            from methods._skopt import lean

            columns = self._optimizer.space.transformed_n_dims
            self._optimizer.base_estimator_ = lean(self._optimizer.base_estimator_, columns)
        self._pending = 0

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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # length scales at their bounds
            self._optimizer.tell(self._parameters.options(observation.query.architecture), observation.validation_error)
