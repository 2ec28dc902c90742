"""Any optimiser of Nevergrad, by name."""

import warnings
from collections import defaultdict
from typing import Any

import numpy as np

from harness.errors import SettingError, nearest
from harness.method import Method, Observation, Problem, Query
from harness.space import Architecture
from methods._categorical import Categoricals

__all__ = ["Nevergrad"]


class Nevergrad(Method):
    """A Nevergrad optimiser, asked and told; every decision is a ``Choice``, which most of its optimisers relax.

    Args:
        problem: What is known before the search.
        rng: Source of the optimiser's seed.
        optimizer: Name in Nevergrad's registry, for example ``NGOpt``, ``OnePlusOne``, ``TwoPointsDE`` or ``CMA``.

    Raises:
        SettingError: Nevergrad has no optimiser of that name.
    """

    family = "hpo"
    source = "Rapin and Teytaud, Nevergrad: A Gradient-free Optimization Platform, 2018; nevergrad 1.0"
    packages = (("nevergrad", "nevergrad"),)

    def __init__(self, problem: Problem, rng: np.random.Generator, *, optimizer: str = "NGOpt") -> None:
        super().__init__(problem, rng)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import nevergrad

            if optimizer not in nevergrad.optimizers.registry:
                raise SettingError(
                    f"nevergrad: optimizer = {optimizer!r}; {nearest(str(optimizer), nevergrad.optimizers.registry)}"
                )
            self._parameters = Categoricals(problem.space)
            choices = {
                name: nevergrad.p.Choice(list(range(width)))
                for name, width in zip(self._parameters.names, self._parameters.widths, strict=True)
            }
            instrumentation = nevergrad.p.Dict(**choices)
            instrumentation.random_state = np.random.RandomState(int(rng.integers(2**31 - 1)))
            self._optimizer: Any = nevergrad.optimizers.registry[optimizer](
                parametrization=instrumentation, budget=problem.budget.queries or 1000
            )
        self._pending: defaultdict[Architecture, list[Any]] = defaultdict(list)

    def ask(self) -> Query:
        """Lets the optimiser propose."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            candidate = self._optimizer.ask()
        architecture = self._parameters.architecture([candidate.value[name] for name in self._parameters.names])
        self._pending[architecture].append(candidate)
        return Query(architecture)

    def tell(self, observation: Observation) -> None:
        """Hands the loss over, of points too that it did not propose."""
        architecture = observation.query.architecture
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._pending[architecture]:
                candidate = self._pending[architecture].pop()
            else:
                values = dict(zip(self._parameters.names, self._parameters.options(architecture), strict=True))
                candidate = self._optimizer.parametrization.spawn_child(new_value=values)
            self._optimizer.tell(candidate, observation.validation_error)
