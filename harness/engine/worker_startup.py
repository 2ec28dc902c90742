"""What a worker's own process does first, before it loads anything large."""

import gc
import os

__all__ = ["begin", "collect_rarely"]

GARBAGE_THRESHOLD = 50_000
"""New objects between two searches for cycles. The architectures of a space and the rows of a run hold none: at
Python's 700, a random search takes 4 % more CPU from the command line to the file (``speed/cost.py``)."""


def begin() -> None:
    """Makes this process a worker's: it looks for cycles rarely, and ends when the one that started it is gone."""
    collect_rarely()
    _leave_with_parent()


def collect_rarely() -> None:
    """Lets the garbage collector look for cycles after `GARBAGE_THRESHOLD` new objects."""
    gc.set_threshold(GARBAGE_THRESHOLD)


def _leave_with_parent() -> None:
    """Ends this process when its parent is gone, even if that was killed."""
    import multiprocessing  # loaded already where there is a parent
    import threading

    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
