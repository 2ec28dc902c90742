"""Objectives and constraints as suites write them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf, isfinite

from equipoise.harness.core.errors import SuiteError, one_line

__all__ = [
    "VALIDATION_ERROR",
    "Constraint",
    "checked_objectives",
    "measured_objectives",
    "spread_of",
    "total_violation",
]

VALIDATION_ERROR = "validation_error"
"""The objective that every task has."""

_CONSTRAINT = re.compile(r"\s*([\w.-]{1,100})\s*(<=|>=)\s*([-+.\deE]{1,40})\s*")


@dataclass(frozen=True)
class Constraint:
    """A bound on an objective.

    Attributes:
        name: Of the objective.
        at_most: Whether the bound is an upper one.
        bound: In the unit of the objective.
    """

    name: str
    at_most: bool
    bound: float

    @classmethod
    def parse(cls, text: object) -> "Constraint":
        """Reads ``pixel3_latency <= 5``.

        Raises:
            SuiteError: It is something else.
        """
        match = _CONSTRAINT.fullmatch(text) if isinstance(text, str) else None
        try:
            bound = float(match[3]) if match else inf
        except ValueError:
            bound = inf
        if match is None or not isfinite(bound) or match[1] == VALIDATION_ERROR:
            raise SuiteError(
                f"constraints: {one_line(repr(text), 100)}; write for example 'latency <= 5'; the validation error "
                "cannot be bounded"
            )
        return cls(match[1], match[2] == "<=", bound)

    def __str__(self) -> str:
        """The shortest text that reads back as this constraint."""
        bound = f"{self.bound:g}"
        if float(bound) != self.bound:
            bound = repr(self.bound).removesuffix(".0")
        return f"{self.name} {'<=' if self.at_most else '>='} {bound}"

    def violation(self, value: float) -> float:
        """The excess over the bound as a share of it (of 1 for a bound of 0); 0 where the constraint holds.

        A value that is not known violates it without limit.
        """
        excess = value - self.bound if self.at_most else self.bound - value
        return inf if excess != excess else max(0.0, excess) / (abs(self.bound) or 1.0)


def total_violation(constraints: Iterable[Constraint], values: Mapping[str, float]) -> float:
    """The sum of the violations of several constraints."""
    return sum(one.violation(values.get(one.name, float("nan"))) for one in constraints)


def checked_objectives(given: object) -> tuple[str, ...]:
    """The objectives of a suite: the validation error and further ones, each once.

    Raises:
        SuiteError: They are something else.
    """
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) and name for name in given):
        raise SuiteError(f"objectives = {one_line(repr(given), 100)} is not a list of names")
    if VALIDATION_ERROR not in given or len(given) < 2 or len(set(given)) < len(given):
        raise SuiteError(
            f"objectives = {list(given)}; accepted: '{VALIDATION_ERROR}' and at least one other, each once; leave the "
            f"key out for the validation error alone"
        )
    return tuple(given)


def measured_objectives(objectives: Iterable[str], constraints: Iterable[str]) -> tuple[str, ...]:
    """The objectives beside the validation error that are needed to judge a run."""
    bounded = (Constraint.parse(text).name for text in constraints)
    return tuple(name for name in dict.fromkeys((*objectives, *bounded)) if name != VALIDATION_ERROR)


def spread_of(name: str) -> str:
    """The name under which the spread of a measured objective is recorded."""
    return f"{name}_spread"
