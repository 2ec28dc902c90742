"""What is shown while a suite runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from equipoise.harness.engine.worker import Outcome

__all__ = ["progress"]


@contextmanager
def progress(total: int, done: int) -> Iterator[Callable[[Outcome], None]]:
    """Shows runs done, queries per second, failures and time left, on standard error.

    Args:
        total: Runs of the suite.
        done: Runs already stored.

    Yields:
        What is told of each chunk of runs.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("runs"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]} queries/s"),
        TextColumn("{task.fields[failed]} failed"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    failed = queries = 0
    with bar:
        shown = bar.add_task("runs", total=total, completed=done, rate="0", failed=0)

        def tell(outcome: Outcome) -> None:
            nonlocal failed, queries
            failed += len(outcome.failures)
            queries += outcome.queries
            elapsed = bar.tasks[0].elapsed or 1e-9
            advance = outcome.done + len(outcome.failures)
            bar.update(shown, advance=advance, failed=failed, rate=f"{queries / elapsed:,.0f}")

        yield tell
