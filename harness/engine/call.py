"""Messages of a call within a worker to the process that waits for its answer, if one waits."""

from collections.abc import Callable

__all__ = ["answered_by", "retire", "retires", "run_begins"]


def _nobody() -> None:
    return None


_begins: Callable[[], None] = _nobody
_retires = False


def answered_by(begins: Callable[[], None]) -> None:
    """Sets what is called whenever a run begins."""
    global _begins  # noqa: PLW0603 - one answer at a time in a process
    _begins = begins


def run_begins() -> None:
    """Tells that the next run of the call begins."""
    _begins()


def retire() -> None:
    """Lets this worker end once it has answered; another one takes its place."""
    global _retires  # noqa: PLW0603
    _retires = True


def retires() -> bool:
    """Whether this worker ends after its answer."""
    return _retires
