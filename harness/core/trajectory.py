"""The record of one run: what was proposed, what came of it, and what it cost."""

from dataclasses import dataclass, field

from equipoise.harness.core.architecture import Architecture
from equipoise.harness.core.ledger import Status

__all__ = ["Trajectory"]


@dataclass
class Trajectory:
    """What a run did, one entry a proposal in each list, as the store's columns of the same names hold it.

    Attributes:
        architecture: What was proposed.
        fidelity: Epochs asked for; None where the task states none.
        validation_error: What the method was told.
        charge: What it cost, in the unit of the budget.
        cost_seconds: What its training took.
        overhead_seconds: What the method took to ask and be told, in wall time.
        status: What became of it.
        shortfall: What was left of the budget at the end.
        ended: Why the run ended early; empty if it did not.
    """

    architecture: list[Architecture] = field(default_factory=list)
    fidelity: list[int | None] = field(default_factory=list)
    validation_error: list[float] = field(default_factory=list)
    charge: list[float] = field(default_factory=list)
    cost_seconds: list[float] = field(default_factory=list)
    overhead_seconds: list[float] = field(default_factory=list)
    status: list[Status] = field(default_factory=list)
    shortfall: float = 0.0
    ended: str = ""

    def __len__(self) -> int:
        return len(self.architecture)
