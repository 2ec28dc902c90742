"""Playing a suite from the command line: what is checked before, and what is kept of it."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from equipoise.harness.core.errors import DataError, EquipoiseError, SettingError, SpaceError, StoreError, SuiteError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, settings_of
from equipoise.harness.core.registry import load_method, load_task, missing_packages, missing_requirements, problem_of
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.suite import MethodEntry, Suite
from equipoise.harness.core.task import Task
from equipoise.harness.engine.scheduler import execute_all
from equipoise.harness.engine.worker import Outcome
from equipoise.harness.store.manifest import check_same_data, check_same_suite, finished, manifest_of, merged
from equipoise.harness.store.run_store import RunStore

__all__ = ["run_suite"]


@contextmanager
def _silent(total: int, done: int) -> Iterator[Callable[[Outcome], None]]:  # noqa: ARG001
    yield lambda _: None


def run_suite(
    path: str,
    out: Path | None,
    workers: int | None,
    cluster: str,
    only: tuple[str, ...],
    repeats: int | None,
    queries: int | None,
    skip_missing: bool,
    tasks: tuple[str, ...] = (),
    progress: Callable[[int, int], AbstractContextManager[Callable[[Outcome], None]]] = _silent,
) -> int:
    """Plays what is not stored yet.

    Returns:
        0, or 1 if runs failed, or 130 if Ctrl-C ended it.

    Raises:
        EquipoiseError: Something cannot be run as written; nothing was played.
    """
    suite = Suite.load(path).changed(only, repeats, queries, tasks)
    if workers is not None and workers < 1:
        raise SuiteError(f"--workers {workers} is not a positive whole number")
    workers = workers or os.cpu_count() or 1
    suite, left_out = _preflight(suite, skip_missing)
    store = RunStore((out or Path("results") / suite.name).absolute())  # workers of a cluster stand elsewhere
    with _locked(store.path):
        for line in store.drop_damaged():
            sys.stderr.write(f"equipoise: {line}\n")
        manifest = manifest_of(suite, sys.argv[1:], left_out)
        stored = store.manifest()
        if stored is None and store.path.exists() and store.parts():
            raise StoreError(f"{store.path} holds rows but no manifest.json; choose another --out")
        if stored is not None:
            check_same_suite(stored, suite, store.path)
            check_same_data(stored, manifest["tasks"], store.path)
            manifest = merged(stored, manifest)
        store.write_manifest(manifest)
        pairs = {(entry["method"], entry["task"]) for entry in left_out}
        wanted = [spec for spec in suite.runs() if (spec.label, spec.task) not in pairs]
        missing = [spec for spec in wanted if not store.has(spec)]
        with progress(len(wanted), len(wanted) - len(missing)) as tell:
            total = execute_all(missing, store, min(workers, max(1, len(missing))), cluster, tell)
        if not total.interrupted:
            store.write_manifest(finished(manifest))
    there = sum(map(RunStore(store.path).has, wanted))
    if there < len(wanted) - len(missing) + total.done:
        raise StoreError(
            f"{store.path}: {total.done} runs were played, but {there} of {len(wanted)} are stored here: the workers "
            "write to a folder that this machine does not see; give --out on a disk that they share"
        )
    said = f"{out or store.path.relative_to(Path.cwd())}: {there} of {len(wanted)} runs stored"
    if total.failures:
        said += (
            f", {len(total.failures)} failed (see {store.path / 'failures.jsonl'}; first: {total.failures[0]['error']})"
        )
    if total.interrupted:
        said += "; stopped: the same command goes on from here"
    sys.stderr.write(f"equipoise: {said}\n")
    return 130 if total.interrupted else 1 if total.failures else 0


def _preflight(suite: Suite, skip_missing: bool) -> tuple[Suite, list[dict[str, str]]]:
    """Refuses what cannot run before anything does; returns the pairs that do not apply."""
    tasks: dict[str, Task] = {}
    missing: list[str] = []
    left_out: list[dict[str, str]] = []
    for name in suite.tasks:
        try:
            task = load_task(name, suite.protocol.noise)
            reason = task.skip()
        except DataError as error:  # its file is there and cannot be used
            reason = str(error)
        if reason is not None:
            missing.append(f"task {name}: {reason}")
            left_out.append({"method": "*", "task": name, "reason": reason})
        else:
            _check_budget(suite, task)
            tasks[name] = task
    methods: list[MethodEntry] = []
    for entry in suite.methods:
        cls = load_method(entry.name)
        if remark := cls.requirements(settings_of(cls, entry.settings, f"method {entry.label}")).remark:
            entry = replace(entry, label=f"{entry.label} ({remark})")
        if (reason := missing_packages(cls)) is not None:
            missing.append(f"method {entry.label}: {reason}")
            left_out.append({"method": entry.label, "task": "*", "reason": reason})
        else:
            methods.append(entry)
    if missing and not skip_missing:
        raise SuiteError(f"cannot run here: {'; '.join(missing)}. Or leave that out with --skip-missing")
    for line in missing:
        sys.stderr.write(f"equipoise: left out: {line}\n")
    if not tasks or not methods:
        raise SuiteError(f"nothing is left to run: {'; '.join(missing)}")
    for entry in methods:
        unfit = _unfit(entry, tasks, suite.budget)
        left_out += [{"method": entry.label, "task": name, "reason": reason} for name, reason in unfit.items()]
        for reason in dict.fromkeys(unfit.values()):
            where = ", ".join(name for name in unfit if unfit[name] == reason)
            sys.stderr.write(f"equipoise: n/a: {entry.label} on {where}: {reason}\n")
    if sum(entry["task"] != "*" and entry["method"] != "*" for entry in left_out) == len(methods) * len(tasks):
        raise SuiteError(f"nothing is left to run: no method applies to any task; the last: {left_out[-1]['reason']}")
    return replace(suite, tasks=tuple(tasks), methods=tuple(methods)), left_out


def _unfit(entry: MethodEntry, tasks: dict[str, Task], budget: Budget) -> dict[str, str]:
    """The tasks that a method, so set, cannot play, and why.

    Raises:
        SettingError: A setting is refused, or fits no task's space.
    """
    cls, unfit = load_method(entry.name), dict[str, str]()
    tried: dict[SearchSpace, SpaceError | None] = {}
    for name, task in tasks.items():
        if (reason := missing_requirements(cls, task, entry.settings) or _own_judge(cls, task, tasks)) is not None:
            unfit[name] = reason
            continue
        if task.space not in tried:
            tried[task.space] = None
            try:
                cls(problem_of(cls, task, budget, entry.settings), np.random.default_rng(0), **entry.settings)
            except SettingError as error:
                raise SettingError(f"method {entry.label}: {error}") from error
            except SpaceError as error:  # what it is set to use is not offered by this space
                tried[task.space] = error
            except EquipoiseError:
                raise
            except Exception:  # recorded with its traceback when it is played
                continue
        if (missing := tried[task.space]) is not None:
            unfit[name] = str(missing)
    refused = [error for error in tried.values() if error is not None]
    if refused and len(refused) == len(tried):
        raise SettingError(f"method {entry.label}: {refused[0]}") from refused[0]
    return unfit


def _own_judge(cls: type[Method], task: Task, tasks: dict[str, Task]) -> str | None:
    """Why a method is not scored on a surrogate of its own technique: nothing else of that space is beside it."""
    model = _surrogate_model(task)
    if model not in cls.surrogate_models:
        return None
    if any(
        other.space == task.space and _surrogate_model(other) not in cls.surrogate_models for other in tasks.values()
    ):
        return None
    return (
        f"{task.name} is a surrogate of the method's own technique ({model}); it is played where a task of "
        f"{task.space.name} with another technique, or a table, stands beside it in the suite"
    )


def _surrogate_model(task: Task) -> str | None:
    return None if task.info.surrogate is None else task.info.surrogate.model


def _check_budget(suite: Suite, task: Task) -> None:
    unit = suite.budget.unit
    if unit == "cost_seconds" and not task.info.has_cost:
        raise SuiteError(f"budget in cost_seconds: {task.name} does not tell training time; use queries")
    if unit == "epochs" and not task.info.fidelities:
        raise SuiteError(f"budget in epochs: {task.name} does not tell its epochs; use queries")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keeps a second `run` away from a results folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror}); choose --out elsewhere") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"{folder}: another run is writing there; wait for it, or choose another --out") from error
        except OSError as error:  # a file system without locks
            sys.stderr.write(f"equipoise: {folder} cannot be locked ({error.strerror}): start no second run there\n")
        yield
