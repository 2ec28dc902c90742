"""Executes many runs in parallel: cuts them into chunks, hands them out, and collects what became of them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from equipoise.harness.core.errors import ClusterError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.local_classes import adopted, by_value
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.engine.executors import IN_PROCESS, completed, executor
from equipoise.harness.engine.interruption import listening
from equipoise.harness.engine.limits import Limits
from equipoise.harness.engine.processes import NO_LIMITS, DeadWorkerError, LimitError, WorkerProcesses
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
    config: Path | None = None,
) -> Outcome:
    """Executes runs in parallel and records failures.

    Classes of a notebook or script (`local_classes`) are sent to other processes by value.

    Args:
        specs: The runs; those that are stored already should not be among them.
        store: Where the rows go.
        workers: Processes, or jobs of the cluster.
        cluster: ``in-process``, ``local``, ``slurm``, or the address of a Dask scheduler (``tcp://...``).
        report: Told of each chunk.
        config: Settings of a Dask cluster.

    Returns:
        The sum of all chunks.
    """
    total = Outcome()
    specs = list(specs)
    limits = Limits.of(specs[0].protocol) if specs else NO_LIMITS
    here = cluster == IN_PROCESS and limits == NO_LIMITS
    cluster = "local" if cluster == IN_PROCESS and not here else cluster  # nobody can stop a run of this process
    classes = b"" if here else by_value(adopted())
    suite = uuid4().hex
    queue = _Chunks(specs, workers)
    pending: dict[Future[Outcome], list[RunSpec]] = {}

    def settle(future: Future[Outcome], chunk: list[RunSpec]) -> None:
        error = future.exception()
        if error is None:
            outcome = future.result()
            if not (here or total.interrupted):
                queue.alone(_not_reached(chunk, outcome))
        elif isinstance(error, LimitError):  # the others of the chunk are not to blame
            outcome = Outcome(failures=[failure_of(chunk[error.number], str(error))])
            queue.alone([spec for spec in chunk if spec is not chunk[error.number]])
        elif isinstance(error, DeadWorkerError) and total.interrupted:
            return  # killed because it did not stop: its run is no failure, and remains
        elif isinstance(error, DeadWorkerError):
            if len(chunk) > 1:  # one of them killed its process: each is tried again alone
                queue.alone(chunk)
                return
            outcome = Outcome(failures=[failure_of(chunk[0], str(error))])
        elif isinstance(error, ClusterError):
            raise error
        elif total.interrupted:  # the worker was interrupted outside of a run
            return
        else:  # the chunk as a whole: its part could not be written, say
            outcome = Outcome(failures=[failure_of(spec, error) for spec in chunk])
        queue.learn(chunk, outcome)
        _add(outcome, total, store, report)

    with _noted(total), listening(), executor(cluster, workers, limits, config) as pool:
        try:
            while True:
                while len(pending) < (1 if here else workers * 2) and (chunk := queue.next()):
                    pending[pool.submit(execute_runs, chunk, str(store.path), classes, suite)] = chunk
                if not pending:
                    break
                for future in completed(pool, pending):
                    settle(future, pending.pop(future))
                if total.interrupted:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            total.interrupted = True
            if isinstance(pool, WorkerProcesses):
                pool.interrupt()
            left = {future: chunk for future, chunk in pending.items() if not future.cancel()}
            while left:
                try:
                    for future in wait(left, return_when=FIRST_COMPLETED).done:
                        settle(future, left.pop(future))
                except KeyboardInterrupt:  # once more: what is at hand is given up
                    if isinstance(pool, WorkerProcesses):
                        pool.kill()
    return total


@contextmanager
def _noted(total: Outcome) -> Iterator[None]:
    """Notes an interrupt that comes while the workers start or end, when no run is at hand."""
    try:
        yield
    except KeyboardInterrupt:
        total.interrupted = True


def _not_reached(chunk: list[RunSpec], outcome: Outcome) -> list[RunSpec]:
    """The runs of a chunk that its worker left; an interrupt that did not come from here is a run's failure."""
    reached = outcome.done + len(outcome.failures)
    if outcome.interrupted and reached < len(chunk):
        outcome.failures.append(failure_of(chunk[reached], "the method sent an interrupt to its own process"))
        reached += 1
    outcome.interrupted = False
    return chunk[reached:]


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
