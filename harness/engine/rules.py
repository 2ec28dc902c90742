"""The view of a task that a run searches under the rules of its protocol."""

from functools import lru_cache

import numpy as np

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.suite import Protocol
from equipoise.harness.core.task import Evaluation, Task, TaskInfo
from equipoise.harness.engine.runner import Oracle

__all__ = ["CLASS_STALL_LIMIT", "ByClass", "searched_task"]

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
