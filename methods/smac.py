"""SMAC3: Bayesian optimisation with a random forest."""

import logging
import warnings
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.search_parameters import SearchParameters

__all__ = ["Smac"]


class Smac(Method):
    """SMAC3's hyperparameter-optimisation facade at its defaults, asked and told one trial at a time.

    Parameters that do not always matter are conditional ones. SMAC takes up to a quarter of the budget for a Sobol
    design (10 configurations a parameter), then proposes by log expected improvement on a random forest, every fifth
    at random. It refuses to propose the same configuration twice, and gives up when it finds no new one; the run then
    goes on with configurations drawn at random from the same parameters, so that the budget is spent in full
    (`gave_up_after` says from which proposal on).

    Args:
        problem: What is known before the search.
        rng: Source of SMAC's seed.
        encoding: The parameters to search over: one of `SearchSpace.encodings`; None for the space's default one.
        n_trees: Trees of the forest.
        random_probability: Share of proposals drawn at random.
        initial_ratio: Largest share of the budget that the initial design may take.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    origin = "library"
    source = "Lindauer et al., SMAC3: A Versatile Bayesian Optimization Package, JMLR 2022; smac 2.4 HPO facade"
    knowledge = ("decisions",)
    packages = (("smac", "smac"),)
    costly = True
    surrogate_models = ("trees",)
    deviations = (
        "The objective is declared deterministic, so that SMAC does not spend queries on evaluating incumbents again.",
        "The starts of the local search are ordered; the library's order depends on the salt of the process.",
        "The forest works in one thread and reserves less memory; its predictions are the same.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        encoding: str | None = None,
        n_trees: int = 10,
        random_probability: float = 0.2,
        initial_ratio: float = 0.25,
    ) -> None:
        super().__init__(problem, rng)
        if n_trees < 1:
            raise SettingError(f"smac: n_trees = {n_trees}; accepted: whole numbers from 1 on")
        if not 0 <= random_probability <= 1:
            raise SettingError(f"smac: random_probability = {random_probability}; accepted: numbers from 0 to 1")
        if not 0 < initial_ratio <= 1:
            raise SettingError(f"smac: initial_ratio = {initial_ratio}; accepted: numbers above 0, up to 1")
        self._parameters = SearchParameters("smac", problem.space, encoding)
        self._pending: defaultdict[Architecture, list[Any]] = defaultdict(list)
        self._proposals = 0
        self.gave_up_after: int | None = None
        with TemporaryDirectory(prefix="equipoise-smac-") as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Sobol designs whose size is no power of two
            self._facade = self._open(Path(folder), n_trees, random_probability, initial_ratio)

    def _open(self, folder: Path, n_trees: int, random_probability: float, initial_ratio: float) -> Any:
        """Makes the facade. It writes a description of itself on construction, and nothing later: `tell` saves not."""
        from smac import HyperparameterOptimizationFacade as Facade
        from smac import Scenario

        logging.getLogger("smac").setLevel(logging.CRITICAL)
        self._configurations = configurations = _configurations(self._parameters)
        scenario = Scenario(
            configurations,
            output_directory=folder,
            deterministic=True,
            n_trials=self._trials(),
            seed=int(self.rng.integers(2**31 - 1)),
        )
        model = Facade.get_model(scenario, n_trees=n_trees)
        # The same forest, made faster: a thread pool for ten small trees costs more than the trees, and the default of
        # 2^20 leaves makes each tree reserve and clear 100 MB. A tree has at most one leaf an observation.
        model._rf_opts["n_jobs"] = 1
        model._rf_opts["max_leaf_nodes"] = max(2**12, 2 * scenario.n_trials)
        maximizer = Facade.get_acquisition_maximizer(scenario)
        _order_starts(maximizer._local_search)
        return Facade(
            scenario,
            _never_called,
            model=model,
            acquisition_maximizer=maximizer,
            initial_design=Facade.get_initial_design(scenario, max_ratio=initial_ratio),
            random_design=Facade.get_random_design(scenario, probability=random_probability),
            logging_level=False,
        )

    def _trials(self) -> int:
        """Full trainings that the budget pays for; 100 under one of seconds, where nobody knows."""
        budget, fidelities = self.problem.budget, self.problem.fidelities
        if budget.epochs is not None and fidelities:
            return max(1, budget.epochs // fidelities[-1])
        return budget.queries or 100

    def ask(self) -> Query:
        """Lets SMAC propose; once it has given up, draws at random."""
        self._proposals += 1
        trial = None if self.gave_up_after is not None else self._ask_smac()
        if trial is None:
            specs = self._parameters.specs.items()
            drawn = {n: self.rng.random() if s.kind == "float" else int(self.rng.integers(s.size)) for n, s in specs}
            return Query(self._parameters.architecture(drawn))
        architecture = self._parameters.architecture({name: float(value) for name, value in trial.config.items()})
        self._pending[architecture].append(trial)
        return Query(architecture)

    def _ask_smac(self) -> Any:
        from smac.main.exceptions import ConfigurationSpaceExhaustedException

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a mean over no local searches
                return self._facade.ask()
        except (StopIteration, ConfigurationSpaceExhaustedException):
            self.gave_up_after = self._proposals - 1
            return None

    def tell(self, observation: Observation) -> None:
        """Hands the cost over, of configurations too that SMAC did not propose."""
        from ConfigSpace import Configuration
        from smac.runhistory import TrialInfo, TrialValue

        architecture = observation.query.architecture
        waiting = self._pending[architecture]
        if waiting:
            trial = waiting.pop()
        else:
            values = self._parameters.values(architecture)
            specs = self._parameters.specs
            own = {
                n: str(values[n]) if specs[n].kind == "categorical" else values[n]
                for n in self._parameters.active(values)
            }
            trial = TrialInfo(Configuration(self._configurations, values=own), seed=0)
        self._facade.tell(trial, TrialValue(cost=observation.validation_error), save=False)


def _configurations(parameters: SearchParameters) -> Any:
    """The parameters as SMAC's configuration space."""
    from ConfigSpace import CategoricalHyperparameter, ConfigurationSpace, Float, InCondition, Integer

    space, made = ConfigurationSpace(), {}
    for name, spec in parameters.specs.items():
        if spec.kind == "float":
            made[name] = Float(name, (0.0, 1.0))
        elif spec.kind == "integer":
            made[name] = Integer(name, (0, spec.size - 1))
        else:
            made[name] = CategoricalHyperparameter(name, list(map(str, range(spec.size))))
    space.add(made.values())
    for name in parameters.names:
        if (when := parameters.condition(name)) is not None:
            space.add(InCondition(made[name], made[when[0]], list(map(str, when[1]))))
    return space


def _order_starts(search: Any) -> None:
    """Makes SMAC's local search begin at its points in a fixed order.

    It collects them in a set of configurations, which hash by text: the order, and with it every later proposal, would
    change from one process to the next.
    """
    collect = search._get_init_points_from_previous_configs

    def ordered(*arguments: Any, **more: Any) -> list[Any]:
        return sorted(collect(*arguments, **more), key=lambda configuration: configuration.get_array().tolist())

    search._get_init_points_from_previous_configs = ordered


def _never_called(config: object, seed: int = 0) -> float:  # noqa: ARG001 - SMAC checks these names
    raise AssertionError("the harness evaluates, not SMAC")
