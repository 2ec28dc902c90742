"""The display of a running suite: a bar in a terminal or notebook, else a line every half minute."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape
from typing import Any

from equipoise.harness.cli.live import LiveRuns
from equipoise.harness.engine.session import Plan
from equipoise.harness.engine.worker import Outcome

__all__ = ["LINE_SECONDS", "Tally", "progress"]

LINE_SECONDS = 30.0
"""Time between two lines where there is no terminal."""
NOTEBOOK_SECONDS = 1.0


class Tally:
    """The progress of a plan.

    Args:
        plan: What is being executed.
        clock: Seconds that only grow.
    """

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self.runs, self._stored = plan.runs, plan.stored
        self._clock, self._started = clock, clock()
        self._live, self._partly = LiveRuns(plan), 0.0
        self.lines: tuple[str, ...] = ()
        self.done, self.failed, self.queries = plan.stored, 0, 0

    def add(self, outcome: Outcome) -> None:
        """Counts a chunk of runs."""
        self.done += outcome.done + len(outcome.failures)
        self.failed += len(outcome.failures)
        self.queries += outcome.queries

    def look(self) -> None:
        """Reads the journals of runs in progress."""
        live = list(self._live)
        self.lines = tuple(map(str, live))
        self._partly = sum(run.fraction for run in live)

    @property
    def completed(self) -> float:
        """Runs that have ended, and the parts of those in progress."""
        return min(self.done + self._partly, self.runs)

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None before anything is done."""
        gained = self.completed - self._stored
        return (self.runs - self.completed) * (self._clock() - self._started) / gained if gained > 0 else None

    def __str__(self) -> str:
        """The state in one line."""
        elapsed = self._clock() - self._started
        said = f"{self.done} of {self.runs} runs"
        if self.queries:
            said += f", {self.queries / max(elapsed, 1e-9):,.0f} queries/s"
        if self.failed:
            said += f", {self.failed} failed"
        said += f", {duration(elapsed)} passed"
        return said + (f", about {duration(self.seconds_left)} left" if self.seconds_left is not None else "")


def duration(seconds: float) -> str:
    """Seconds as people say them, to two units."""
    minutes, hours = seconds / 60, seconds / 3600
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if hours < 1 else f"{int(hours)} h {int(minutes) % 60:02d} min"


def progress(plan: Plan) -> AbstractContextManager[Callable[[Outcome], None]]:
    """Shows runs done, queries per second, failures and time left, and the incumbents of live training.

    Args:
        plan: What is being executed.
    """
    tally = Tally(plan)
    if (display := _notebook()) is not None:
        return _cell(tally, display)
    return _bar(tally) if sys.stderr.isatty() else _lines(tally)


@contextmanager
def _bar(tally: Tally) -> Iterator[Callable[[Outcome], None]]:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.text import Text

    bar = Progress(BarColumn(), TextColumn("{task.description}"), auto_refresh=False)
    shown = bar.add_task("", total=tally.runs)

    def drawn() -> Group:
        tally.look()
        bar.update(shown, completed=tally.completed, description=str(tally))
        return Group(bar, *(Text(f"  {line}", style="dim", overflow="ellipsis", no_wrap=True) for line in tally.lines))

    with Live(get_renderable=drawn, console=Console(stderr=True), refresh_per_second=2):
        yield tally.add


@contextmanager
def _lines(tally: Tally) -> Iterator[Callable[[Outcome], None]]:
    def say() -> None:
        tally.look()
        sys.stderr.write("".join(f"equipoise: {line}\n" for line in (str(tally), *tally.lines)))
        sys.stderr.flush()

    with _every(LINE_SECONDS, say):
        yield tally.add


@contextmanager
def _cell(tally: Tally, display: Any) -> Iterator[Callable[[Outcome], None]]:
    from IPython.display import HTML

    def drawn() -> HTML:
        tally.look()
        lines = "".join(f"<br><small>{escape(line)}</small>" for line in tally.lines)
        return HTML(f'<progress value="{tally.completed}" max="{tally.runs}"></progress> {escape(str(tally))}{lines}')

    handle = display(drawn(), display_id=True)
    with _every(NOTEBOOK_SECONDS, lambda: handle.update(drawn())):
        yield tally.add
    handle.update(drawn())


@contextmanager
def _every(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    """Acts from time to time, in a thread of its own, while the caller is busy."""
    over = threading.Event()

    def loop() -> None:
        while not over.wait(seconds):
            act()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _notebook() -> Any:
    """The display function of a notebook; None elsewhere. A notebook has loaded IPython already."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return sys.modules["IPython"].display.display if type(shell).__name__ == "ZMQInteractiveShell" else None
