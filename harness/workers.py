"""Plays many runs: on this machine's processes or on a Dask cluster."""

import json
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from harness.errors import PluginError, SuiteError
from harness.journal import JournaledTask
from harness.ledger import Ledger
from harness.plugins import load_method, load_task, problem_of
from harness.runner import play
from harness.store import Run, RunStore
from harness.suite import RunSpec
from harness.task import Noise, Task

__all__ = ["Outcome", "executor", "play_all", "play_run", "play_runs"]

CHUNK_SECONDS = 2.0
"""Runs are handed out in chunks of about this length: long enough to be cheap, short enough to lose little."""

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass
class Outcome:
    """What became of a chunk of runs.

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


@lru_cache(maxsize=4)
def _task(name: str, noise: Noise) -> Task:
    return load_task(name, noise)


def play_run(spec: RunSpec, journal: Path | None = None) -> Run:
    """Plays one run.

    Args:
        spec: What to play.
        journal: Where to note evaluations, and to resume from.
    """
    started = process_time()
    task, cls = _task(spec.task, spec.protocol.noise), load_method(spec.method)
    method = cls(problem_of(cls, task, spec.budget), spec.rng("method"), **json.loads(spec.settings))
    ledger = Ledger(spec.budget, spec.protocol.duplicates, spec.protocol.invalid)
    shared = spec.protocol.initial == "shared"
    initial = task.space.sample(spec.rng("shared"), spec.protocol.initial_size) if shared else ()
    oracle = task if journal is None or task.instant else JournaledTask(task, journal)
    trajectory = play(method, oracle, ledger, spec.noise(), initial)
    return Run(spec, trajectory, process_time() - started)


def play_runs(specs: list[RunSpec], out: str) -> Outcome:
    """Plays runs of one method on one task and stores them as one part. This is what a worker does.

    A run that fails is recorded; the others go on.
    """
    started, store, outcome, finished = perf_counter(), RunStore(out), Outcome(), []
    for spec in specs:
        journal = store.path / "journal" / f"{spec.run_id}.jsonl"
        try:
            finished.append(play_run(spec, journal))
        except KeyboardInterrupt:
            outcome.interrupted = True
            break
        except Exception as error:
            outcome.failures.append(failure_of(spec, _line(error), traceback.format_exc()))
    if finished:
        store.write(finished, _task(finished[0].spec.task, finished[0].spec.protocol.noise).space)
        for run in finished:
            (store.path / "journal" / f"{run.spec.run_id}.jsonl").unlink(missing_ok=True)
    outcome.done = len(finished)
    outcome.queries = sum(len(run.trajectory) for run in finished)
    outcome.seconds = perf_counter() - started
    return outcome


def failure_of(spec: RunSpec, error: str, trace: str = "") -> dict[str, Any]:
    """What ``failures.jsonl`` says of a run that failed."""
    return {
        "run_id": spec.run_id,
        "task": spec.task,
        "method": spec.label,
        "repeat": spec.repeat,
        "error": error,
        "traceback": trace,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def play_all(
    specs: Iterable[RunSpec],
    store: RunStore,
    workers: int,
    cluster: str = "local",
    report: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Plays runs in parallel and records failures.

    Args:
        specs: What to play; what is stored already should not be among them.
        store: Where the rows go.
        workers: Processes, or jobs of the cluster.
        cluster: ``local``, ``slurm``, or the address of a Dask scheduler (``tcp://...``).
        report: Told of each chunk.

    Returns:
        The sum of all chunks.
    """
    total, queue = Outcome(), _Chunks(specs, workers)
    suspects: list[RunSpec] = []

    def settle(future: Future[Outcome], chunk: list[RunSpec]) -> None:
        try:
            outcome = future.result()
        except BrokenProcessPool:  # one of the runs in flight killed its process: each is tried again alone
            suspects.extend(chunk)
            return
        except Exception as error:  # the chunk as a whole: its part could not be written, say
            outcome = Outcome(failures=[failure_of(spec, _line(error), traceback.format_exc()) for spec in chunk])
        queue.learn(chunk, outcome)
        _add(outcome, total, store, report)

    with executor(cluster, workers) as pool:
        pending: dict[Future[Outcome], list[RunSpec]] = {}
        try:
            while True:
                while len(pending) < workers * 2 and (chunk := queue.next()):
                    pending[pool.submit(play_runs, chunk, str(store.path))] = chunk
                if not pending:
                    break
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    settle(future, pending.pop(future))
            for spec in suspects:
                _add(_alone(spec, store), total, store, report)
        except KeyboardInterrupt:
            total.interrupted = True
            for child in multiprocessing.active_children():
                if child.pid is not None:
                    os.kill(child.pid, signal.SIGINT)
            for future, chunk in pending.items():
                with suppress(KeyboardInterrupt):  # a worker interrupted outside of a run hands the interrupt back
                    if not future.cancel():
                        settle(future, chunk)
    return total


def _add(outcome: Outcome, total: Outcome, store: RunStore, report: Callable[[Outcome], None]) -> None:
    for failure in outcome.failures:
        store.record_failure(failure)
    total.done += outcome.done
    total.queries += outcome.queries
    total.failures += outcome.failures
    report(outcome)


def _alone(spec: RunSpec, store: RunStore) -> Outcome:
    with executor("local", 1) as pool:
        try:
            return pool.submit(play_runs, [spec], str(store.path)).result()
        except BrokenProcessPool:
            return Outcome(failures=[failure_of(spec, "the worker process died in this run (out of memory?)")])


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@contextmanager
def executor(cluster: str, workers: int) -> Iterator[Executor]:
    """Opens what runs are submitted to.

    Args:
        cluster: ``local``, ``slurm``, or ``tcp://...``.
        workers: Processes or jobs.

    Raises:
        SuiteError: The cluster is of no known kind.
        PluginError: A cluster was asked for, and Dask is not installed.
    """
    if cluster == "local":
        pool = _LocalPool(workers)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return
    if cluster != "slurm" and "://" not in cluster:
        raise SuiteError(
            f"--cluster {cluster}: accepted are local, slurm, and the address of a Dask scheduler (tcp://...)"
        )
    try:
        from dask.distributed import Client
        from dask_jobqueue import SLURMCluster
    except ModuleNotFoundError as error:
        raise PluginError(f"--cluster {cluster} needs Dask ({error.name}): pip install 'equipoise[dask]'") from error
    target: Any = cluster
    if cluster == "slurm":
        target = SLURMCluster(
            cores=1, processes=1, memory="4GB", job_script_prologue=[f"export {v}=1" for v in ONE_THREAD]
        )
        target.scale(jobs=workers)
    with Client(target) as client:
        yield client.get_executor(pure=False)


class _LocalPool(Executor):
    """Processes on this machine, replaced when one of them dies."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._open()

    def _open(self) -> None:
        for variable in ONE_THREAD:  # inherited by the workers, before they load any numerical library
            os.environ.setdefault(variable, "1")
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_leave_with_parent)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            self._pool.shutdown(wait=False)
            self._open()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)


def _leave_with_parent() -> None:
    """Ends this worker when the process that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Chunks:
    """Cuts the runs of each method on each task into chunks of about `CHUNK_SECONDS`, learning how long a run takes."""

    def __init__(self, specs: Iterable[RunSpec], workers: int) -> None:
        self._workers = workers
        self._groups: deque[deque[RunSpec]] = deque()
        self._seconds: dict[tuple[str, str], float] = {}
        last: tuple[str, str] | None = None
        for spec in specs:
            if (spec.task, spec.label) != last:
                last = (spec.task, spec.label)
                self._groups.append(deque())
            self._groups[-1].append(spec)

    def next(self) -> list[RunSpec]:
        if not self._groups:
            return []
        group = self._groups[0]
        seconds = self._seconds.get((group[0].task, group[0].label))
        size = 1 if seconds is None else max(1, int(CHUNK_SECONDS / max(seconds, 1e-4)))
        size = min(size, -(-len(group) // self._workers))
        chunk = [group.popleft() for _ in range(min(size, len(group)))]
        if not group:
            self._groups.popleft()
        return chunk

    def learn(self, chunk: list[RunSpec], outcome: Outcome) -> None:
        if outcome.done:
            self._seconds[chunk[0].task, chunk[0].label] = outcome.seconds / len(chunk)
