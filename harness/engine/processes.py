"""Worker processes on this machine that never run the script or notebook that started them."""

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from multiprocessing import Pipe
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, NamedTuple

from equipoise.harness.core.errors import RunError
from equipoise.harness.engine.gpus import gpu_environment, visible_gpus
from equipoise.harness.engine.limits import Limits

__all__ = ["NO_LIMITS", "ONE_THREAD", "DeadWorkerError", "LimitError", "WorkerProcesses"]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
"""Set before a worker loads a numerical library: the cores go to the workers, and sums round the same everywhere."""

POLL_SECONDS = 1.0
LIMIT_POLL_SECONDS = 0.2

LAST_SECONDS = 5.0
"""Seconds that a process has to end by itself; threads and children that a method left may keep it longer."""

PATIENCE_SECONDS = 30.0
"""Seconds that an interrupted call has to end, for example in compiled code, before its process is killed."""
NO_LIMITS = Limits()

START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from equipoise.harness.engine.worker_startup import serve; serve(*map(int, sys.argv[2:]))"
)


class DeadWorkerError(RunError):
    """The process died in the middle of a call (killed, out of memory, or a crash in compiled code)."""


class LimitError(DeadWorkerError):
    """The process was killed, because a run in its call exceeded a limit.

    Attributes:
        number: Which run of the call, from 0.
    """

    def __init__(self, said: str, number: int) -> None:
        super().__init__(said)
        self.number = number

    def __reduce__(self) -> tuple[type["LimitError"], tuple[str, int]]:
        """Pickles both: it comes back from the workers of a cluster."""
        return type(self), (str(self), self.number)


class _Call(NamedTuple):
    future: "Future[Any]"
    request: bytes


class WorkerProcesses(Executor):
    """Fresh interpreters that run functions by name; one that dies is replaced by the next call.

    `concurrent.futures.ProcessPoolExecutor` imports the caller's ``__main__`` into every worker, which runs a script
    again that has no ``if __name__ == "__main__"``, and finds nothing to import in a notebook. These workers are given
    the module search path alone. A call that kills its worker fails with `DeadWorkerError`; the other calls go on.

    Workers have a process group of their own, so that Ctrl-C reaches them only through `interrupt`; they end when
    the process that started them is gone. Where there are several GPUs, ``cuda`` is another one for each worker.

    Args:
        workers: Number of processes; each is started by its first call.
        limits: Of one run; a worker whose run exceeds them is killed with all its children.

    Attributes:
        limits: Those.
    """

    def __init__(self, workers: int, limits: Limits = NO_LIMITS) -> None:
        self.limits = limits
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._busy: set[_Worker] = set()
        gpus = visible_gpus()
        self._threads = [
            threading.Thread(target=self._work, args=(gpu_environment(number, gpus),), daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Queues a call; function, arguments and result are pickled."""
        call = _Call(Future(), pickle.dumps((fn, args, kwargs)))
        self._calls.put(call)
        return call.future

    def interrupt(self) -> None:
        """Raises `KeyboardInterrupt` in every call that is running, and kills those that take no notice."""
        for worker in tuple(self._busy):
            worker.interrupt()

    def kill(self) -> None:
        """Kills every worker that is running a call."""
        for worker in tuple(self._busy):
            worker.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the workers once the queue is empty."""
        with suppress(Empty):
            while cancel_futures:
                if (call := self._calls.get_nowait()) is not None:
                    call.future.cancel()
        for _ in self._threads:
            self._calls.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _work(self, environment: Mapping[str, str]) -> None:
        worker: _Worker | None = None
        while (call := self._calls.get()) is not None:
            if not call.future.set_running_or_notify_cancel():
                continue
            try:
                worker = worker or _Worker(self.limits, environment)
            except OSError as error:
                call.future.set_exception(DeadWorkerError(f"no worker process can be started: {error}"))
                continue
            self._busy.add(worker)
            try:
                failed, result = worker.answer(call.request)
            except LimitError as error:
                worker.end()
                failed, result = True, error
            except (EOFError, OSError):
                failed, result = True, DeadWorkerError(worker.end())
            except Exception as error:  # the answer does not unpickle here
                failed, result = True, error
            self._busy.discard(worker)
            if isinstance(result, DeadWorkerError):
                worker = None
            elif worker.ends:
                worker.end()
                worker = None
            if failed:
                call.future.set_exception(result)
            else:
                call.future.set_result(result)
        if worker:
            worker.stop()


class _Worker:
    """One process, and the two pipes to it."""

    def __init__(self, limits: Limits, environment: Mapping[str, str]) -> None:
        self._limits, self._interrupted_at, self.ends = limits, float("inf"), False
        requests, self._requests = Pipe(duplex=False)
        self._replies, replies = Pipe(duplex=False)
        with requests, replies:  # ours are closed once the worker has its own: its end is then seen
            pipes = [str(requests.fileno()), str(replies.fileno())]
            tells_runs = str(int(limits != NO_LIMITS))
            command = [sys.executable, "-c", START, json.dumps(sys.path), *pipes, tells_runs]
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=(requests.fileno(), replies.fileno()),
                env={**ONE_THREAD, **os.environ, **environment},
                process_group=0,
            )

    def answer(self, request: bytes) -> tuple[bool, Any]:
        """Returns whether a call failed, and its result or its exception.

        Raises:
            EOFError: The process is gone.
            LimitError: It was killed.
        """
        self._requests.send_bytes(request)
        began, runs = monotonic(), -1
        while True:
            while not self._replies.poll(POLL_SECONDS if self._limits == NO_LIMITS else LIMIT_POLL_SECONDS):
                # a child of the worker may hold the pipe open
                if self._process.poll() is not None and not self._replies.poll(0):
                    raise EOFError
                if (said := self._limits.exceeded(monotonic() - began, self._process.pid)) is not None:
                    self.kill()
                    raise LimitError(said, max(0, runs))
                if monotonic() - self._interrupted_at > PATIENCE_SECONDS:
                    self.kill()
            failed, result, self.ends = pickle.loads(self._replies.recv_bytes())
            if failed is not None:
                return failed, result
            began, runs = monotonic(), runs + 1  # the next run of the call begins

    def interrupt(self) -> None:
        """Sends Ctrl-C."""
        self._interrupted_at = monotonic()
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGINT)

    def kill(self) -> None:
        """Kills the process and its children."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Lets the process end."""
        with suppress(OSError):
            self._requests.send_bytes(b"")
        self.end()

    def end(self) -> str:
        """Waits for the process, kills what it leaves, and says how it ended."""
        with suppress(OSError):
            _wait_unreaped(self._process, LAST_SECONDS)
        self.kill()  # the process still has its number, so this reaches its children and nobody else
        code = self._process.wait()
        self._requests.close()
        self._replies.close()
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        return f"the worker process died in this run ({how}{'; out of memory?' if code == -signal.SIGKILL else ''})"


def _wait_unreaped(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Waits until a child has ended, and leaves its number to it where the system can (macOS from Python 3.13 on).

    Raises:
        OSError: It is no child of this process, or was waited for.
    """
    if not hasattr(os, "waitid"):
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None:
            return
        sleep(0.01)
