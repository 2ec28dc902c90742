"""Partial training inside the loop: short trainings first, the best of them in full."""

from collections.abc import Sequence

from equipoise.harness.core.ledger import Budget

__all__ = ["PartialTraining"]

SHORTEST = 8
"""The short trainings take at least one full training's epochs divided by this."""


class PartialTraining:
    """The length of trainings while the search is young, and the turn to full training.

    Args:
        fidelities: Epochs that the task offers, ascending.
        budget: Of the run.
        share: Share of a budget in epochs that is spent on short trainings.

    Attributes:
        fidelity: Epochs of a short training; None where all are full.
    """

    def __init__(self, fidelities: Sequence[int], budget: Budget, share: float) -> None:
        self.fidelity: int | None = None
        self._left = 0.0
        if len(fidelities) > 1 and budget.epochs is not None and share > 0:
            self.fidelity = min(epochs for epochs in fidelities if SHORTEST * epochs >= fidelities[-1])
            self._left = share * budget.epochs
        if self.fidelity == (fidelities[-1] if fidelities else None):
            self.fidelity = None

    def spend(self) -> None:
        """Counts one short training."""
        self._left -= self.fidelity or 0

    def end(self) -> None:
        """Turns to full training."""
        self.fidelity = None

    @property
    def over(self) -> bool:
        """Whether the next short training would exceed the share."""
        return self.fidelity is not None and self._left < self.fidelity
