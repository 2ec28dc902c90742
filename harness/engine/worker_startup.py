"""The start of a worker's process, before it loads anything large, and its answers to calls."""

import gc
import os
import pickle
import signal
import threading
from queue import SimpleQueue
from types import FrameType
from typing import Any

from equipoise.harness.engine import interruption
from equipoise.harness.engine.call import answered_by, retires

__all__ = ["collect_rarely", "serve"]

LAST_SECONDS = 2.0
"""Seconds that threads left by a method, and exit handlers, may take when a worker ends."""

GARBAGE_THRESHOLD = 50_000
"""New objects between two searches for cycles. The architectures of a space and the rows of a run hold none: at
Python's 700, a random search takes 4 % more CPU from the command line to the file (``speed/cost.py``)."""


def collect_rarely() -> None:
    """Lets the garbage collector look for cycles after `GARBAGE_THRESHOLD` new objects."""
    gc.set_threshold(GARBAGE_THRESHOLD)


def serve(requests: int, replies: int, tells_runs: bool) -> None:
    """Answers calls until an empty one comes, or until the process that sends them is gone.

    Args:
        requests: File descriptor of a pipe of pickled (function, arguments, keyword arguments).
        replies: File descriptor of a pipe for pickled (whether it failed, result or exception, whether this process
            ends); with None in the first place, the next run of the call begins.
        tells_runs: Whether to tell of each run that it begins: where runs have limits.
    """
    from multiprocessing.connection import Connection

    collect_rarely()
    inbox: SimpleQueue[bytes] = SimpleQueue()
    source, sink = Connection(requests, writable=False), Connection(replies, readable=False)
    threading.Thread(target=_receive, args=(source, inbox), daemon=True).start()
    running, process = False, os.getpid()
    if tells_runs:
        begins = pickle.dumps((None, None, False))
        answered_by(lambda: sink.send_bytes(begins) if os.getpid() == process else None)

    def interrupt(number: int, frame: FrameType | None) -> None:
        if running:
            interruption.told(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    while request := inbox.get():
        reply: tuple[bool, Any]
        interruption.forget()
        try:
            running = True
            function, args, kwargs = pickle.loads(request)
            reply = False, function(*args, **kwargs)
            running = False
        except BaseException as error:  # whoever called decides
            running = False
            reply = True, error
        if os.getpid() != process:
            os._exit(1)  # a child that a method forked, and that came back from it
        sink.send_bytes(_pickled((*reply, retires())))
        if retires():
            break
    end = threading.Timer(LAST_SECONDS, os._exit, (0,))
    end.daemon = True
    end.start()


def _receive(source: Any, inbox: "SimpleQueue[bytes]") -> None:
    """Hands calls over, and ends this process when the one that started it is gone, even if that was killed."""
    try:
        while True:
            request = source.recv_bytes()
            inbox.put(request)
            if not request:
                return
    except (EOFError, OSError):
        if os.getpgrp() == os.getpid():  # with all that a method has started
            os.killpg(0, signal.SIGKILL)
        os._exit(1)


def _pickled(reply: tuple[bool, Any, bool]) -> bytes:
    try:
        text = pickle.dumps(reply)
        pickle.loads(text)  # an exception with arguments of its own pickles, and may not come back
    except Exception as error:
        return pickle.dumps((True, RuntimeError(f"{type(reply[1]).__name__} cannot be handed back: {error}"), reply[2]))
    return text
