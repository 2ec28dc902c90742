"""Runs on the workers of a Dask cluster: one that is started on SLURM, or one that others have started."""

import logging
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from equipoise.harness.core.errors import ClusterError, PluginError, reason_of
from equipoise.harness.engine.dask_settings import ClusterSettings, slurm_arguments
from equipoise.harness.engine.limits import Limits
from equipoise.harness.engine.process_state import preserved
from equipoise.harness.engine.processes import NO_LIMITS, DeadWorkerError, WorkerProcesses

__all__ = ["DaskPool", "dask_pool"]

CONNECT_SECONDS = 10.0
LOST_SECONDS = 30.0
"""For so long a client tries to reach its scheduler again."""
QUICK = "0.2s"
"""Work per worker that is worth a further job: a suite hands out no more chunks than it wants workers for."""


@contextmanager
def dask_pool(
    cluster: str, workers: int, limits: Limits = NO_LIMITS, config: Path | None = None
) -> "Iterator[DaskPool]":
    """Opens a Dask cluster.

    Args:
        cluster: ``slurm``, or the address of a scheduler.
        workers: Jobs at most, on SLURM.
        limits: Of one run.
        config: A file of settings (`ClusterSettings`).

    Raises:
        PluginError: Dask is not installed.
        ClusterError: There is no SLURM here, or nobody answers at the address.
    """
    settings = ClusterSettings.load(config)
    try:
        with preserved():  # dask_jobqueue takes Ctrl-C for itself
            import dask
            from dask.distributed import Client
            from dask_jobqueue import SLURMCluster
            from distributed.utils import get_ip
    except ModuleNotFoundError as error:
        raise PluginError(f"--cluster {cluster} needs Dask ({error.name}): pip install 'equipoise[dask]'") from error
    if cluster == "slurm" and shutil.which("sbatch") is None:
        raise ClusterError("--cluster slurm: no sbatch on this machine; call it where jobs are submitted")
    _probe(cluster)
    with dask.config.set(dask.config.merge(dask.config.config, settings.dask)), _quiet():
        target: Any = cluster
        if cluster == "slurm":
            target = SLURMCluster(**slurm_arguments(dask.config.get("jobqueue.slurm"), get_ip()))
        try:
            if cluster == "slurm":
                _check_job(target.job_script())
                target.adapt(minimum_jobs=settings.minimum_jobs, maximum_jobs=workers, target_duration=QUICK)
            try:
                client = Client(target, timeout=CONNECT_SECONDS)
            except (OSError, TimeoutError, ValueError) as error:
                raise ClusterError(f"--cluster {cluster}: no Dask scheduler answers ({reason_of(error)})") from error
            with client:
                yield DaskPool(client, cluster, settings.minutes_without_worker, limits)
        finally:
            if target is not cluster:
                with suppress(Exception):  # the jobs end by themselves when the scheduler is gone
                    target.close()


def _check_job(script: str) -> None:
    """Asks SLURM whether it takes a job: real ones are submitted in the background, where nobody sees a refusal.

    Raises:
        ClusterError: It does not.
    """
    with NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(script)
        file.flush()
        ran = subprocess.run(["sbatch", "--test-only", file.name], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise ClusterError(f"--cluster slurm: the job is refused: {' '.join(ran.stderr.split())}")


class DaskPool(Executor):
    """Submits to a Dask client, and notices when the cluster is gone.

    Args:
        client: Connected.
        name: Of the cluster, for messages.
        minutes: How long there may be no worker.
        limits: Of one run.
    """

    def __init__(self, client: Any, name: str, minutes: float, limits: Limits = NO_LIMITS) -> None:
        self._client, self._name, self._minutes, self._limits = client, name, minutes, limits
        self._executor = client.get_executor(pure=False)
        self._alive = self._connected = monotonic()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Submits a call; the worker finds modules wherever this process does."""
        inner = self._executor.submit(_call, [*sys.path], self._limits, fn, args, kwargs)
        outer: Future[Any] = _Outer(inner)
        inner.add_done_callback(lambda done: _settle(done, outer, self._name))
        return outer

    def check(self) -> None:
        """Raises if there is nobody to wait for any longer.

        Raises:
            ClusterError: The scheduler is gone, or there has been no worker for too long.
        """
        now = monotonic()
        if self._client.status == "running":
            self._connected = now
            with suppress(OSError, TimeoutError):
                if self._client.scheduler_info(n_workers=1)["workers"]:
                    self._alive = now
        elif now - self._connected > LOST_SECONDS:
            raise ClusterError(f"{self._name}: the Dask scheduler is gone; the same command goes on from here")
        if now - self._alive > 60 * self._minutes:
            raise ClusterError(
                f"{self._name}: no worker for {self._minutes:g} minutes; look for its jobs (squeue), or give "
                "minutes-without-worker in --cluster-config; the same command goes on from here"
            )


class _Outer(Future[Any]):
    """A future that cancels the one behind it."""

    def __init__(self, inner: "Future[Any]") -> None:
        super().__init__()
        self._inner = inner

    def cancel(self) -> bool:
        cancelled = super().cancel()  # first: the outcome of the inner one is handed on as it is cancelled
        self._inner.cancel()
        return cancelled


def _settle(inner: "Future[Any]", outer: "Future[Any]", name: str) -> None:
    """Hands an outcome on in the terms of this package."""
    if not outer.set_running_or_notify_cancel():
        return
    try:
        outer.set_result(inner.result())
    except CancelledError:
        outer.set_exception(ClusterError(f"{name}: the Dask scheduler is gone; the same command goes on from here"))
    except BaseException as error:
        if type(error).__name__ == "KilledWorker":
            error = DeadWorkerError("several workers died in this run, one after the other (out of memory?)")
        outer.set_exception(error)


def _call(
    path: list[str], limits: Limits, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Calls a function on a worker, which may have been started elsewhere.

    Under limits the call goes to a process of its own beside the worker, which can be killed without it.
    """
    sys.path += [folder for folder in path if folder not in sys.path]
    if limits == NO_LIMITS:
        return fn(*args, **kwargs)
    return _beside(limits).submit(fn, *args, **kwargs).result()


def _beside(limits: Limits) -> WorkerProcesses:
    """The process beside a worker, kept from call to call; it ends with the worker."""
    global _process  # noqa: PLW0603 - one per worker
    if _process is None or _process.limits != limits:
        if _process is not None:
            _process.shutdown(wait=False)
        _process = WorkerProcesses(1, limits)
    return _process


_process: WorkerProcesses | None = None


def _probe(cluster: str) -> None:
    """Refuses an address at which nobody listens, at once."""
    address = urlsplit(cluster)
    if address.scheme not in ("tcp", "tls"):
        return
    try:
        host, port = address.hostname, address.port
        if not host or not port:
            raise ValueError("write tcp://HOST:PORT")
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"--cluster {cluster}: nobody answers there ({reason_of(error)}); start one with 'dask scheduler', or "
            "check the address"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences the logs of Dask: what matters is raised."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")]
    before = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
