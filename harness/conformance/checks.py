"""The checks that apply to a method, a task or a space, one by one."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from equipoise.harness.conformance.methods import METHOD_CHECKS
from equipoise.harness.conformance.spaces import SPACE_CHECKS
from equipoise.harness.conformance.subjects import Subject, subject_of
from equipoise.harness.conformance.tasks import TASK_CHECKS
from equipoise.harness.core.declarations import wrong_declaration
from equipoise.harness.core.error_place import place_of
from equipoise.harness.core.errors import PluginError
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import load_task, missing_packages, missing_requirements
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.task import Task

__all__ = ["Check", "checks_of", "failures_of", "missing_here"]


@dataclass(frozen=True)
class Check:
    """One check of one subject.

    Attributes:
        title: What it checks, in words.
        run: Raises `AssertionError` with what it saw, if the subject fails.
    """

    title: str
    run: Callable[[], None]

    def failure(self) -> str | None:
        """The reason of its failure, in one line; None if it passes."""
        try:
            self.run()
        except AssertionError as error:
            return str(error) or traceback.format_exc().strip().splitlines()[-2].strip()
        except (Exception, SystemExit) as error:
            place = place_of(error)
            return f"{type(error).__name__}: {error}" + (f" ({place})" if place else "")
        return None


def missing_here(subject: Subject) -> str | None:
    """Tells why a subject cannot be checked on this machine; None if it can."""
    if isinstance(subject, SearchSpace):
        return None
    if isinstance(subject, Task):
        return subject.skip()
    return None if wrong_declaration(subject) else missing_packages(subject)  # a check says what is wrong


def checks_of(subject: Subject) -> list[Check]:
    """The checks that apply to a method class (on embedded tasks), a task (with its space) or a space.

    Raises:
        PluginError: No embedded task gives what the method requires.
    """
    if isinstance(subject, SearchSpace):
        return [_bound(check, subject) for check in SPACE_CHECKS]
    if isinstance(subject, Task):
        return [_bound(check, subject) for check in TASK_CHECKS] + checks_of(subject.space)
    return [_bound(check, subject, task) for task in _tasks_for(subject) for check in METHOD_CHECKS]


def failures_of(what: Any, kind: str | None = None) -> list[tuple[str, str | None]]:
    """The titles of the checks that apply, each with the reason why it failed, or None if it passed.

    Args:
        what: A name, a path, ``package.module:Class``, or the class or object itself.
        kind: ``method``, ``task`` or ``space``; needed only where a name stands for several.

    Raises:
        PluginError: It leads to nothing, or cannot be checked here.
    """
    subject = subject_of(what, kind)
    if (reason := missing_here(subject)) is not None:
        raise PluginError(f"{what} cannot be checked here: {reason}")
    return [(check.title, check.failure()) for check in checks_of(subject)]


def _bound(check: Callable[..., None], *subject: Any) -> Check:
    on = f" on {subject[1].name}" if len(subject) > 1 else ""
    return Check(f"{check.__name__.replace('_', ' ')}{on}", partial(check, *subject))


def _tasks_for(cls: type[Method]) -> list[Task]:
    """A product space and, unless the method is costly, one with equivalent architectures, as far as it applies.

    A method that needs several fidelities runs on the embedded task that has some.
    """
    tasks = [load_task(name) for name in ("nasbench201/cifar10", "nasbench_graph/cora", "nasbench201/fashion14")]
    fitting = [task for task in tasks if missing_requirements(cls, task, cls.check_settings) is None]
    if not fitting:
        raise PluginError(
            f"no embedded task can check this method: {missing_requirements(cls, tasks[0], cls.check_settings)}"
        )
    return fitting[: 1 if cls.costly else 2]
