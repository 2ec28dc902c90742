"""Functions that the tests let worker processes run."""

import os
import signal
import time
from pathlib import Path

from equipoise.harness.engine import call


class TwoArgumentsError(Exception):
    """Pickles, and does not come back."""

    def __init__(self, one, two) -> None:
        super().__init__(f"{one} and {two}")


def refuse() -> None:
    raise TwoArgumentsError(1, 2)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_until_interrupted() -> str:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        return "interrupted"
    return "slept"


def be_known_and_sleep(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(60)


def first_gpus(_: int) -> str | None:
    time.sleep(0.3)  # so that each worker gets a call
    return os.environ.get("CUDA_VISIBLE_DEVICES")


def runs_are_told() -> bool:
    return call._begins is not call._nobody
