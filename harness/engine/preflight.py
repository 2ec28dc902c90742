"""Refuses what cannot run before anything does, and says which methods do not apply to which tasks."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from equipoise.harness.core.declarations import check_declarations
from equipoise.harness.core.errors import DataError, EquipoiseError, SettingError, SpaceError, SuiteError
from equipoise.harness.core.history_tasks import LABELS, missing_history
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, settings_of
from equipoise.harness.core.registry import load_method, load_task, locate_task, missing_packages, missing_requirements
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.suite_entries import MethodEntry
from equipoise.harness.core.task import Task
from equipoise.harness.engine.limits import memory_is_told
from equipoise.harness.engine.objectives import MeasuredTask, with_objectives
from equipoise.harness.engine.rules import conflict, searched_problem, searched_task

__all__ = ["Exclusion", "Preflight", "preflight"]

LOG = logging.getLogger("equipoise")


@dataclass(frozen=True)
class Exclusion:
    """A method, a task, or a pair of them that does not run.

    Attributes:
        method: Its label; ``*`` for every method.
        task: Its name; ``*`` for every task.
        reason: Why.
    """

    method: str
    task: str
    reason: str

    def __str__(self) -> str:
        if self.method == "*":
            return f"task {self.task}: {self.reason}"
        if self.task == "*":
            return f"method {self.method}: {self.reason}"
        return f"{self.method} on {self.task}: {self.reason}"


@dataclass(frozen=True)
class Preflight:
    """The runs of a suite that remain, and those that do not.

    Attributes:
        suite: The tasks and methods that run here.
        asked: All of them, under the same labels.
        skipped: Tasks and methods that cannot run here: their data or packages are missing.
        not_applicable: Pairs that cannot run anywhere: the task lacks what the method requires.
        labels: Of all methods, as the suite was written, each with its label here, which may have remarks.
    """

    suite: Suite
    asked: Suite
    skipped: tuple[Exclusion, ...]
    not_applicable: tuple[Exclusion, ...]
    labels: Mapping[str, str]

    def excluded(self) -> list[dict[str, str]]:
        """Both kinds, as the manifest keeps them."""
        return [asdict(entry) for entry in (*self.skipped, *self.not_applicable)]


def preflight(suite: Suite, skip_missing: bool) -> Preflight:
    """Tries every method on every task as far as making it.

    Args:
        suite: The suite as it was written.
        skip_missing: Whether to skip what cannot run here.

    Raises:
        EquipoiseError: Something cannot run as written, or nothing is left to run.
    """
    if suite.protocol.memory_per_run is not None and not memory_is_told():
        raise SuiteError(
            f"[protocol] memory_per_run = {suite.protocol.memory_per_run!r}: this system does not tell the memory of "
            "processes (it has no /proc); leave it out"
        )
    tasks, skipped = _tasks(suite)
    asked: list[MethodEntry] = []
    methods: list[MethodEntry] = []
    for entry in suite.methods:
        cls = load_method(suite.address(entry.name))
        check_declarations(cls, entry.label)
        if entry.scalarisation and cls.several_objectives:
            raise SuiteError(f"method {entry.label}: takes several objectives itself; leave scalarisation out")
        entry = _labelled(entry, cls, suite)
        asked.append(entry)
        if (reason := missing_packages(cls)) is not None:
            skipped.append(Exclusion(entry.label, "*", reason))
        else:
            methods.append(entry)
    _check_history(suite)
    said = "; ".join(map(str, skipped))
    if skipped and not skip_missing:
        raise SuiteError(f"cannot run here: {said}. Or skip that with --skip-missing (skip_missing=True)")
    for exclusion in skipped:
        LOG.info("skipped: %s", exclusion)
    if not tasks or not methods:
        raise SuiteError(f"nothing is left to run: {said}")
    unfit = [_Entry(entry, suite).unfit(tasks) for entry in methods]
    pairs = tuple(pair for found in unfit for pair in found)
    for found in unfit:
        for reason in dict.fromkeys(pair.reason for pair in found):
            where = ", ".join(pair.task for pair in found if pair.reason == reason)
            LOG.info("not applicable: %s on %s: %s", found[0].method, where, reason)
    if len(pairs) == len(methods) * len(tasks):
        raise SuiteError(f"nothing is left to run: no method applies to any task; the last: {pairs[-1].reason}")
    labels = {before.label: entry.label for before, entry in zip(suite.methods, asked, strict=True)}
    suite = replace(suite, methods=tuple(asked), focus=labels.get(suite.focus, ""))
    return Preflight(replace(suite, tasks=tuple(tasks), methods=tuple(methods)), suite, tuple(skipped), pairs, labels)


def _labelled(entry: MethodEntry, cls: type[Method], suite: Suite) -> MethodEntry:
    """The entry with its remarks in the label, unless they are: a suite that was stored has passed here before."""
    remarks = [cls.requirements(settings_of(cls, entry.settings, f"method {entry.label}")).remark]
    if suite.protocol.history and LABELS in cls.knowledge:
        remarks.append(f"history {suite.protocol.history_size}")
    ending = "".join(f" ({remark})" for remark in remarks if remark)
    return entry if entry.label.endswith(ending) else replace(entry, label=entry.label + ending)


def _check_history(suite: Suite) -> None:
    """Refuses names of ``history`` that lead to no task; says so if no method would be told."""
    for name in suite.protocol.history:
        locate_task(suite.address(name))
    if suite.protocol.history and not any(
        LABELS in load_method(suite.address(entry.name)).knowledge for entry in suite.methods
    ):
        LOG.warning("[protocol] history has no effect: no method of the suite has '%s' in its knowledge", LABELS)


def _tasks(suite: Suite) -> tuple[dict[str, Task], list[Exclusion]]:
    tasks: dict[str, Task] = {}
    skipped: list[Exclusion] = []
    for name in suite.tasks:
        try:
            task = load_task(suite.address(name), suite.protocol.noise)
            reason = task.skip()
            if reason is None and suite.measured:
                MeasuredTask(task, suite.measured)
        except DataError as error:  # its file is there and cannot be used
            reason = str(error)
        if reason is None:
            _check_budget(suite.budget, task)
            tasks[name] = task
        else:
            skipped.append(Exclusion("*", name, reason))
    return tasks, skipped


@dataclass(frozen=True)
class _Entry:
    """A method of a suite, with its settings."""

    entry: MethodEntry
    suite: Suite

    def unfit(self, tasks: Mapping[str, Task]) -> list[Exclusion]:
        """The tasks to which it does not apply.

        Raises:
            SettingError: A setting is refused, or fits no task's space.
        """
        cls, label, unfit = load_method(self.suite.address(self.entry.name)), self.entry.label, list[Exclusion]()
        tried: dict[SearchSpace, SpaceError | None] = {}
        for name, task in tasks.items():
            if (reason := conflict(task, self.suite.rules_of(self.entry))) is not None:
                unfit.append(Exclusion(label, name, reason))
                continue
            task = searched_task(task, self.suite.protocol, 1)
            reason = missing_requirements(cls, task, self.entry.settings)
            reason = reason or missing_history(cls, task, self.suite.protocol, self.suite.folder)
            reason = reason or _surrogate_of_its_own_kind(cls, task, list(tasks.values()))
            if reason is None:
                if task.space not in tried:
                    tried[task.space] = self._refusal(cls, task)
                if (refusal := tried[task.space]) is not None:
                    reason = str(refusal)
            if reason is not None:
                unfit.append(Exclusion(label, name, reason))
        refused = [error for error in tried.values() if error is not None]
        if refused and len(refused) == len(tried):
            raise SettingError(f"method {label}: {refused[0]}") from refused[0]
        return unfit

    def _refusal(self, cls: type[Method], task: Task) -> SpaceError | None:
        """Makes the method; an error if it is set to use something that the space does not offer."""
        settings = self.entry.settings
        try:
            for budget in self.suite.budgets:
                problem = searched_problem(cls, task, budget, settings, self.suite.rules_of(self.entry))
                problem = with_objectives(problem, task, self.suite)
                cls(problem, np.random.default_rng(0), **settings)
        except SettingError as error:
            raise SettingError(f"method {self.entry.label}: {error}") from error
        except SpaceError as error:
            return error
        except EquipoiseError:
            raise
        except (Exception, SystemExit):  # recorded with its traceback when it runs
            return None
        return None


def _surrogate_of_its_own_kind(cls: type[Method], task: Task, tasks: Sequence[Task]) -> str | None:
    """Tells why a method is not scored on a surrogate of its own model: nothing else of that space is beside it."""
    model = _surrogate_model(task)
    if model not in cls.surrogate_models:
        return None
    if any(other.space == task.space and _surrogate_model(other) not in cls.surrogate_models for other in tasks):
        return None
    return (
        f"{task.name} is a surrogate by the method's own model ({model}); it runs where a task of "
        f"{task.space.name} with another model, or a table, stands beside it in the suite"
    )


def _surrogate_model(task: Task) -> str | None:
    return None if task.info.surrogate is None else task.info.surrogate.model


def _check_budget(budget: Budget, task: Task) -> None:
    if budget.unit == "cost_seconds" and not task.info.has_cost:
        raise SuiteError(f"budget in cost_seconds: {task.name} does not tell training time; use queries")
    if budget.unit == "epochs" and not task.info.fidelities:
        raise SuiteError(f"budget in epochs: {task.name} does not tell its epochs; use queries")
