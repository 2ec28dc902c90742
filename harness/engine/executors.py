"""Where runs are submitted to: processes on this machine, or a Dask cluster."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from equipoise.harness.core.errors import PluginError, SuiteError
from equipoise.harness.engine import worker_startup as process

__all__ = ["executor"]

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


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
        self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=process.begin)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            self._pool.shutdown(wait=False)
            self._open()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)
