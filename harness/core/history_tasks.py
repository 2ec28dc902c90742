"""Evaluations of other tasks for the methods that learn from them: which tasks, and which evaluations."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.history import TaskHistory
from equipoise.harness.core.method import Method, Problem
from equipoise.harness.core.protocol import Protocol
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.run_spec import RunSpec, located
from equipoise.harness.core.task import Noise, Task

__all__ = ["LABELS", "forget_history_tasks", "history_names", "labels_told", "missing_history", "with_history"]

LABELS = "labels of other tasks"
"""The knowledge of the methods that are shown a history."""

MOST_DRAWS = 100
"""Draws per wanted architecture before a space counts as exhausted."""


def history_names(task: Task, protocol: Protocol, folder: str) -> tuple[str, ...]:
    """The tasks of ``history`` that a search of a task may learn from: same space, other images.

    Args:
        task: The task that is searched.
        protocol: The rules.
        folder: Of the suite.

    Raises:
        SuiteError: A task of the history is not at hand, or does not look its answers up.
    """
    names = []
    for name in protocol.history:
        other = _task(located(name, folder), protocol.noise)
        if (reason := other.skip()) is not None:
            raise SuiteError(f"[protocol] history: {name} {reason}")
        if not other.info.is_lookup:
            raise SuiteError(f"[protocol] history: {name} is no table; a history is of stored evaluations")
        if other.space == task.space and other.info.trained_on != task.info.trained_on:
            names.append(name)
    return tuple(names)


def missing_history(cls: type[Method], task: Task, protocol: Protocol, folder: str) -> str | None:
    """The reason why a method that learns from other tasks does not apply to a task; None if it does."""
    if LABELS not in cls.knowledge or not cls.requirements({}).history or history_names(task, protocol, folder):
        return None
    if not protocol.history:
        return "learns from other tasks, and the suite gives it none: name some in [protocol] history"
    return f"learns from other tasks, and none of [protocol] history has the space of {task.name} and other images"


def labels_told(cls: type[Method], task: Task, protocol: Protocol, folder: str) -> dict[str, int]:
    """The number of labels that a method is told of each other task before its first query."""
    if LABELS not in cls.knowledge:
        return {}
    return dict.fromkeys(history_names(task, protocol, folder), min(protocol.history_size, task.space.size))


def with_history(problem: Problem, cls: type[Method], task: Task, spec: RunSpec) -> Problem:
    """The problem with the evaluations of other tasks, for a method that learns from them.

    They are drawn at random, others in each repeat and the same for all methods, and are not charged.
    """
    if LABELS not in cls.knowledge or not spec.protocol.history:
        return problem
    names = history_names(task, spec.protocol, spec.folder)
    return replace(problem, history=tuple(_drawn(name, spec) for name in names))


def forget_history_tasks() -> None:
    """Makes the tasks of histories again at the next request: their files may have changed."""
    _task.cache_clear()


def _drawn(name: str, spec: RunSpec) -> TaskHistory:
    task, rng = _task(located(name, spec.folder), spec.protocol.noise), spec.history_rng(name)
    found: dict[tuple[int, ...], None] = {}
    wanted = spec.protocol.history_size
    for _ in range(MOST_DRAWS):
        found |= dict.fromkeys(map(task.space.key, task.space.sample(rng, wanted)))
        if len(found) >= wanted:
            break
    architectures = tuple(found)[:wanted]
    errors = [task.evaluate(architecture, None, rng).validation_error for architecture in architectures]
    return TaskHistory(name, task.space, architectures, np.array(errors))


@lru_cache(maxsize=32)
def _task(address: str, noise: Noise) -> Task:
    return load_task(address, noise)
