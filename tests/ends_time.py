"""Methods during whose making the time of a suite ends, each run by name from a suite."""

import os
import signal
import time
from contextlib import suppress

from plugins_for_tests import Good


class EndsTime(Good):
    """Time ends while it is made."""

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        os.kill(os.getpid(), signal.SIGUSR1)


class Swallows(Good):
    """The same, and nobody hears of it."""

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        with suppress(BaseException):
            os.kill(os.getpid(), signal.SIGUSR1)


class SlowToMake(Good):
    """Takes longer to be made than there is time."""

    def __init__(self, problem, rng) -> None:
        super().__init__(problem, rng)
        time.sleep(20)
