"""The start of a worker's process, before it loads anything large, and its answers to calls."""

import gc
import os
import pickle
import signal
import threading
from queue import SimpleQueue
from types import FrameType
from typing import Any

__all__ = ["collect_rarely", "serve"]

GARBAGE_THRESHOLD = 50_000
"""New objects between two searches for cycles. The architectures of a space and the rows of a run hold none: at
Python's 700, a random search takes 4 % more CPU from the command line to the file (``speed/cost.py``)."""


def collect_rarely() -> None:
    """Lets the garbage collector look for cycles after `GARBAGE_THRESHOLD` new objects."""
    gc.set_threshold(GARBAGE_THRESHOLD)


def serve(requests: int, replies: int) -> None:
    """Answers calls until an empty one comes, or until the process that sends them is gone.

    Args:
        requests: File descriptor of a pipe of pickled (function, arguments, keyword arguments).
        replies: File descriptor of a pipe for pickled (whether it failed, result or exception).
    """
    from multiprocessing.connection import Connection

    collect_rarely()
    inbox: SimpleQueue[bytes] = SimpleQueue()
    source, sink = Connection(requests, writable=False), Connection(replies, readable=False)
    threading.Thread(target=_receive, args=(source, inbox), daemon=True).start()
    running = False

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        if running:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupt)
    while request := inbox.get():
        reply: tuple[bool, Any]
        try:
            running = True
            function, args, kwargs = pickle.loads(request)
            reply = False, function(*args, **kwargs)
            running = False
        except BaseException as error:  # whoever called decides
            running = False
            reply = True, error
        sink.send_bytes(_pickled(reply))


def _receive(source: Any, inbox: "SimpleQueue[bytes]") -> None:
    """Hands calls over, and ends this process when the one that started it is gone, even if that was killed."""
    try:
        while True:
            request = source.recv_bytes()
            inbox.put(request)
            if not request:
                return
    except (EOFError, OSError):
        os._exit(1)


def _pickled(reply: tuple[bool, Any]) -> bytes:
    try:
        text = pickle.dumps(reply)
        pickle.loads(text)  # an exception with arguments of its own pickles, and may not come back
    except Exception as error:
        return pickle.dumps((True, RuntimeError(f"{reply[1]!r} cannot be handed back: {error}")))
    return text
