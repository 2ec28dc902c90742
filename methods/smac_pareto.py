"""SMAC3 for several objectives: ParEGO on a random forest."""

import logging
from math import isfinite
from pathlib import Path
from typing import Any

from equipoise.harness.core.method import Observation, Query
from equipoise.methods._shared.pareto import Point, point_of
from equipoise.methods.smac import Smac, _configurations, _never_called, _order_starts

__all__ = ["SmacPareto"]


class SmacPareto(Smac):
    """SMAC3's facade of `smac`, told all objectives, under ParEGO.

    For each proposal SMAC draws a weight per objective, scales each objective to its range so far, and fits the forest
    to the augmented Chebyshev scalarisation. The library's own default is the mean of the objectives; ParEGO is its
    choice for fronts. SMAC knows no constraints: an architecture that violates one, or that is invalid, is told the
    worst value so far of every objective plus its violation (at most 1) as a share of the range so far. Worst value and
    range are those of the architectures that keep the constraints; while there are none, of those that do not.

    With one objective it is `smac`, with the same penalty under constraints.

    Args:
        problem: What is known before the search.
        rng: Source of SMAC's seed.
        encoding: See `Smac`, as the next three.
        n_trees: Trees of the forest.
        random_probability: Share of proposals drawn at random.
        initial_ratio: Largest share of the budget that the initial design may take.

    Raises:
        SettingError: A setting is out of range.

    Source: Knowles, ParEGO: A Hybrid Algorithm with On-Line Landscape Approximation for Expensive Multiobjective
    Optimization Problems, IEEE Transactions on Evolutionary Computation, 2006; as in smac 2.4.
    """

    source = "Lindauer et al., SMAC3, JMLR 2022; smac 2.4 HPO facade with its ParEGO (Knowles, 2006)"
    several_objectives = True
    deviations = (  # type: ignore[assignment] # those of Smac are inferred to be three
        *Smac.deviations,
        "ParEGO in the place of the facade's default for several objectives, their mean.",
        "Weights are drawn by SMAC uniformly and normalised; Knowles draws them from a lattice.",
        "Constraints are a penalty: SMAC has none.",
    )

    def _open(self, folder: Path, n_trees: int, random_probability: float, initial_ratio: float) -> Any:
        """Makes the facade as `Smac` does, with one objective per value that it is told."""
        from smac import HyperparameterOptimizationFacade as Facade
        from smac import Scenario
        from smac.multi_objective.parego import ParEGO

        self._told: list[Point] = []
        self._violating: list[Point] = []
        names = ["validation_error", *(one.name for one in self.problem.objectives)]
        if len(names) == 1:
            return super()._open(folder, n_trees, random_probability, initial_ratio)
        logging.getLogger("smac").setLevel(logging.CRITICAL)
        self._configurations = configurations = _configurations(self._parameters)
        scenario = Scenario(
            configurations,
            objectives=names,
            output_directory=folder,
            deterministic=True,
            n_trials=self._trials(),
            seed=int(self.rng.integers(2**31 - 1)),
        )
        model = Facade.get_model(scenario, n_trees=n_trees)
        model._rf_opts["n_jobs"] = 1  # see `Smac._open`
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
            multi_objective_algorithm=ParEGO(scenario),
            logging_level=False,
        )

    def tell(self, observation: Observation) -> None:
        """Hands all objectives over, of configurations too that SMAC did not propose."""
        from ConfigSpace import Configuration
        from smac.runhistory import TrialInfo, TrialValue

        costs = self._costs(point_of(self.problem, observation))
        if len(costs) == 1:
            super().tell(Observation(Query(*observation.query), costs[0], observation.cost_seconds))
            return
        architecture = observation.query.architecture
        waiting = self._pending[architecture]
        if waiting:
            trial = waiting.pop()
        else:
            values, specs = self._parameters.values(architecture), self._parameters.specs
            active = self._parameters.active(values)
            own = {name: str(values[name]) if specs[name].kind == "categorical" else values[name] for name in active}
            trial = TrialInfo(Configuration(self._configurations, values=own), seed=0)
        self._facade.tell(trial, TrialValue(cost=costs), save=False)

    def _costs(self, point: Point) -> list[float]:
        """The values of a point, or those of the penalty where it violates a constraint."""
        if point.violation == 0:
            self._told.append(point)
            return list(point.values)
        if isfinite(point.violation):
            self._violating.append(point)
        known = [one.values for one in self._told or self._violating]
        worst = [max(column) for column in zip(*known, strict=True)] if known else [1.0] * len(point.values)
        least = [min(column) for column in zip(*known, strict=True)] if known else [0.0] * len(point.values)
        share = min(point.violation, 1.0) if isfinite(point.violation) else 1.0
        return [high + share * (high - low) for high, low in zip(worst, least, strict=True)]
