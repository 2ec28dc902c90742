"""A time limit from outside: a batch system ends its jobs, so a suite stops by itself before that."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import TIMEOUT_MAX, Timer, current_thread, main_thread
from types import FrameType

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.engine.interruption import forget, told

__all__ = ["Clock", "parse_time", "reserve", "stopping_in_time"]

_TIME = re.compile(r"(?:(?P<days>\d{1,3})-)?(?P<parts>\d{1,6}(?::\d{1,2}){0,2})")


def parse_time(text: str) -> float:
    """Reads a time limit as SLURM writes it, in seconds.

    Args:
        text: ``MINUTES``, ``MINUTES:SECONDS``, ``HOURS:MINUTES:SECONDS``, ``DAYS-HOURS``, ``DAYS-HOURS:MINUTES`` or
            ``DAYS-HOURS:MINUTES:SECONDS``.

    Raises:
        SuiteError: It is written otherwise, or is zero.
    """
    match = _TIME.fullmatch(text)
    seconds = 0
    if match is not None:
        parts = [int(part) for part in match["parts"].split(":")]
        if match["days"]:
            hours, minutes, rest = [*parts, 0, 0][:3]
        elif len(parts) == 3:
            hours, minutes, rest = parts
        else:
            hours, (minutes, rest) = 0, [*parts, 0][:2]
        seconds = ((int(match["days"] or 0) * 24 + hours) * 60 + minutes) * 60 + rest
    if not seconds:
        raise SuiteError(f"--time {text}: write minutes, H:MM:SS or D-HH:MM:SS, as for SLURM; for example 2:00:00")
    return float(seconds)


def reserve(seconds: float) -> float:
    """Time kept for ending: the evaluation at hand, writing what has finished, the batch system's own delays."""
    return min(max(0.05 * seconds, 10.0), 120.0, 0.5 * seconds)


class Clock:
    """Watches the time.

    Attributes:
        out: Whether time has run out: by the clock, or because the batch system says so with SIGUSR1.
        stopped: Whether that no longer matters: everything has ended.
    """

    out = False
    stopped = False


@contextmanager
def stopping_in_time(seconds: float | None) -> Iterator[Clock]:
    """Raises `KeyboardInterrupt` in the main thread when time runs out, or with SIGUSR1.

    Without a limit SIGUSR1 is heeded where it would otherwise kill: in the main thread, and where nobody handles it.

    Args:
        seconds: From now to the end of the job; None for no limit. The interrupt comes `reserve` earlier.

    Raises:
        SuiteError: It is not a positive number, or this is a thread, where Python allows no signal handler.
    """
    clock = Clock()
    reached = current_thread() is main_thread()
    if seconds is None:
        if not reached or signal.getsignal(signal.SIGUSR1) is not signal.SIG_DFL:
            yield clock
            return
    elif not 0 < seconds < TIMEOUT_MAX:
        raise SuiteError(f"seconds = {seconds!r} is not a positive number of seconds")
    elif not reached:
        raise SuiteError(f"seconds = {seconds:g} needs the main thread, which signals reach; leave it out in a thread")

    def stop(number: int, frame: FrameType | None) -> None:
        if not (clock.out or clock.stopped):
            clock.out = True
            told(number, frame)

    before = signal.signal(signal.SIGUSR1, stop)
    timer = None
    if seconds is not None:
        timer = Timer(seconds - reserve(seconds), os.kill, (os.getpid(), signal.SIGUSR1))
        timer.daemon = True
        timer.start()
    try:
        yield clock
    finally:
        if timer is not None:
            timer.cancel()
        signal.signal(signal.SIGUSR1, before)
        forget()
