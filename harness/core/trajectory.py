"""The record of one run: its proposals, their outcomes and their cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from equipoise.harness.core.architecture import Architecture
from equipoise.harness.core.ledger import Status

__all__ = ["Trajectory", "objective_columns"]


@dataclass
class Trajectory:
    """The proposals of a run, one entry per proposal in each list, named as the store's columns.

    Attributes:
        architecture: The proposals.
        fidelity: Epochs asked for; None where the task states none.
        validation_error: The errors that the method was told.
        charge: Their cost, in the unit of the budget.
        training_charge: The part of `charge` paid for the method's own training.
        cost_seconds: Training time of the evaluation.
        overhead_seconds: Wall time that the method took to ask and be told.
        status: The outcome.
        objectives: Further objectives by name; empty where the task has none, or the proposal is invalid.
        unspent: The part of the budget left at the end.
        ended: Why the run ended early; empty if it did not.
    """

    architecture: list[Architecture] = field(default_factory=list)
    fidelity: list[int | None] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)
    charge: list[float] = field(default_factory=list)
    training_charge: list[float] = field(default_factory=list)
    cost_seconds: list[float] = field(default_factory=list)
    overhead_seconds: list[float] = field(default_factory=list)
    status: list[Status] = field(default_factory=list)
    objectives: list[Mapping[str, float]] = field(default_factory=list)
    unspent: float = 0.0
    ended: str = ""

    def __len__(self) -> int:
        return len(self.architecture)


def objective_columns(objectives: list[Mapping[str, float]]) -> dict[str, list[float]]:
    """Turns the objectives of n rows into columns ``objective:NAME`` of n numbers, NaN where a row has none.

    Columns come in the order in which the rows name them.
    """
    names = dict.fromkeys(name for row in filter(None, objectives) for name in row)
    return {f"objective:{name}": [float(row.get(name, float("nan"))) for row in objectives] for name in names}
