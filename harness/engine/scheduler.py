"""Executes many runs in parallel: cuts them into chunks, hands them out, and collects what became of them."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress

from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.local_classes import adopted, by_value
from equipoise.harness.core.suite import RunSpec
from equipoise.harness.engine.executors import IN_PROCESS, executor
from equipoise.harness.engine.processes import DeadWorkerError, WorkerProcesses
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
    """Executes runs in parallel and records failures.

    Classes of a notebook or script (`local_classes`) are sent to other processes by value.

    Args:
        specs: The runs; those that are stored already should not be among them.
        store: Where the rows go.
        workers: Processes, or jobs of the cluster.
        cluster: ``in-process``, ``local``, ``slurm``, or the address of a Dask scheduler (``tcp://...``).
        report: Told of each chunk.

    Returns:
        The sum of all chunks.
    """
    total, queue = Outcome(), _Chunks(specs, workers)
    here = cluster == IN_PROCESS
    classes = b"" if here else by_value(adopted())
    pending: dict[Future[Outcome], list[RunSpec]] = {}

    def settle(future: Future[Outcome], chunk: list[RunSpec]) -> None:
        try:
            outcome = future.result()
        except DeadWorkerError as error:
            if len(chunk) > 1:  # one of them killed its process: each is tried again alone
                queue.alone(chunk)
                return
            outcome = Outcome(failures=[failure_of(chunk[0], str(error))])
        except Exception as error:  # the chunk as a whole: its part could not be written, say
            outcome = Outcome(failures=[failure_of(spec, error) for spec in chunk])
        queue.learn(chunk, outcome)
        _add(outcome, total, store, report)

    with executor(cluster, workers) as pool:
        try:
            while True:
                while len(pending) < (1 if here else workers * 2) and (chunk := queue.next()):
                    pending[pool.submit(execute_runs, chunk, str(store.path), classes)] = chunk
                if not pending:
                    break
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    settle(future, pending.pop(future))
                if total.interrupted:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            total.interrupted = True
            if isinstance(pool, WorkerProcesses):
                pool.interrupt()
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
    total.interrupted |= outcome.interrupted
    report(outcome)


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

    def alone(self, specs: list[RunSpec]) -> None:
        self._groups.extend(deque([spec]) for spec in specs)

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
