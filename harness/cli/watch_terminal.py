"""The terminal view of a suite that runs: a table that refreshes, or lines where there is no terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.harness.cli.live import LiveRuns
from equipoise.harness.core.errors import EquipoiseError, StoreError
from equipoise.harness.engine.session import Plan
from equipoise.harness.store.overview import opened
from equipoise.harness.store.suite_watch import Snapshot, SuiteWatch

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["live_lines", "watch_terminal"]

MOST_FAILURES = 5
BAR = 24
"""Characters of a bar."""


def live_lines(folder: Path) -> Callable[[], list[str]]:
    """A function that describes the runs in progress that keep a journal, one line each.

    Args:
        folder: The results folder.
    """
    _, suite = opened(folder)
    runs = LiveRuns(Plan(suite, folder, runs=0, stored=0))

    def lines() -> list[str]:
        try:
            return [str(run) for run in runs]
        except (EquipoiseError, OSError):  # the view goes on without them
            return []

    return lines


def watch_terminal(folder: Path, seconds: float = 2.0, turns: int | None = None) -> None:
    """Shows the progress of a suite until every run is stored or has failed.

    Args:
        folder: Its results folder.
        seconds: Time between two looks.
        turns: Looks at the most; as many as it takes by default.

    Raises:
        StoreError: The folder holds no results.
    """
    watch, live = SuiteWatch(folder), live_lines(folder)
    if not sys.stdout.isatty():
        _lines(watch, live, seconds, turns)
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(), auto_refresh=False) as display:
        for snapshot in _looks(watch, seconds, turns):
            display.update(table(snapshot, live()), refresh=True)


def _lines(watch: SuiteWatch, live: Callable[[], list[str]], seconds: float, turns: int | None) -> None:
    """One line whenever something changed."""
    said = ""
    for snapshot in _looks(watch, seconds, turns):
        if snapshot.version != said:
            said = snapshot.version
            sys.stdout.write("".join(f"{line}\n" for line in (snapshot.headline, *live())))
            sys.stdout.flush()


def _looks(watch: SuiteWatch, seconds: float, turns: int | None) -> Iterator[Snapshot]:
    """Snapshots until the suite is complete; a file that is just being replaced is read at the next turn."""
    snapshot, turn = watch.look(), 0
    while True:
        yield snapshot
        turn += 1
        if snapshot.complete or turn == turns:
            return
        time.sleep(seconds)
        try:
            snapshot = watch.look()
        except StoreError:
            if not (watch.folder / "manifest.json").exists():
                raise


def table(snapshot: Snapshot, live: list[str]) -> "RenderableType":
    """The view: a bar per method, the runs in progress, and the last failures."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False)
    shown.add_column("method", overflow="ellipsis", no_wrap=True)
    shown.add_column("")
    for title in ("stored", "planned", "failed"):
        shown.add_column(title, justify="right")
    for entry in snapshot.methods:
        filled = round(BAR * entry.stored / entry.planned) if entry.planned else 0
        bar = Text("━" * filled, style="blue") + Text("━" * (BAR - filled), style="bright_black")
        failed = Text(str(entry.failed), style="red" if entry.failed else "")
        shown.add_row(Text(entry.label), bar, f"{entry.stored:,}", f"{entry.planned:,}", failed)
    failures = [Text(f"failed: {line}", style="red", no_wrap=True, overflow="ellipsis") for line in snapshot.failures]
    if len(failures) > MOST_FAILURES:
        failures = [*failures[-MOST_FAILURES:], Text(f"... and {len(failures) - MOST_FAILURES:,} more", style="red")]
    lines = [Text(f"  {line}", style="dim", no_wrap=True, overflow="ellipsis") for line in live]
    return Group(Text(snapshot.headline, style="bold"), shown, *lines, *failures)
