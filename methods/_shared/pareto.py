"""Points of several objectives, and their order: for the methods that search a front."""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.method import Observation, Problem
from equipoise.harness.core.objectives import total_violation

__all__ = ["Point", "crowding", "dominates", "point_of", "sorted_fronts"]


class Point(NamedTuple):
    """An observation as a method for several objectives compares it.

    Attributes:
        violation: Of the constraints; 0 where all hold, infinite for an invalid proposal.
        values: The objectives, all to be minimised.
    """

    violation: float
    values: tuple[float, ...]


def point_of(problem: Problem, observation: Observation) -> Point:
    """The validation error and the objectives of the problem; those to be maximised are negated."""
    told = observation.objectives
    if (problem.objectives or problem.constraints) and not told:  # an invalid proposal
        return Point(inf, (observation.validation_error, *(inf for _ in problem.objectives)))
    further = (told[one.name] if one.minimise else -told[one.name] for one in problem.objectives)
    return Point(total_violation(problem.constraints, told), (observation.validation_error, *further))


def dominates(first: Point, second: Point) -> bool:
    """Whether the first violates less, or violates as much and is no worse in any objective and better in one.

    Source: constrained domination of Deb, Pratap, Agarwal and Meyarivan, IEEE Transactions on Evolutionary
    Computation, 2002.
    """
    if first.violation != second.violation:
        return first.violation < second.violation
    return first.values != second.values and all(a <= b for a, b in zip(first.values, second.values, strict=True))


def sorted_fronts(points: Sequence[Point]) -> list[list[int]]:
    """The positions of the points by front: the first is dominated by none, the next one only by earlier fronts."""
    violations = np.array([point.violation for point in points])
    values = np.array([point.values for point in points])
    no_worse = (values[:, None] <= values[None]).all(axis=2)
    less, same = violations[:, None] < violations[None], violations[:, None] == violations[None]
    beats = less | (same & no_worse & ~no_worse.T)
    left, fronts = np.arange(len(points)), list[list[int]]()
    while left.size:
        first = ~beats[np.ix_(left, left)].any(axis=0)
        fronts.append(left[first].tolist())
        left = left[~first]
    return fronts


def crowding(points: Sequence[Point]) -> npt.NDArray[np.float64]:
    """Crowding distances of the points of one front: infinite at its ends."""
    values = np.array([point.values for point in points])
    distance = np.zeros(len(points))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        ordered = column[order]
        distance[order[[0, -1]]] = inf
        if np.isfinite(ordered[-1]) and (span := ordered[-1] - ordered[0]) > 0:  # not of invalid proposals
            distance[order[1:-1]] += (ordered[2:] - ordered[:-2]) / span
    return distance
