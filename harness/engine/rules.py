"""The view of a task that a run searches under the rules of its protocol."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from equipoise.harness.core.isomorphism import searched_space
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, Problem
from equipoise.harness.core.protocol import Protocol
from equipoise.harness.core.registry import problem_of
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Evaluation, Task, TaskInfo
from equipoise.harness.engine.runner import Oracle

__all__ = ["CLASS_STALL_LIMIT", "ByClass", "conflict", "searched_problem", "searched_task"]

CLASS_STALL_LIMIT = 500
"""Proposals in a row of classes that the run has evaluated before it counts as stalled: far more than a search that
still finds others makes by chance, and few enough for a method that takes seconds to propose."""


def searched_task(task: Task, protocol: Protocol, repeat: int) -> Task:
    """The task that a repeat searches: without the training seed that is held out of it, if one is.

    Args:
        task: As the suite names it.
        protocol: The rules.
        repeat: From 1.

    Raises:
        SuiteError: A seed is to be held out, and the task has none to spare.
    """
    held_out = protocol.held_out(task.info.seeds, repeat)
    return task if held_out is None else _split(task, held_out)


def searched_problem(
    cls: type[Method], task: Task, budget: Budget, settings: Mapping[str, Any], protocol: Protocol
) -> Problem:
    """The problem that a method is given: with the space in which isomorphism is hidden or open, if the rules say so.

    Args:
        cls: The method.
        task: As the repeat searches it.
        budget: Of the run.
        settings: Of the method.
        protocol: The rules.
    """
    problem = problem_of(cls, task, budget, settings)
    space = searched_space(task.space, protocol.isomorphism)
    return problem if space is task.space else replace(problem, space=space)


def conflict(task: Task, protocol: Protocol) -> str | None:
    """The reason why a task cannot be searched under the rules; None if it can."""
    if protocol.seeds == "split" and task.info.seeds < 2:
        return task.cannot_split()
    if protocol.continue_training and len(task.info.fidelities) > 1 and not task.info.continues:
        lengths = ", ".join(map(str, task.info.fidelities))
        return (
            f"{task.name} holds trainings of {lengths} epochs, none of which goes on from another; unset "
            "continue_training"
        )
    return None


@lru_cache(maxsize=8)
def _split(task: Task, held_out: int) -> Task:
    return task.split(held_out)


class ByClass:
    """A task that is asked for the representatives of isomorphism classes alone.

    Args:
        task: Answers.
        space: Over its space, with the representatives for keys.
    """

    def __init__(self, task: Oracle, space: SearchSpace) -> None:
        self.space: SearchSpace = space
        self.info: TaskInfo = task.info
        self.mean_cost_seconds: float | None = task.mean_cost_seconds
        self._task = task

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Answers for a representative."""
        return self._task.evaluate(architecture, fidelity, rng)
