"""Further objectives in the answers to a run, where its suite asks for any, and constraints for single objectives."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from equipoise.harness.core.errors import RunError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.objective_scale import objective_of
from equipoise.harness.core.objectives import (
    VALIDATION_ERROR,
    Constraint,
    measured_objectives,
    spread_of,
    total_violation,
)
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.scalarisation import Scalarisation
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import Evaluation, Task, TaskInfo
from equipoise.harness.engine.runner import Oracle
from equipoise.harness.engine.scalarisation import MOST_VIOLATION, ScalarisedMethod

__all__ = ["MeasuredTask", "PenalisedMethod", "Recorded", "made_method", "measured_task", "with_objectives"]


Recorded = Mapping[tuple[Architecture, int | None], list[Mapping[str, float]]]
"""Measured objectives of an earlier run: those of each evaluation of an architecture and its epochs, in order."""


class MeasuredTask:
    """A task whose answers hold the objectives that a suite asks for, with spreads that were measured, and no others.

    Args:
        task: Answers with the validation error, and with the objectives of which it stores no values.
        names: The objectives beside the validation error.
        recorded: Measured objectives to tell again in the place of new measurements.

    Raises:
        SuiteError: The task has no such objective.
    """

    def __init__(self, task: Task, names: tuple[str, ...], recorded: Recorded | None = None) -> None:
        self._measured = [name for name in names if objective_of(task, name).measured]
        self._recorded = {key: list(rows) for key, rows in (recorded or {}).items()}
        self.space: SearchSpace = task.space
        self.info: TaskInfo = task.info
        self._full = task.info.fidelities[-1] if task.info.fidelities else None
        self.mean_cost_seconds: float | None = task.mean_cost_seconds
        self._task, self._names = task, names
        found = {name: task.objective_values(name) for name in names}
        self._values = {name: np.asarray(values) for name, values in found.items() if values is not None}

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Answers one query.

        Raises:
            RunError: The task does not answer with an objective that it names.
        """
        answer = self._task.evaluate(architecture, fidelity, rng)
        row = self.space.index(architecture) if self._values else 0
        epochs = self._full if fidelity is None else fidelity
        told, measured = {}, self._measurements(architecture, epochs, answer.objectives)
        for name in self._names:
            values = self._values.get(name)
            value = measured.get(name) if values is None else values.item(row)
            if value is None or value != value:
                raise RunError(f"{self.info.name} tells no {name} of {self.space.format(architecture)}")
            told[name] = float(value)
            if (spread := spread_of(name)) in measured and name in self._measured:
                told[spread] = float(measured[spread])
        return answer._replace(objectives=told)

    def _measurements(
        self, architecture: Architecture, epochs: int | None, told: Mapping[str, float]
    ) -> Mapping[str, float]:
        """The objectives that are not stored: recorded earlier, measured now, or told by the evaluation."""
        if recorded := self._recorded.get((architecture, epochs)):
            return {**told, **recorded.pop(0)}
        found = dict(told)
        for name in self._measured:
            found.update(self._task.measure(name, architecture))
        return found


def measured_task(task: Task, spec: RunSpec, recorded: Recorded | None = None) -> Oracle:
    """The task as a run is answered by it: itself where its suite asks for the validation error alone."""
    names = measured_objectives(spec.objectives, spec.constraints)
    return MeasuredTask(task, names, recorded) if names else task


def with_objectives(problem: Problem, task: Task, spec: RunSpec | Suite) -> Problem:
    """The problem with the objectives and constraints of a suite."""
    if not spec.objectives and not spec.constraints:
        return problem
    objectives = tuple(objective_of(task, name) for name in spec.objectives if name != VALIDATION_ERROR)
    return replace(problem, objectives=objectives, constraints=tuple(map(Constraint.parse, spec.constraints)))


def made_method(cls: type[Method], problem: Problem, settings: Mapping[str, Any], task: Task, spec: RunSpec) -> Method:
    """Makes the method of a run, as it is told objectives and constraints.

    A method for one objective is wrapped where its suite has constraints, or a scalarisation for it.
    """
    rng = spec.rng("method")
    if spec.scalarisation:
        scalarisation = Scalarisation.from_json(spec.scalarisation).error_first(spec.objectives)
        return ScalarisedMethod(
            lambda single: cls(single, rng, **settings), problem, spec.rng("scalarisation"), scalarisation
        )
    method = cls(problem, rng, **settings)
    if not problem.constraints or method.several_objectives:
        return method
    return PenalisedMethod(method, problem.constraints, task.info.penalty)


class PenalisedMethod(Method):
    """A method for one objective, told a penalty for architectures that violate a constraint.

    It is told the penalty of the task plus the relative violations, so that any architecture that keeps the constraints
    is better than any that does not, and a smaller violation is better than a larger one (Deb, An Efficient Constraint
    Handling Method for Genetic Algorithms, 2000). An invalid proposal has the largest violation that the run has seen,
    at least 8. The record of the run holds the validation error itself.

    Args:
        method: Asked and told.
        constraints: Of the suite.
        penalty: The error that the task tells for an invalid proposal.
    """

    family = "baseline"
    source = "Deb, An Efficient Constraint Handling Method for Genetic Algorithms, 2000"

    def __init__(self, method: Method, constraints: tuple[Constraint, ...], penalty: float) -> None:
        super().__init__(method.problem, method.rng)
        self._method, self._constraints, self._penalty = method, constraints, penalty
        self._most = MOST_VIOLATION

    def ask(self) -> Query:
        """Asks the method."""
        return self._method.ask()

    def tell(self, observation: Observation) -> None:
        """Tells the method of one objective."""
        violation = self._most
        if observation.objectives:  # an invalid proposal has none
            violation = total_violation(self._constraints, observation.objectives)
            self._most = max(self._most, violation)
        if violation:
            observation = observation._replace(validation_error=self._penalty + violation)
        self._method.tell(observation)
