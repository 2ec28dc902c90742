"""The state of a process that a run may change, and that is restored before the next run."""

import _signal  # type: ignore[import-not-found]  # wrapped into enumerations by `signal`, ten times as slow
import gc
import locale
import os
import random
import resource
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import is_
from threading import current_thread, main_thread
from typing import Any

import numpy as np

from equipoise.harness.core.errors import RunError, reason_of

__all__ = ["SpoiledError", "preserved", "preserved_seeds"]


class SpoiledError(RunError):
    """A run left its process in a state that cannot be undone."""


_LIMITED = [getattr(resource, f"RLIMIT_{kind}") for kind in ("AS", "CPU", "DATA", "FSIZE", "NOFILE")]
_SIGNALS = sorted(int(number) for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


@contextmanager
def preserved() -> Iterator[None]:
    """Undoes what a run does to its process: folder, search path, streams, signals, timers, numpy's errors, warnings.

    Raises:
        SpoiledError: Something cannot be restored; the process should execute no further run.
    """
    folder, path, errors = os.getcwd(), list(sys.path), np.geterr()
    limit, mask = sys.getrecursionlimit(), os.umask(0)
    os.umask(mask)
    undo: list[Callable[[], object]] = [
        lambda: os.chdir(folder),
        lambda: sys.path.__setitem__(slice(None), path),
        lambda: np.seterr(**errors),
        lambda: sys.setrecursionlimit(limit),
        lambda: os.umask(mask),
        *_interpreter(),
    ]
    if current_thread() is main_thread():
        undo += [_stop_timers, _signals()]  # a timer that goes off in between still finds the handler of its run
    with warnings.catch_warnings(), _undone(undo):
        yield


@contextmanager
def preserved_seeds() -> Iterator[None]:
    """Undoes what the runs of one method do to the environment, the global random generators and torch's settings.

    This takes as long as a short run, so it stands around a call with several.

    Raises:
        SpoiledError: Something cannot be restored.
    """
    environment, python = dict(os.environ), random.getstate()
    numpy_state = np.random.get_state()  # noqa: NPY002 - the state that others use
    undo: list[Callable[[], object]] = [
        lambda: _restore_environment(environment),
        lambda: random.setstate(python),
        lambda: np.random.set_state(numpy_state),  # noqa: NPY002
    ]
    undo += [_limits(), _locale()]
    if "torch" in sys.modules:
        undo += _torch(sys.modules["torch"])
    with _undone(undo):
        yield


@contextmanager
def _undone(undo: list[Callable[[], object]]) -> Iterator[None]:
    try:
        yield
    finally:
        for restore in undo:
            try:
                restore()
            except Exception as error:
                raise SpoiledError(f"the run left its process so that it cannot go on: {reason_of(error)}") from error


def _restore_environment(before: dict[str, str]) -> None:
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


def _interpreter() -> list[Callable[[], object]]:
    """Undoes changes of the collection of garbage, tracing and standard streams."""
    collects, often = gc.isenabled(), gc.get_threshold()
    trace, profile, out, errors = sys.gettrace(), sys.getprofile(), sys.stdout, sys.stderr

    def restore() -> None:
        sys.stdout, sys.stderr = out, errors
        if sys.gettrace() is not trace:
            sys.settrace(trace)
        if sys.getprofile() is not profile:
            sys.setprofile(profile)

    return [
        gc.enable if collects else gc.disable,
        lambda: gc.set_threshold(*often),
        restore,
    ]


def _stop_timers() -> None:
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0.0)


def _limits() -> Callable[[], object]:
    """Restores soft limits of the system; a hard one that was lowered cannot be raised again."""
    before = {kind: resource.getrlimit(kind) for kind in _LIMITED}

    def restore() -> None:
        for kind, limits in before.items():
            if resource.getrlimit(kind) != limits:
                resource.setrlimit(kind, limits)

    return restore


def _locale() -> Callable[[], object]:
    before = locale.setlocale(locale.LC_ALL)
    return lambda: locale.setlocale(locale.LC_ALL, before)


def _signals() -> Callable[[], object]:
    handlers = list(map(_signal.getsignal, _SIGNALS))
    blocked = _signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def restore() -> None:
        _signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if all(map(is_, handlers, map(_signal.getsignal, _SIGNALS))):
            return
        for number, handler in zip(_SIGNALS, handlers, strict=True):
            if handler is not None and _signal.getsignal(number) is not handler:
                _signal.signal(number, handler)

    return restore


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
