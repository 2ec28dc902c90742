"""What a run may change in its process without meaning harm, and the next run must not find changed."""

import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any

import numpy as np

from equipoise.harness.core.errors import RunError, reason_of

__all__ = ["SpoiledError", "preserved"]


class SpoiledError(RunError):
    """A run left its process in a state that cannot be undone."""


_SIGNALS = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


@contextmanager
def preserved() -> Iterator[None]:
    """Undoes what a run does to its process.

    Restored are the folder, the environment, the module search path, signal handlers and timers, the states of the
    global random generators, numpy's error handling, warning filters, the recursion limit, the file mode mask, and
    torch's seed, threads and default type where it is loaded.

    Raises:
        SpoiledError: Something cannot be restored; the process should play no further run.
    """
    undo = _snapshot()
    try:
        with warnings.catch_warnings():
            yield
    finally:
        for restore in undo:
            try:
                restore()
            except Exception as error:
                raise SpoiledError(f"the run left its process so that it cannot go on: {reason_of(error)}") from error


def _snapshot() -> list[Callable[[], object]]:
    folder, environment, path = os.getcwd(), dict(os.environ), list(sys.path)
    python, errors = random.getstate(), np.geterr()
    numpy_state = np.random.get_state()  # noqa: NPY002 - the state that others use
    limit, mask = sys.getrecursionlimit(), os.umask(0)
    os.umask(mask)
    undo: list[Callable[[], object]] = [
        lambda: os.chdir(folder),
        lambda: _restore_environment(environment),
        lambda: sys.path.__setitem__(slice(None), path),
        lambda: random.setstate(python),
        lambda: np.random.set_state(numpy_state),  # noqa: NPY002
        lambda: np.seterr(**errors),
        lambda: sys.setrecursionlimit(limit),
        lambda: os.umask(mask),
    ]
    if current_thread() is main_thread():
        undo += [*_signals(), lambda: signal.setitimer(signal.ITIMER_REAL, 0.0)]
    if "torch" in sys.modules:
        undo += _torch(sys.modules["torch"])
    return undo


def _restore_environment(before: dict[str, str]) -> None:
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


def _signals() -> list[Callable[[], object]]:
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)

    return [restore]


def _torch(torch: Any) -> list[Callable[[], object]]:
    seed, threads, kind = torch.get_rng_state(), torch.get_num_threads(), torch.get_default_dtype()
    gradient, repeatable = torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled()
    return [
        lambda: torch.set_rng_state(seed),
        lambda: torch.get_num_threads() == threads or torch.set_num_threads(threads),
        lambda: torch.set_default_dtype(kind),
        lambda: torch.set_grad_enabled(gradient),
        lambda: torch.use_deterministic_algorithms(repeatable),
    ]
