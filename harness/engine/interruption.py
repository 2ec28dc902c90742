"""Whether this process was told to stop: Ctrl-C or SIGTERM, and not a method that raises `KeyboardInterrupt` itself."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

__all__ = ["forget", "listening", "told", "was_told"]

_told = False


def was_told() -> bool:
    """Whether this process was told to stop since the last `forget`."""
    return _told


def forget() -> None:
    """Starts afresh, with the next call of a worker or the next suite."""
    global _told  # noqa: PLW0603 - one flag per process, set by its signal handler
    _told = False


def told(_signal: int = 0, _frame: FrameType | None = None) -> None:
    """Handles a signal: notes it, and raises `KeyboardInterrupt` wherever the main thread stands."""
    global _told  # noqa: PLW0603
    _told = True
    raise KeyboardInterrupt


@contextmanager
def listening() -> Iterator[None]:
    """Takes Ctrl-C and SIGTERM for the time of a suite; in a thread, where Python allows no handler, nothing."""
    forget()
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in before:
            signal.signal(number, told)
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # None: set by something else than Python
                signal.signal(number, handler)
        forget()  # the next search of this process was told nothing
