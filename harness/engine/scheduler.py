"""Plays many runs in parallel: cuts them into chunks, hands them out, and collects what became of them."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress

from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.suite import RunSpec
from equipoise.harness.engine.executors import executor
from equipoise.harness.engine.worker import Outcome, execute_runs, failure_of
from equipoise.harness.store.run_store import RunStore

__all__ = ["execute_all"]

CHUNK_SECONDS = 2.0
"""Runs are handed out in chunks of about this length: long enough to be cheap, short enough to lose little."""


def execute_all(
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
            outcome = Outcome(failures=[failure_of(spec, error) for spec in chunk])
        queue.learn(chunk, outcome)
        _add(outcome, total, store, report)

    with executor(cluster, workers) as pool:
        pending: dict[Future[Outcome], list[RunSpec]] = {}
        try:
            while True:
                while len(pending) < workers * 2 and (chunk := queue.next()):
                    pending[pool.submit(execute_runs, chunk, str(store.path))] = chunk
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
            return pool.submit(execute_runs, [spec], str(store.path)).result()
        except BrokenProcessPool:
            return Outcome(failures=[failure_of(spec, "the worker process died in this run (out of memory?)")])
        except Exception as error:  # its part could not be written, say
            return Outcome(failures=[failure_of(spec, error)])


class _Chunks:
    """Cuts the runs of each method on each task into chunks of about `CHUNK_SECONDS`, learning how long a run takes."""

    def __init__(self, specs: Iterable[RunSpec], workers: int) -> None:
        self._workers = workers
        self._groups: deque[deque[RunSpec]] = deque()
        self._seconds: dict[tuple[str, str, Budget], float] = {}
        last: tuple[str, str, Budget] | None = None
        for spec in specs:
            if (spec.task, spec.label, spec.budget) != last:
                last = (spec.task, spec.label, spec.budget)
                self._groups.append(deque())
            self._groups[-1].append(spec)

    def next(self) -> list[RunSpec]:
        if not self._groups:
            return []
        group = self._groups[0]
        seconds = self._seconds.get((group[0].task, group[0].label, group[0].budget))
        size = 1 if seconds is None else max(1, int(CHUNK_SECONDS / max(seconds, 1e-4)))
        size = min(size, -(-len(group) // self._workers))
        chunk = [group.popleft() for _ in range(min(size, len(group)))]
        if not group:
            self._groups.popleft()
        return chunk

    def learn(self, chunk: list[RunSpec], outcome: Outcome) -> None:
        if outcome.done:
            self._seconds[chunk[0].task, chunk[0].label, chunk[0].budget] = outcome.seconds / len(chunk)
