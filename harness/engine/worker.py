"""One worker: it executes runs and stores them. Nothing here knows of other workers."""

import json
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from equipoise.harness.core.error_place import place_of
from equipoise.harness.core.errors import one_line, reason_of
from equipoise.harness.core.history_tasks import forget_history_tasks, with_history
from equipoise.harness.core.ledger import Ledger
from equipoise.harness.core.local_classes import adopt
from equipoise.harness.core.method import Method
from equipoise.harness.core.method_code import code_of
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.task import Noise, Task
from equipoise.harness.engine.call import retire, run_begins
from equipoise.harness.engine.interruption import was_told
from equipoise.harness.engine.journal import JournaledTask
from equipoise.harness.engine.objectives import Recorded, made_method, measured_task, with_objectives
from equipoise.harness.engine.process_state import SpoiledError, preserved, preserved_seeds
from equipoise.harness.engine.rules import CLASS_STALL_LIMIT, ByClass, searched_problem, searched_task
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.engine.scores import metered
from equipoise.harness.store.run_file import Run
from equipoise.harness.store.run_store import RunStore

__all__ = ["Outcome", "execute_run", "execute_runs", "failure_of", "forget_tasks", "run_spec"]


@dataclass
class Outcome:
    """The outcome of a chunk of runs.

    Attributes:
        done: Runs stored.
        queries: Rows stored.
        failures: What is recorded of runs that failed.
        seconds: Wall time.
        interrupted: Whether Ctrl-C ended it early.
    """

    done: int = 0
    queries: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False


MOST_LINES, MOST_LINE = 400, 1000
"""The part of a traceback that is kept."""


@lru_cache(maxsize=4)
def _task(name: str, noise: Noise, ignore_cache: bool = False) -> Task:
    return load_task(name, noise, ignore_cache)


def forget_tasks() -> None:
    """Makes tasks again at the next run: a table may have been edited since an earlier suite of this process."""
    _task.cache_clear()
    forget_history_tasks()


@lru_cache(maxsize=1)
def _begin(_suite: str) -> None:
    """Forgets tasks with the first chunk of each execution of a suite: workers of a Dask cluster outlive it."""
    forget_tasks()


Loads = Callable[[str], type[Method]]


def execute_run(
    spec: RunSpec,
    journal: Path | None = None,
    ignore_cache: bool = False,
    recorded: Recorded | None = None,
    load: Loads = load_method,
) -> Run:
    """Executes one run.

    Args:
        spec: The run.
        journal: The folder in which to note evaluations, and to resume from.
        ignore_cache: Answer without the trained networks that earlier runs left on this machine.
        recorded: Measured objectives to tell again in the place of new measurements.
        load: Finds the method.
    """
    task = _task(spec.task_address, spec.protocol.noise, ignore_cache)
    return run_spec(spec, task, load(spec.method_address), journal, recorded)


def run_spec(
    spec: RunSpec, task: Task, cls: type[Method], journal: Path | None = None, recorded: Recorded | None = None
) -> Run:
    """Runs a method on a task that are both at hand.

    Args:
        spec: The settings, budget, rules and seeds; its names are not looked up.
        task: Answers.
        cls: The method.
        journal: The folder in which to note evaluations, and to resume from.
        recorded: Measured objectives to tell again in the place of new measurements.
    """
    started = process_time()
    settings, rules = json.loads(spec.settings), spec.protocol
    task = searched_task(task, rules, spec.repeat)
    problem = with_objectives(searched_problem(cls, task, spec.budget, settings, rules), task, spec)
    problem = with_history(problem, cls, task, spec)
    method, space = metered(made_method(cls, problem, settings, task, spec)), problem.space
    initial = space.sample(spec.rng("shared"), rules.initial_size) if rules.initial == "shared" else ()
    oracle = measured_task(task, spec, recorded)
    if journal is not None and not task.info.is_lookup:
        oracle = JournaledTask(oracle, journal / f"{spec.run_id}.jsonl")
    by_class = rules.isomorphism == "all"
    ledger = Ledger(spec.budget, rules.duplicates, rules.invalid)
    if by_class:
        oracle, ledger = ByClass(oracle, space), Ledger(spec.budget, "free", rules.invalid, CLASS_STALL_LIMIT)
    trajectory = run_trial(method, oracle, ledger, spec.noise(), initial, by_class, rules.continue_training)
    return Run(spec, trajectory, process_time() - started, code_of(cls, settings))


def execute_runs(specs: list[RunSpec], out: str, classes: bytes = b"", suite: str = "") -> Outcome:
    """Executes runs of one method on one task and stores them as one part: the work of a worker.

    A run that fails is recorded; the others go on.

    Args:
        specs: The runs.
        out: The results folder.
        classes: Those of a notebook or script that the runs name (`local_classes.by_value`).
        suite: Names the execution of a suite that the runs are part of; tasks are kept for its time alone.
    """
    adopt(classes)
    _begin(suite)
    started, store, outcome = perf_counter(), RunStore(out), Outcome()
    finished: list[Run] = []
    journals = store.path / "journal"
    load = lru_cache(load_method)  # for these runs alone: a notebook may define the class again
    with preserved_seeds():
        for spec in specs:
            if not _execute(spec, journals, outcome, finished, load):
                break
    if finished:
        store.write(finished, _task(finished[0].spec.task_address, finished[0].spec.protocol.noise).space)
        for run in finished if journals.exists() else ():
            (journals / f"{run.spec.run_id}.jsonl").unlink(missing_ok=True)
    outcome.done = len(finished)
    outcome.queries = sum(len(run.trajectory) for run in finished)
    outcome.seconds = perf_counter() - started
    return outcome


def _execute(spec: RunSpec, journals: Path, outcome: Outcome, finished: list[Run], load: Loads) -> bool:
    """Executes one run, and tells whether this process can execute another."""
    process, run, goes_on = os.getpid(), None, True
    if not was_told():
        run_begins()
        try:
            with preserved():
                run = execute_run(spec, journals, load=load)
        except BaseException as error:  # a method that exits or interrupts itself fails like one that raises
            if isinstance(error, SpoiledError):
                retire()
                goes_on = False
            if run is None and not was_told():
                outcome.failures.append(failure_of(spec, error))
        finally:
            if os.getpid() != process:
                os._exit(1)  # a child that the method forked, and that came back from it
    if run is not None:
        finished.append(run)
    outcome.interrupted = was_told()
    return goes_on and not outcome.interrupted


def failure_of(spec: RunSpec, error: BaseException | str) -> dict[str, Any]:
    """The entry of a failed run in ``failures.jsonl``: printable, whatever the error's text is."""
    line, trace = (_told(error), _trace(error)) if isinstance(error, BaseException) else (one_line(error), "")
    return {
        "run_id": spec.run_id,
        "task": spec.task,
        "method": spec.label,
        "budget": spec.budget.limit,
        "repeat": spec.repeat,
        "error": line,
        "traceback": trace,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _told(error: BaseException) -> str:
    """The error in one line, with the line of the method that it came from."""
    place = place_of(error)
    return f"{reason_of(error)} ({one_line(place)})" if place else reason_of(error)


def _trace(error: BaseException) -> str:
    """The traceback, line by line printable."""
    try:
        lines = "".join(traceback.format_exception(error)).split("\n")
    except Exception as failed:  # the error's text cannot be made
        return f"{reason_of(error)} (its traceback cannot be shown, {type(failed).__name__})"
    return "\n".join(one_line(line, MOST_LINE) for line in lines[-MOST_LINES:])
