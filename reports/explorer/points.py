"""The architectures of a task that the explorer shows: all of them, or a sample of a large space."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, SuiteError
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Task
from equipoise.reports.statistics.arrays import Array

__all__ = ["MOST_POINTS", "Points", "points_of"]


MOST_POINTS = 30_000
"""A space of more architectures is sampled."""
SAMPLED_POINTS, PREDICTED_POINTS = 10_000, 2_000
"""Sizes of the sample of a space that no table lists; the smaller where each value is the prediction of a model."""
SEED = 20_261_130
"""Of the sample, so that a page repeats."""


@dataclass(frozen=True)
class Points:
    """Architectures and their errors.

    Attributes:
        task: Where they come from.
        architectures: n of them.
        errors: n expected validation errors.
        rows: Their n rows in ``space.enumerate()``; None where the space is not listed.
        origin: How they were chosen, in words; empty where they are the whole space.
    """

    task: Task
    architectures: list[Architecture]
    errors: Array
    rows: npt.NDArray[np.int64] | None
    origin: str = ""

    @cached_property
    def _numbers(self) -> dict[Architecture, int]:
        return {architecture: number for number, architecture in enumerate(self.architectures)}

    def number(self, architecture: Architecture) -> int:
        """The place of an architecture, by its key; -1 where it is not among them."""
        space = self.task.space
        return self._numbers.get(space.key(architecture), -1) if space.contains(architecture) else -1

    def of_rows(self, values: Array) -> Array:
        """Chooses from values of the whole space those of these architectures."""
        return values if self.rows is None or not self.origin else values[self.rows]


def points_of(task: Task, proposed: Iterable[tuple[Architecture, float]] = ()) -> Points:
    """Reads the landscape of a task.

    Args:
        task: Its data must be at hand.
        proposed: What runs proposed, with the error observed: always among the points of a space that is not shown
            in full.

    Raises:
        DataError: The data is missing.
        SuiteError: The task tells the error of an architecture only when it is queried, and nothing was proposed.
    """
    if (reason := task.skip()) is not None:
        raise DataError(f"{task.name}: {reason}")
    space, errors = task.space, task.landscape()
    if errors is not None:
        if len(errors) <= MOST_POINTS:
            return Points(task, list(space.enumerate()), errors, np.arange(len(errors)))
        drawn = np.random.default_rng(SEED).choice(len(errors), MOST_POINTS, replace=False)
        queried = [space.index(architecture) for architecture, _ in proposed if space.contains(architecture)]
        rows = np.unique(np.concatenate([drawn, [int(np.argmin(errors))], np.array(queried, dtype=np.int64)]))
        wanted = set(rows.tolist())
        kept = [architecture for row, architecture in enumerate(space.enumerate()) if row in wanted]
        said = f"a uniform sample of {MOST_POINTS:,} of {len(errors):,} architectures, the best one"
        said += ", and all that the replayed runs proposed" if queried else ""
        return Points(task, kept, errors[rows], rows, said)
    return _sampled(task, proposed)


def _sampled(task: Task, proposed: Iterable[tuple[Architecture, float]]) -> Points:
    """Points of a space that no table lists: a sample where errors can be asked for, else what was proposed."""
    space = task.space
    observed = {space.key(architecture): error for architecture, error in proposed if space.contains(architecture)}
    said = f"the {len(observed):,} architectures that were proposed, with their observed errors"
    one = next(iter(observed), None) or space.sample(np.random.default_rng(SEED), 1)[0]
    if task.expected(one) is not None:
        number = PREDICTED_POINTS if task.info.surrogate else SAMPLED_POINTS
        drawn = space.sample(np.random.default_rng(SEED), number)
        told = [*observed, *(space.key(architecture) for architecture in drawn)]
        observed = {architecture: float(task.expected(architecture) or 0.0) for architecture in dict.fromkeys(told)}
        said = f"a sample of a space of {space.size:.3g} architectures"
    if not observed:
        raise SuiteError(
            f"{task.name} trains what it is asked for, so its landscape is unknown; explore a folder with runs on it"
        )
    return Points(task, list(observed), np.array([*observed.values()]), None, said)
