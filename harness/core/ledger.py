"""The only counter of the budget: every method of a suite is charged by the same rules."""

from dataclasses import dataclass
from math import inf
from typing import Literal

from equipoise.harness.core.errors import RunError, SuiteError

__all__ = ["Budget", "Duplicates", "Invalid", "Ledger", "Status"]

Status = Literal["ok", "duplicate", "invalid"]
Duplicates = Literal["charge", "free"]
Invalid = Literal["penalise", "redraw"]
Unit = Literal["queries", "cost_seconds", "epochs"]

STALL_LIMIT = 10_000
"""Proposals in a row that cost nothing before a run counts as stalled."""


@dataclass(frozen=True, repr=False)
class Budget:
    """The budget of a run: exactly one of three amounts.

    Attributes:
        queries: Proposals.
        cost_seconds: Seconds of training, as the task tells them.
        epochs: Epochs of training.
    """

    queries: int | None = None
    cost_seconds: float | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        given = {unit: amount for unit, amount in vars(self).items() if amount is not None}
        if len(given) != 1:
            came = ", ".join(f"{unit} = {amount}" for unit, amount in given.items()) or "nothing"
            raise SuiteError(f"a budget is exactly one of queries, cost_seconds and epochs; got {came}")
        ((unit, amount),) = given.items()
        whole = unit != "cost_seconds"
        if isinstance(amount, bool) or not isinstance(amount, int if whole else (int, float)) or not 0 < amount < 1e15:
            kind = "whole number" if whole else "number"
            raise SuiteError(f"budget {unit} = {amount!r} is not a positive {kind}")

    def __repr__(self) -> str:
        return f"Budget({self.unit}={getattr(self, self.unit)!r})"

    def __str__(self) -> str:
        """For example ``50 queries``."""
        return f"{self.limit:,g} {self.unit.replace('_', ' ')}"

    @property
    def unit(self) -> Unit:
        """Which of the three amounts is given."""
        return "queries" if self.queries is not None else "epochs" if self.epochs is not None else "cost_seconds"

    @property
    def limit(self) -> float:
        """The given amount."""
        return float(getattr(self, self.unit))


class Ledger:
    """Counts what one run spends.

    Every proposal costs: one query, its epochs, or its seconds. A duplicate costs as much again, unless the protocol
    makes duplicates free. An invalid proposal costs as much as the valid ones of the run did on average (one query;
    under a budget of seconds or epochs, their mean so far; before the first valid one, the seconds of a mean training
    or the epochs that it asks for), unless the protocol redraws.

    Args:
        budget: The limit.
        duplicates: ``charge`` or ``free``.
        invalid: ``penalise`` or ``redraw``.
        stall_limit: Proposals in a row that cost nothing before the run counts as stalled.

    Attributes:
        budget: That.
        spent: In its unit.
        proposals: Those that were charged, free ones included.
        exhausted: Whether the budget is spent, or the run has stalled; kept up to date by each charge.
    """

    def __init__(
        self,
        budget: Budget,
        duplicates: Duplicates = "charge",
        invalid: Invalid = "penalise",
        stall_limit: int = STALL_LIMIT,
    ) -> None:
        self.budget = budget
        self._stall_limit = stall_limit
        self.spent = 0.0
        self.proposals = 0
        self.exhausted = False
        self._unit, self._limit = budget.unit, budget.limit
        free = {"duplicate": duplicates == "free", "invalid": invalid == "redraw"}
        self._free = frozenset(status for status, costs_nothing in free.items() if costs_nothing)
        self._valid_spent = 0.0
        self._valid = 0
        self._idle = 0

    @property
    def repeats_are_free(self) -> bool:
        """Whether a duplicate is answered from memory instead of being evaluated again."""
        return "duplicate" in self._free

    @property
    def stalled(self) -> bool:
        """Whether so many proposals in a row cost nothing that the run would never end."""
        return self._idle >= self._stall_limit

    @property
    def unspent(self) -> float:
        """The part of the budget that is left."""
        return max(0.0, self._limit - self.spent)

    @property
    def wants_price(self) -> bool:
        """Whether an invalid proposal is charged the seconds of a mean training, because no valid one came before."""
        return self._unit == "cost_seconds" and not self._valid

    def charge(self, status: Status, cost_seconds: float, epochs: int | None) -> float:
        """Charges one proposal.

        Args:
            status: Its outcome.
            cost_seconds: The time of its evaluation; for an invalid one that of a mean training, if `wants_price`.
            epochs: The epochs of its evaluation, or those that an invalid one asks for; None where the task states
                none.

        Returns:
            The charge, in the unit of the budget.

        Raises:
            RunError: The budget is in seconds, and the time is not a finite number from 0 on.
        """
        self.proposals += 1
        if status in self._free:
            self._idle += 1
            self._settle()
            return 0.0
        if self._unit == "queries":
            self._idle = 0
            self.spent += 1.0
            self.exhausted = self.spent >= self._limit
            return 1.0
        amount = cost_seconds if self._unit == "cost_seconds" else float(epochs or 0)
        if status == "invalid":
            amount = self._valid_spent / self._valid if self._valid else amount
        else:
            self._valid_spent += amount
            self._valid += 1
        self._idle = 0 if amount > 0 else self._idle + 1
        return self._spend(amount)

    def _spend(self, amount: float) -> float:
        if not 0 <= amount < inf:  # NaN too, which would be charged for ever
            raise RunError(
                f"the task tells a training time of {amount} seconds; accepted under [budget] cost_seconds: finite "
                "numbers from 0 on; correct the task, or set [budget] queries or epochs"
            )
        self.spent += amount
        self._settle()
        return amount

    def _settle(self) -> None:
        self.exhausted = self.spent >= self._limit or self.stalled

    def charge_training(self, equivalents: float, cost_seconds: float | None, epochs: int) -> float:
        """Charges a method's own training, converted to queries, epochs or seconds of the task.

        Args:
            equivalents: Training equivalents: stand-alone trainings of a mean architecture.
            cost_seconds: The time of one of them; None where the task does not tell it.
            epochs: The epochs of one of them.

        Returns:
            The charge, in the unit of the budget.

        Raises:
            RunError: The budget is in seconds, and the task does not tell how long a training takes, or no finite
                number from 0 on.
        """
        each = {"queries": 1.0, "epochs": float(epochs), "cost_seconds": cost_seconds}[self._unit]
        if each is None:
            raise RunError(
                "the method trains a network of its own, and the task does not tell how long a mean training takes, "
                "so that no budget in seconds can be charged; set [budget] queries or epochs"
            )
        return self._spend(equivalents * each)
