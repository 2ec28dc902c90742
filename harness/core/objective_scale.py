"""The reference point and the normalisation of a task's objectives: fixed by the task, never by what a search found."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SuiteError, nearest
from equipoise.harness.core.objectives import VALIDATION_ERROR
from equipoise.harness.core.task import Task
from equipoise.harness.core.task_info import Objective

__all__ = ["QUANTILE", "Scale", "objective_of", "scale_of", "values_of"]

QUANTILE = 0.9
"""Share of the architectures that the reference value is no worse than.

The worst of all would make hypervolumes of about 1 of any search: spaces have a tail of networks that do not learn."""


@dataclass(frozen=True)
class Scale:
    """Turns an objective into a number that is smaller for the better: 0 at the ideal, 1 at the reference.

    Attributes:
        objective: Its name, unit and direction.
        ideal: The best value.
        reference: The value of the reference point: what is worse counts nothing.
    """

    objective: Objective
    ideal: float
    reference: float

    def __call__(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Normalised values."""
        return (np.asarray(values, dtype=np.float64) - self.ideal) / (self.reference - self.ideal)


def objective_of(task: Task, name: str) -> Objective:
    """The objective of a task that has a name.

    Raises:
        SuiteError: The task has none.
    """
    known = {one.name: one for one in task.info.objectives}
    if name in known:
        return known[name]
    if name == VALIDATION_ERROR:
        return Objective(VALIDATION_ERROR, "")
    raise SuiteError(f"{task.name}: no objective '{name}'; {nearest(name, (VALIDATION_ERROR, *known))}")


def values_of(task: Task, name: str) -> npt.NDArray[np.float64] | None:
    """The values of an objective for every architecture, the validation error included; None if unknown."""
    return task.landscape() if name == VALIDATION_ERROR else task.objective_values(name)


def scale_of(task: Task, name: str) -> Scale | None:
    """The scale of an objective; None where the task neither states it nor stores all values.

    Raises:
        SuiteError: The task has no such objective.
    """
    objective = objective_of(task, name)
    ideal, reference = objective.ideal, objective.reference
    if ideal is None or reference is None:
        values = values_of(task, name)
        if values is None or not values.size:
            return None
        sign = 1.0 if objective.minimise else -1.0
        signed = sign * np.asarray(values)
        if ideal is None:
            ideal = sign * float(signed.min())
        if reference is None:
            reference = sign * float(np.quantile(signed, QUANTILE, method="inverted_cdf"))
    return Scale(objective, ideal, reference) if reference != ideal else None
