"""Methods for one objective under a scalarisation of several."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.objectives import total_violation
from equipoise.harness.core.scalarisation import RHO, Scalarisation

__all__ = ["ScalarisedMethod", "chebyshev"]

WORST = 2.0
"""The largest value told of an architecture that keeps the constraints; one in the range so far has at most 1.05."""
MOST_VIOLATION = 8.0
"""The violation of an invalid proposal; the largest that is told under a scalarisation."""

Array = npt.NDArray[np.float64]


class ScalarisedMethod(Method):
    """A method for one objective, told the augmented Chebyshev scalarisation of several.

    The budget is divided into periods. In each one a fresh instance of the method is told all earlier observations, and
    then its own, under one vector of weights w and the ranges [l, u] of the objectives observed before the period:

        max_i w_i z_i + 0.05 sum_i w_i z_i    with    z_i = (f_i - l_i) / (u_i - l_i).

    Random weights are uniform on the simplex, one vector per period, so that the periods head for different parts of
    the front. Within a period the objective of the method stays the same. The first period has no ranges: its queries
    are pending until it ends, so that the method proposes as it does without answers. Where weights are fixed and no
    range has changed, the instance goes on.

    An architecture that violates a constraint is told 2 plus its violation, more than any that keeps them. The record
    of the run holds the objectives themselves.

    Args:
        make: Makes an instance of the method.
        problem: With the objectives and constraints of the suite.
        rng: Draws weights.
        scalarisation: The weights, that of the validation error first, and the period.

    Source: Knowles, ParEGO, IEEE Transactions on Evolutionary Computation, 2006, for the scalarisation.
    """

    family = "baseline"
    source = "Knowles, ParEGO, IEEE Transactions on Evolutionary Computation, 2006"

    def __init__(
        self,
        make: Callable[[Problem], Method],
        problem: Problem,
        rng: np.random.Generator,
        scalarisation: Scalarisation,
    ) -> None:
        super().__init__(problem, rng)
        self._make, self._scalarisation = make, scalarisation
        self._single = replace(problem, objectives=(), constraints=())
        self._method = make(self._single)
        self._observed: list[Observation] = []
        self._weights: Array | None = None
        self._ranges: tuple[Array, Array] | None = None

    def ask(self) -> Query:
        """Asks the instance of the period."""
        return self._method.ask()

    def tell(self, observation: Observation) -> None:
        """Tells it the scalarised value; begins the next period where this one ends."""
        self._observed.append(observation)
        if len(self._observed) % self._scalarisation.period == 0:
            self._begin_period(observation)
        elif self._ranges is not None:
            self._method.tell(self._scalarised(observation))

    def _begin_period(self, last: Observation) -> None:
        before = self._weights, self._ranges
        fixed = self._scalarisation.weights
        count = 1 + len(self.problem.objectives)
        self._weights = self.rng.dirichlet(np.ones(count)) if fixed is None else np.array(fixed)
        self._ranges = _ranges([self._values(one) for one in self._observed if self._valid(one)], count)
        if fixed is not None and before[1] is not None and np.array_equal(before[1], self._ranges):
            self._method.tell(self._scalarised(last))
            return
        self._method = self._make(self._single)
        for one in self._observed:
            self._method.tell(self._scalarised(one))

    def _scalarised(self, observation: Observation) -> Observation:
        violation = MOST_VIOLATION
        if self._valid(observation):
            violation = min(total_violation(self.problem.constraints, observation.objectives), MOST_VIOLATION)
        told = WORST + violation
        if violation == 0:
            assert self._weights is not None and self._ranges is not None  # noqa: PT018 - a period has begun
            told = min(WORST, chebyshev(self._values(observation), self._weights, *self._ranges))
        return observation._replace(validation_error=told)

    def _valid(self, observation: Observation) -> bool:
        return bool(observation.objectives)

    def _values(self, observation: Observation) -> Array:
        told = observation.objectives
        further = [told[one.name] if one.minimise else -told[one.name] for one in self.problem.objectives]
        return np.array([observation.validation_error, *further])


def chebyshev(values: Array, weights: Array, least: Array, most: Array) -> float:
    """The augmented Chebyshev scalarisation of k values to be minimised, scaled by their ranges."""
    span = np.where(most > least, most - least, 1.0)
    weighed = weights * (values - least) / span
    return float(weighed.max() + RHO * weighed.sum())


def _ranges(values: Sequence[Array], count: int) -> tuple[Array, Array]:
    if not values:
        return np.zeros(count), np.ones(count)
    stacked = np.stack(values)
    return stacked.min(axis=0), stacked.max(axis=0)
