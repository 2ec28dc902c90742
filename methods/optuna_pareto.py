"""Optuna's samplers that take several objectives and constraints."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from equipoise.harness.core.method import Observation, Problem
from equipoise.methods._shared.pareto import point_of
from equipoise.methods.optuna import Optuna

__all__ = ["OptunaPareto"]

LARGEST = 1e30
"""Stands for an infinite value or violation: the library refuses those."""


class OptunaPareto(Optuna):
    """An Optuna sampler told all objectives, and the violation of the constraints.

    Args:
        problem: What is known before the search.
        rng: Source of the sampler's seed.
        encoding: The parameters to search over: one of `SearchSpace.encodings`; None for the space's default one.
        sampler: ``tpe``, ``gp`` (its log expected hypervolume improvement), ``nsgaii``, ``nsgaiii`` or ``random``.
        options: Further arguments of that sampler's class.

    Raises:
        SettingError: The sampler is unknown, or does not take these options.
    """

    family = "hpo"
    origin = "library"
    source = "Akiba, Sano, Yanase, Ohta and Koyama, Optuna, KDD 2019; optuna 5, several objectives"
    several_objectives = True
    samplers: ClassVar[Mapping[str, str]] = {
        "tpe": "TPESampler",
        "gp": "GPSampler",
        "nsgaii": "NSGAIISampler",
        "nsgaiii": "NSGAIIISampler",
        "random": "RandomSampler",
    }

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        encoding: str | None = None,
        sampler: str = "tpe",
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._sampler = sampler
        super().__init__(problem, rng, encoding=encoding, sampler=sampler, options=options)

    def _given_options(self) -> dict[str, Any]:
        """Tells the sampler of constraints, if it can use any."""
        if not self.problem.constraints or self._sampler == "random":
            return {}
        return {"constraints_func": lambda trial: (trial.user_attrs["violation"],)}

    def _outcomes(self) -> int:
        return 1 + len(self.problem.objectives)

    def _outcome(self, observation: Observation) -> tuple[list[float], dict[str, Any]]:
        point = point_of(self.problem, observation)
        return [min(value, LARGEST) for value in point.values], {"violation": min(point.violation, LARGEST)}
