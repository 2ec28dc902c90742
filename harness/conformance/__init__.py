"""Checks that anyone can run on a method, task or space of their own: ``equipoise check NAME``.

A check is a small function that raises `AssertionError` with what it saw. `METHOD_CHECKS` take a method class,
`TASK_CHECKS` a task, `SPACE_CHECKS` a space. Each has a deliberately cheating class in the tests that fails it.
"""

import traceback
from collections.abc import Callable
from typing import Any

from equipoise.harness.conformance.methods import METHOD_CHECKS
from equipoise.harness.conformance.spaces import SPACE_CHECKS
from equipoise.harness.conformance.tasks import TASK_CHECKS
from equipoise.harness.core.errors import PluginError
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import (
    benchmark_names,
    load_method,
    load_own,
    load_task,
    method_names,
    missing_packages,
    missing_requirements,
)
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.task import Benchmark, Task

__all__ = ["METHOD_CHECKS", "SPACE_CHECKS", "TASK_CHECKS", "check", "failures_of"]


def check(name: str, say: Callable[[str], object]) -> int:
    """Runs the checks on a method or task by name, path or ``package.module:Class``, or on a space by the latter two.

    Args:
        name: What to check.
        say: Told one line a check.

    Returns:
        0 if all pass, 1 if not.

    Raises:
        PluginError: The name leads to nothing.
    """
    failed = 0
    for title, reason in failures_of(name):
        failed += reason is not None
        say(f"{'FAIL' if reason else 'ok  '} {title}{f': {reason}' if reason else ''}")
    say("all checks passed" if not failed else f"{failed} checks failed")
    return 1 if failed else 0


def failures_of(name: str) -> list[tuple[str, str | None]]:
    """The checks that apply to a name, each with the reason why it failed, or None if it passed."""
    subject = _subject(name)
    if isinstance(subject, SearchSpace):
        return [_tried(c, subject) for c in SPACE_CHECKS]
    if isinstance(subject, Task):
        if (reason := subject.skip()) is not None:
            raise PluginError(f"{name} cannot be checked here: {reason}")
        return [_tried(c, subject) for c in TASK_CHECKS] + [_tried(c, subject.space) for c in SPACE_CHECKS]
    if (reason := missing_packages(subject)) is not None:
        raise PluginError(f"{name} cannot be checked here: {reason}")
    results = []
    for task in _tasks_for(subject):
        results += [_tried(c, subject, task, on=f" on {task.name}") for c in METHOD_CHECKS]
    return results


def _subject(name: str) -> Any:
    looks_like_task = "/" in name.rpartition(".py")[2] or name.partition(":")[0] in benchmark_names()
    if name not in method_names() and looks_like_task:
        return load_task(name)
    own = load_own(name)
    if own is not None and issubclass(own, Task | Benchmark):
        raise PluginError(f"'{name}' is a task; name its data set too: {name}/DATASET")
    if own is not None and issubclass(own, SearchSpace):
        return own()
    return load_method(name)


def _tasks_for(cls: type[Method]) -> list[Task]:
    """A product space and, unless the method is costly, one with equivalent architectures, as far as it can play.

    A method that needs several fidelities plays the embedded task that has some.
    """
    tasks = [load_task(name) for name in ("nasbench201/cifar10", "nasbench_graph/cora", "nasbench201/fashion14")]
    playable = [task for task in tasks if missing_requirements(cls, task, cls.check_settings) is None]
    if not playable:
        raise PluginError(
            f"no embedded task can check this method: {missing_requirements(cls, tasks[0], cls.check_settings)}"
        )
    return playable[: 1 if cls.costly else 2]


def _tried(test: Callable[..., None], *subject: Any, on: str = "") -> tuple[str, str | None]:
    title = f"{test.__name__.replace('_', ' ')}{on}"
    try:
        test(*subject)
    except AssertionError as error:
        return title, str(error) or traceback.format_exc().strip().splitlines()[-2].strip()
    except Exception as error:
        return title, f"{type(error).__name__}: {error}"
    return title, None
