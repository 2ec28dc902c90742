"""Bayesian optimisation with a Gaussian process, as scikit-optimize implements it."""

import warnings
from collections import defaultdict
from typing import Any, Literal

import numpy as np

from equipoise.harness.core.errors import SettingError, nearest
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.search_parameters import SearchParameters

__all__ = ["GpBo"]


class GpBo(Method):
    """scikit-optimize's `Optimizer`: a GP with an ARD Hamming kernel, `gp_hedge`, after 10 random points.

    Args:
        problem: What is known before the search.
        rng: Source of the library's seed.
        encoding: The parameters to search over: one of `SearchSpace.encodings`; None for the space's default one.
            The library takes a Matern kernel where not all parameters are categorical, and knows no conditions: it sees
            every parameter.
        arithmetic: ``library`` is the library as it stands. ``lean`` refits as often and computes the same posterior
            in fewer operations: 22 against 112 s of CPU for 100 queries (``python speed/method_cost.py --queries 100
            --only gp_bo``). Trajectories differ after a while, as the library's own do from
            one machine to another: with more length scales than points, rounding decides where a fit ends.
        n_initial: Random points before the model is used.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    origin = "library"
    source = "Head et al., scikit-optimize 0.10.2 (Optimizer, gp_hedge); Snoek, Larochelle and Adams, NeurIPS 2012"
    knowledge = ("decisions",)
    packages = (("skopt", "gp"),)
    costly = True
    surrogate_models = ("gp",)

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        encoding: str | None = None,
        arithmetic: Literal["library", "lean"] = "library",
        n_initial: int = 10,
    ) -> None:
        super().__init__(problem, rng)
        if arithmetic not in ("library", "lean"):
            raise SettingError(f"gp_bo: arithmetic = {arithmetic!r}; {nearest(str(arithmetic), ('library', 'lean'))}")
        check_count("gp_bo", "n_initial", n_initial, problem, default=10)
        self._parameters = SearchParameters("gp_bo", problem.space, encoding)
        if arithmetic == "lean" and not all(s.kind == "categorical" for s in self._parameters.specs.values()):
            raise SettingError(
                f"gp_bo: arithmetic = 'lean' with encoding = '{self._parameters.encoding}'; accepted: 'library', or an "
                "encoding of categorical parameters alone"
            )
        from skopt import Optimizer

        dimensions = _dimensions(self._parameters)
        self._optimizer = Optimizer(
            dimensions,
            n_initial_points=n_initial,
            random_state=int(rng.integers(2**31 - 1)),
            model_queue_size=1,
        )
        if arithmetic == "lean":
            from equipoise.methods._shared.fast_skopt import lean

            columns = self._optimizer.space.transformed_n_dims
            self._optimizer.base_estimator_ = lean(self._optimizer.base_estimator_, columns)
        self._pending: defaultdict[Architecture, list[list[Any]]] = defaultdict(list)
        self._waiting = 0

    def ask(self) -> Query:
        """The library's next point; with queries pending, by its own rule for that, the constant liar."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "evaluated before": it draws at random instead
            point = self._optimizer.ask(self._waiting + 1)[-1] if self._waiting else self._optimizer.ask()
        architecture = self._parameters.architecture(dict(zip(self._parameters.names, point, strict=True)))
        self._pending[architecture].append(point)
        self._waiting += 1
        return Query(architecture)

    def tell(self, observation: Observation) -> None:
        """Adds a point, asked for or not, and lets the library fit."""
        architecture = observation.query.architecture
        asked = self._pending[architecture]
        self._waiting -= bool(asked)
        point = asked.pop() if asked else list(self._parameters.values(architecture).values())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # length scales at their bounds
            self._optimizer.tell(point, observation.validation_error)


def _dimensions(parameters: SearchParameters) -> list[Any]:
    """The parameters as the library's dimensions."""
    from skopt.space import Categorical, Integer, Real

    made: list[Any] = []
    for name, spec in parameters.specs.items():
        if spec.kind == "float":
            made.append(Real(0.0, 1.0, name=name))
        elif spec.kind == "integer":
            made.append(Integer(0, spec.size - 1, name=name))
        else:
            made.append(Categorical(list(range(spec.size)), name=name))
    return made
