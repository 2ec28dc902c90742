"""Any sampler of Optuna, by name."""

import warnings
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from equipoise.harness.core.encoding import Parameter
from equipoise.harness.core.errors import SettingError, nearest
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.search_parameters import SearchParameters

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
    """An Optuna sampler at the library's defaults, asked and told.

    Each parameter is a distribution of its kind; one that does not always matter is suggested after those it depends
    on, where it does.

    Args:
        problem: What is known before the search.
        rng: Source of the sampler's seed.
        encoding: The parameters to search over: one of `SearchSpace.encodings`; None for the space's default one.
        sampler: ``tpe`` (multivariate by Optuna 5's default), ``gp``, ``cmaes``, ``random``, ``nsgaii`` or ``qmc``.
        options: Further arguments of that sampler's class.

    Optuna's CMA-ES knows no categorical parameters: it samples them independently, as the library says. The encodings
    ``one-hot`` and ``integer`` are what it searches.

    Raises:
        SettingError: The sampler is unknown, or does not take these options.
    """

    family = "hpo"
    origin = "library"
    source = "Akiba, Sano, Yanase, Ohta and Koyama, Optuna, KDD 2019; optuna 5"
    knowledge = ("decisions",)
    packages = (("optuna", "optuna"),)
    samplers: ClassVar[Mapping[str, str]] = SAMPLERS

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        encoding: str | None = None,
        sampler: str = "tpe",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(problem, rng)
        if sampler not in self.samplers:
            raise SettingError(f"optuna: sampler = {sampler!r}; {nearest(str(sampler), self.samplers)}")
        for name in ("population_size", "popsize", "n_startup_trials"):
            if isinstance(value := (options or {}).get(name), int):
                least = 0 if name == "n_startup_trials" else 2
                check_count("optuna", f"options.{name}", value, problem, least=least)
        self._parameters = SearchParameters("optuna", problem.space, encoding)
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._distributions = {name: _distribution(spec) for name, spec in self._parameters.specs.items()}
        conditions = {name: self._parameters.condition(name) for name in self._parameters.names}
        self._always = {name: self._distributions[name] for name, when in conditions.items() if when is None}
        self._conditional = [(name, *when) for name, when in conditions.items() if when is not None]
        seed = int(rng.integers(2**31 - 1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # samplers that the library calls experimental
            try:
                given = {**self._given_options(), **dict(options or {})}
                made = getattr(optuna.samplers, self.samplers[sampler])(seed=seed, **given)
            except (TypeError, ValueError) as error:
                raise SettingError(
                    f"optuna: options = {options!r}; {self.samplers[sampler]} refuses: {error}"
                ) from error
            self._study = optuna.create_study(sampler=made, directions=["minimize"] * self._outcomes())
        self._trial = optuna.trial
        self._pending: defaultdict[Architecture, list[Any]] = defaultdict(list)

    def ask(self) -> Query:
        """Lets the sampler suggest."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trial = self._study.ask(self._always)
            for name, parent, values in self._conditional:
                if trial.params.get(parent) in values:
                    _suggest(trial, name, self._parameters.specs[name])
        architecture = self._parameters.architecture(trial.params)
        self._pending[architecture].append(trial)
        return Query(architecture)

    def tell(self, observation: Observation) -> None:
        """Hands the value over; an architecture that it did not suggest becomes a finished trial of its own."""
        architecture = observation.query.architecture
        values, attributes = self._outcome(observation)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self._pending[architecture]:
                trial = self._pending[architecture].pop()
                for name, told in attributes.items():
                    trial.set_user_attr(name, told)
                self._study.tell(trial, values)
                return
            told = self._parameters.values(architecture)
            active = self._parameters.active(told)
            params, distributions = {n: told[n] for n in active}, {n: self._distributions[n] for n in active}
            self._study.add_trial(
                self._trial.create_trial(
                    params=params, distributions=distributions, values=values, user_attrs=attributes
                )
            )

    def _given_options(self) -> dict[str, Any]:
        """Arguments of the sampler beside those of the settings."""
        return {}

    def _outcomes(self) -> int:
        """The number of values that a trial ends with."""
        return 1

    def _outcome(self, observation: Observation) -> tuple[list[float], dict[str, Any]]:
        """The values that a trial ends with, and its attributes."""
        return [observation.validation_error], {}


def _distribution(spec: Parameter) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if spec.kind == "float":
        return FloatDistribution(0.0, 1.0)
    if spec.kind == "integer":
        return IntDistribution(0, spec.size - 1)
    return CategoricalDistribution(tuple(range(spec.size)))


def _suggest(trial: Any, name: str, spec: Parameter) -> None:
    """Lets the sampler choose one more parameter of a trial."""
    if spec.kind == "float":
        trial.suggest_float(name, 0.0, 1.0)
    elif spec.kind == "integer":
        trial.suggest_int(name, 0, spec.size - 1)
    else:
        trial.suggest_categorical(name, tuple(range(spec.size)))
