"""The plan and the outcome of a suite, and the display between them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.preflight import Exclusion
from equipoise.harness.engine.shard import Shard
from equipoise.harness.engine.worker import Outcome

__all__ = ["Plan", "Progress", "SuiteRun", "silent"]

MOST_STALLS = 3
"""A shard that is stopped so often with nothing gained is not started again by itself."""


@dataclass(frozen=True)
class Plan:
    """The plan that a progress display shows before the first run.

    Attributes:
        suite: The suite.
        folder: Where the rows go, and the journals of runs in progress (``journal/*.jsonl``).
        runs: Runs of the suite.
        stored: Those that were stored before.
    """

    suite: Suite
    folder: Path
    runs: int
    stored: int


class Progress(Protocol):
    """Opens a display; the function it yields takes the outcome of each chunk of runs."""

    def __call__(self, plan: Plan, /) -> AbstractContextManager[Callable[[Outcome], None]]:
        """Shows a plan being executed."""


@contextmanager
def silent(_: Plan) -> Iterator[Callable[[Outcome], None]]:
    """Shows nothing."""
    yield lambda _: None


@dataclass(frozen=True)
class SuiteRun:
    """The outcome of a suite.

    Attributes:
        folder: The results folder.
        suite: The suite without the tasks and methods that were skipped.
        planned: Runs that the suite, or this shard of it, asks for and that apply; 0 where its time was over before
            that was known.
        stored: Those stored now.
        executed: Those that this call ran and stored.
        failures: Runs of this call that failed, as ``failures.jsonl`` records them.
        skipped: Tasks and methods whose data or packages are missing here.
        not_applicable: Pairs of a method and a task that lacks what the method requires.
        interrupted: Whether Ctrl-C ended it, or its time; the same call goes on from there.
        shard: The share of the suite that ran; None for all of it.
        out_of_time: Whether it stopped because its time was over.
        stalled: How many times in a row it stopped for that reason with nothing gained.
    """

    folder: Path
    suite: Suite
    planned: int
    stored: int
    executed: int
    failures: tuple[Mapping[str, Any], ...]
    skipped: tuple[Exclusion, ...]
    not_applicable: tuple[Exclusion, ...]
    interrupted: bool
    shard: Shard | None = None
    out_of_time: bool = False
    stalled: int = 0

    def __str__(self) -> str:
        """The outcome in one line."""
        share = f" of shard {self.shard}" if self.shard else ""
        said = f"{_short(self.folder)}: {self.stored} of {self.planned} runs{share} stored"
        if self.out_of_time and not self.planned:
            said = f"{_short(self.folder)}: no run{share} began"
        if self.failures:
            failed = self.failures[0]
            first = f"{failed['method']} on {failed['task']}, repeat {failed['repeat']}: {failed['error']}"
            said += f", {len(self.failures)} failed (see {_short(self.folder) / 'failures.jsonl'}; first: {first})"
        if self.stalled >= MOST_STALLS:
            return f"{said}; not one evaluation ended within its time, {self.stalled} times in a row: give it more time"
        why = "stopped before its time was over" if self.out_of_time else "stopped"
        return said + (f"; {why}: the same command goes on from here" if self.interrupted else "")

    @property
    def goes_on(self) -> bool:
        """Whether to start the same command again: it stopped for want of time, and not in vain."""
        return self.out_of_time and self.stalled < MOST_STALLS

    @property
    def exit_status(self) -> int:
        """The exit status of a command: 75 to start it again, 130 after Ctrl-C, 1 where runs failed or are missing."""
        if self.goes_on:
            return 75
        if self.interrupted and not self.out_of_time:
            return 130
        return int(self.stored < self.planned or bool(self.failures) or self.interrupted)


def _short(folder: Path) -> Path:
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
