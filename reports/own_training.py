"""What a method trained itself (weight sharing), read back from what it was charged."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from equipoise.harness.core.ledger import Budget, Duplicates
from equipoise.harness.core.task import Task
from equipoise.reports.incumbents import RunRows
from equipoise.reports.results import Array

__all__ = ["mean_seconds", "own_trainings", "with_own_seconds"]

ROUNDING = 1e-9


def own_trainings(block: RunRows, budget: Budget, duplicates: Duplicates, each: float) -> Array:
    """The trainings of a mean architecture that a method did itself before each of its proposals.

    A valid proposal is due one query, its epochs or its seconds; what a row was charged beyond that is the method's own
    training. An invalid proposal is charged as the valid ones were, so that nothing can be read from it.

    Args:
        block: Of one method: r runs of n rows.
        budget: Of the suite.
        duplicates: Of the protocol.
        each: What one training takes in the unit of the budget.

    Returns:
        r x n numbers; 0 for methods that ask and are told.
    """
    due = {"queries": np.ones(block.charge.shape), "epochs": block.fidelity, "cost_seconds": block.seconds}[budget.unit]
    due = np.where((block.status == 1) & (duplicates == "free"), 0.0, due)
    valid = block.present & ((block.status == 0) | (block.status == 1))
    beyond = np.where(valid, block.charge - due, 0.0)
    return np.where(beyond > ROUNDING * np.maximum(block.charge, 1.0), beyond, 0.0) / each


def mean_seconds(task: Task | None, rows: Mapping[str, RunRows]) -> float:
    """What a full training takes on average: as the task tells, or else over those in the rows; NaN if unknown."""
    told = None if task is None else task.mean_cost_seconds
    if told is not None:
        return told
    full = max((int(block.fidelity.max(initial=0)) for block in rows.values()), default=0)
    asked = [block.seconds[(block.status == 0) & (block.fidelity == full)] for block in rows.values()]
    trained = np.concatenate([np.zeros(0), *asked])
    return float(trained.mean()) if trained.size else float("nan")


def with_own_seconds(block: RunRows, own: Array, seconds: float) -> RunRows:
    """The rows with the time of the method's own training added to the simulated time."""
    return replace(block, seconds=block.seconds + np.where(own > 0, own * seconds, 0.0)) if own.any() else block
