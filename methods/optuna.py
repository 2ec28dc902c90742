"""Any sampler of Optuna, by name."""

import warnings
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.errors import SettingError, nearest
from harness.method import Method, Observation, Problem, Query
from harness.space import Architecture
from methods._categorical import Categoricals

__all__ = ["Optuna"]

SAMPLERS = {
    "tpe": "TPESampler",
    "gp": "GPSampler",
    "cmaes": "CmaEsSampler",
    "random": "RandomSampler",
    "nsgaii": "NSGAIISampler",
    "qmc": "QMCSampler",
}


class Optuna(Method):
    """An Optuna sampler at the library's defaults, asked and told; every decision is a categorical distribution.

    Args:
        problem: What is known before the search.
        rng: Source of the sampler's seed.
        sampler: ``tpe`` (multivariate by Optuna 5's default), ``gp``, ``cmaes``, ``random``, ``nsgaii`` or ``qmc``.
        options: Further arguments of that sampler's class.

    Optuna's CMA-ES knows no categorical parameters: on these spaces it samples independently, as the library says.

    Raises:
        SettingError: The sampler is unknown, or does not take these options.
    """

    family = "hpo"
    source = "Akiba, Sano, Yanase, Ohta and Koyama, Optuna, KDD 2019; optuna 5"
    packages = (("optuna", "optuna"),)

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        sampler: str = "tpe",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(problem, rng)
        if sampler not in SAMPLERS:
            raise SettingError(f"optuna: sampler = {sampler!r}; {nearest(str(sampler), SAMPLERS)}")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._parameters = Categoricals(problem.space)
        self._distributions = {
            name: optuna.distributions.CategoricalDistribution(tuple(range(width)))
            for name, width in zip(self._parameters.names, self._parameters.widths, strict=True)
        }
        seed = int(rng.integers(2**31 - 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # samplers that the library calls experimental
            try:
                made = getattr(optuna.samplers, SAMPLERS[sampler])(seed=seed, **dict(options or {}))
            except (TypeError, ValueError) as error:
                raise SettingError(f"optuna: options = {options!r}; {SAMPLERS[sampler]} refuses: {error}") from error
            self._study = optuna.create_study(sampler=made)
        self._trial = optuna.trial
        self._pending: defaultdict[Architecture, list[Any]] = defaultdict(list)

    def ask(self) -> Query:
        """Lets the sampler suggest."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial = self._study.ask(self._distributions)
        architecture = self._parameters.architecture([trial.params[name] for name in self._parameters.names])
        self._pending[architecture].append(trial)
        return Query(architecture)

    def tell(self, observation: Observation) -> None:
        """Hands the value over; an architecture that it did not suggest becomes a finished trial of its own."""
        architecture, value = observation.query.architecture, observation.validation_error
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._pending[architecture]:
                self._study.tell(self._pending[architecture].pop(), value)
                return
            options = dict(zip(self._parameters.names, self._parameters.options(architecture), strict=True))
            distributions: Any = self._distributions
            self._study.add_trial(self._trial.create_trial(params=options, distributions=distributions, value=value))
