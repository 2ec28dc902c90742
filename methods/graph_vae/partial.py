"""Partial training inside the loop: short trainings first, the best of them in full."""

from collections.abc import Sequence

from equipoise.harness.core.ledger import Budget

__all__ = ["PartialTraining"]

SHORTEST = 8
"""The short trainings take at least one full training's epochs divided by this."""


class PartialTraining:
    """The length of trainings while the search is young, and the turn to full training.

    A budget in queries charges a short training as much as a full one: then all are full.

    Args:
        fidelities: Epochs that the task offers, ascending.
        budget: Of the run.
        share: Share of a budget in epochs or in seconds that is spent on short trainings.

    Attributes:
        fidelity: Epochs of a short training; None where all are full.
    """

    def __init__(self, fidelities: Sequence[int], budget: Budget, share: float) -> None:
        self.fidelity: int | None = None
        self._seconds = budget.unit == "cost_seconds"
        self._left = share * budget.limit
        if len(fidelities) > 1 and budget.unit != "queries" and share > 0:
            self.fidelity = min(epochs for epochs in fidelities if SHORTEST * epochs >= fidelities[-1])
        if self.fidelity == (fidelities[-1] if fidelities else None):
            self.fidelity = None
        self._price = 0.0 if self._seconds else float(self.fidelity or 0)

    def asked(self) -> None:
        """Counts the epochs of one short training."""
        if self.fidelity is not None and not self._seconds:
            self._left -= self._price

    def told(self, cost_seconds: float) -> None:
        """Counts the seconds of one short training."""
        if self._seconds:
            self._left -= cost_seconds
            self._price = cost_seconds

    def end(self) -> None:
        """Turns to full training."""
        self.fidelity = None

    @property
    def over(self) -> bool:
        """Whether the next short training would exceed the share, if it takes the seconds of the last."""
        return self.fidelity is not None and self._left < self._price
