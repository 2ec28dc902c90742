"""Scalarisation of several objectives, as suites write it for a method that searches one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isclose, isfinite
from typing import Any

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.objectives import VALIDATION_ERROR
from equipoise.harness.core.suite_values import as_positive, as_table, check_keys, shown

__all__ = ["RHO", "Scalarisation"]

RHO = 0.05
"""Weight of the sum in the augmented Chebyshev scalarisation (Knowles, ParEGO, 2006)."""


@dataclass(frozen=True)
class Scalarisation:
    """The augmented Chebyshev scalarisation under which a method for one objective is told several.

    Attributes:
        weights: Of the objectives of the suite, in its order; None for weights drawn afresh in every period.
        period: Queries between two weights, and between two ranges.
    """

    weights: tuple[float, ...] | None = None
    period: int = 10

    @classmethod
    def parse(cls, given: object, objectives: int, where: str) -> "Scalarisation":
        """Reads ``{ weights = "random", period = 10 }`` or ``{ weights = [0.5, 0.5] }``; both keys have defaults.

        Args:
            given: Of a suite's method.
            objectives: Those of the suite, the validation error among them; 0 where it has the error alone.
            where: Names the method in the message.

        Raises:
            SuiteError: It is something else.
        """
        table = as_table(given, f"{where}: scalarisation")
        check_keys(table, ("weights", "period"), f"{where}: scalarisation")
        if not objectives:
            raise SuiteError(f"{where}: scalarisation needs several objectives; write objectives = [...] in the suite")
        period = as_positive(table.get("period", cls.period), f"{where}: scalarisation: period")
        weights = table.get("weights", "random")
        return cls(None if weights == "random" else _weights(weights, objectives, where), period)

    @classmethod
    def from_json(cls, text: str) -> "Scalarisation":
        """Reads what `to_json` wrote."""
        told = json.loads(text)
        return cls(None if told["weights"] == "random" else tuple(told["weights"]), told["period"])

    def error_first(self, objectives: Sequence[str]) -> "Scalarisation":
        """The same with the weight of the validation error first, as methods are told objectives.

        Args:
            objectives: Of the suite, in its order.
        """
        if self.weights is None:
            return self
        weights = dict(zip(objectives, self.weights, strict=True))
        return replace(self, weights=(weights.pop(VALIDATION_ERROR), *weights.values()))

    def to_dict(self) -> dict[str, Any]:
        """As a suite file has it."""
        return {"weights": "random" if self.weights is None else list(self.weights), "period": self.period}

    def to_json(self) -> str:
        """The same as text, for the identity of a run."""
        return json.dumps(self.to_dict(), sort_keys=True)


def _weights(given: object, objectives: int, where: str) -> tuple[float, ...]:
    numbers = given if isinstance(given, Sequence) and not isinstance(given, str) else []
    fine = all(isinstance(one, int | float) and not isinstance(one, bool) and isfinite(one) for one in numbers)
    if not fine or len(numbers) != objectives or min(numbers) < 0 or not sum(numbers) > 0:
        raise SuiteError(
            f"{where}: scalarisation: weights = {shown(given)}; accepted: 'random', or {objectives} numbers from 0 on, "
            "one per objective of the suite"
        )
    total = 1 if isclose(sum(numbers), 1) else sum(numbers)  # what was divided once reads back as it is
    return tuple(float(one) / total for one in numbers)
