"""Where runs are submitted to: this process, processes on this machine, or a Dask cluster."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from equipoise.harness.core.errors import PluginError, SuiteError
from equipoise.harness.engine.limits import Limits
from equipoise.harness.engine.processes import NO_LIMITS, ONE_THREAD, WorkerProcesses

__all__ = ["IN_PROCESS", "executor", "one_thread"]

IN_PROCESS = "in-process"
"""Named in place of a cluster, runs in the calling process."""


@contextmanager
def executor(cluster: str, workers: int, limits: Limits = NO_LIMITS) -> Iterator[Executor]:
    """Opens what runs are submitted to.

    Args:
        cluster: ``in-process``, ``local``, ``slurm``, or ``tcp://...``.
        workers: Processes or jobs.
        limits: Of one run; they hold on this machine, in processes of its own.

    Raises:
        SuiteError: The cluster is of no known kind.
        PluginError: A cluster was asked for, and Dask is not installed.
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


@contextmanager
def one_thread() -> Iterator[None]:
    """Lets numerical libraries use one thread, as in a worker: sums round the same wherever a run is executed."""
    from threadpoolctl import threadpool_limits  # here: workers never need it

    with threadpool_limits(1):
        yield


class _InProcess(Executor):
    """Runs a function when it is submitted, here."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
