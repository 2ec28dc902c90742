"""Where runs are submitted to: this process, processes on this machine, or a Dask cluster."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.threads import one_thread
from equipoise.harness.engine.limits import Limits
from equipoise.harness.engine.processes import NO_LIMITS, WorkerProcesses

__all__ = ["IN_PROCESS", "completed", "executor"]

POLL_SECONDS = 2.0
"""Between two looks whether a cluster is still there."""

IN_PROCESS = "in-process"
"""Named in place of a cluster, runs in the calling process."""


@contextmanager
def executor(cluster: str, workers: int, limits: Limits = NO_LIMITS, config: Path | None = None) -> Iterator[Executor]:
    """Opens what runs are submitted to.

    Args:
        cluster: ``in-process``, ``local``, ``slurm``, or ``tcp://...``.
        workers: Processes or jobs.
        limits: Of one run; where there are any, each run is executed in a process that can be stopped.
        config: Settings of a Dask cluster (`ClusterSettings`).

    Raises:
        SuiteError: The cluster is of no known kind.
        PluginError: A cluster was asked for, and Dask is not installed.
        ClusterError: It cannot be reached.
    """
    if cluster == IN_PROCESS:
        with one_thread():
            yield _InProcess()
        return
    if cluster == "local":
        pool = WorkerProcesses(workers, limits)
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return
    if cluster != "slurm" and "://" not in cluster:
        raise SuiteError(
            f"--cluster {cluster}: accepted are local, slurm, and the address of a Dask scheduler (tcp://...)"
        )
    from equipoise.harness.engine.dask_pool import dask_pool  # here: few need Dask

    with dask_pool(cluster, workers, limits, config) as remote:
        yield remote


def completed(pool: Executor, pending: Iterable["Future[Any]"]) -> set["Future[Any]"]:
    """Waits until at least one call has ended.

    Raises:
        ClusterError: There is nobody left to wait for.
    """
    check = getattr(pool, "check", None)
    while True:
        done = wait(pending, timeout=None if check is None else POLL_SECONDS, return_when=FIRST_COMPLETED).done
        if done:
            return done
        if check is not None:
            check()


class _InProcess(Executor):
    """Runs a function when it is submitted, here."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
