"""The results of a suite in a notebook: rows, regret, ranks, curves and the report."""

from collections.abc import Sequence
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from equipoise.api.names import names
from equipoise.harness.archive.find import entry_named
from equipoise.harness.core.errors import SuiteError, nearest
from equipoise.harness.core.wording import plural
from equipoise.harness.store.overview import Overview, overview_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from equipoise.reports.analysis import Analysis

__all__ = ["Results"]


class Results:
    """The contents of a results folder. Nothing is computed before it is asked for.

    Args:
        folder: The results folder of a suite.
        beside: Names of entries of an archive, such as ``reference``, or their folders: their runs under the same
            budget, protocol and rules count in `regret`, `ranking`, `plot_anytime` and `report`.

    Raises:
        StoreError: It holds no results, or there is no such entry here.
    """

    def __init__(self, folder: str | Path, beside: str | Path | Sequence[str | Path] = ()) -> None:
        self.folder = Path(folder)
        self.beside = tuple(entry_named(name) for name in dict.fromkeys(names(beside)))
        self.overview: Overview = overview_of(self.folder)

    def frame(self) -> "pd.DataFrame":
        """One row per proposal, as the store has them, sorted by task, method, repeat and query."""
        return self.overview.store.frame()

    def regret(self, at: Sequence[float] | None = None) -> "pd.DataFrame":
        """Mean regret of the incumbents over repeats, with 95 % bootstrap intervals.

        Args:
            at: Amounts of the budget, for example ``[10, 30, 100]`` queries; the checkpoints of the report if None.

        Returns:
            One row per task, method and amount: ``task``, ``method``, the unit of the budget (``queries``, for
            example), ``regret``, ``low``, ``high``, ``repeats``, ``unit`` of the regret, and ``reference``: whether
            regret is measured from the ``optimum`` or, where that is unknown, from the ``best found`` by any run.

        Raises:
            SuiteError: An amount is not within the budget.
        """
        import pandas as pd

        found, rows = self._analysis.results, []
        for point, amount in self._points(at):
            cube = found.regrets(point)
            means = self._analysis.estimated(cube)
            for column, task in enumerate(found.tasks):
                for row, label in enumerate(found.labels):
                    if count := int(np.isfinite(cube[row, column]).sum()):
                        value, low, high = (part[row, column] for part in (means.value, means.low, means.high))
                        reference = "optimum" if task.exact else "best found"
                        rows.append((task.name, label, amount, value, low, high, count, task.unit, reference))
        columns = ["task", "method", found.unit, "regret", "low", "high", "repeats", "unit", "reference"]
        return pd.DataFrame(rows, columns=columns).sort_values(
            ["task", "method", found.unit], key=self._order, kind="stable", ignore_index=True
        )

    def ranking(self) -> "pd.DataFrame":
        """Average ranks of the methods at the full budget, best first.

        A run is ranked among one run of every other method on its task; ranks are averaged over runs and tasks.

        Returns:
            One row per method that ran: ``method``, ``family``, ``rank`` with ``low`` and ``high`` (95 % interval,
            infinite for single runs), and ``tasks``, on which it has runs.
        """
        import pandas as pd

        found, ranks = self._analysis.results, self._analysis.frameworks.ranks
        rows = [
            (method.label, method.family, *(float(part[row]) for part in (ranks.value, ranks.low, ranks.high)), tasks)
            for row, method in enumerate(found.methods)
            if (tasks := int((self._analysis.counts[row] > 0).sum()))
        ]
        frame = pd.DataFrame(rows, columns=["method", "family", "rank", "low", "high", "tasks"])
        return frame.sort_values("rank", kind="stable", ignore_index=True)

    def plot_anytime(self, tasks: str | Sequence[str] | None = None) -> "Figure":
        """Draws the regret of every method against the budget: medians and quartiles over repeats, a panel per task.

        Args:
            tasks: Only these, by name; all if None.

        Returns:
            A figure that a notebook shows and ``savefig`` writes.

        Raises:
            SuiteError: There is no such task in the results, or none is named.
        """
        from equipoise.api.anytime_plot import anytime_plot
        from equipoise.api.figure import ShownFigure

        found = self._analysis.results
        known = {task.name: task for task in found.tasks if task.runs}
        wanted = names(list(known) if tasks is None else tasks)
        if not wanted:
            raise SuiteError(f"{self.folder}: no task to draw; {nearest('', known)}")
        for name in wanted:
            if name not in known:
                raise SuiteError(f"{self.folder}: no runs on task '{name}'; {nearest(name, known)}")
        return anytime_plot(ShownFigure(), found, [known[name] for name in wanted])

    def report(
        self,
        out: str | Path | None = None,
        formats: str | Sequence[str] = ("md", "tex", "html"),
        style: str = "report",
        focus: str | None = None,
    ) -> list[Path]:
        """Writes the statistical report, with its figures and tables.

        Args:
            out: A folder; into the results folder if None.
            formats: Of ``md``, ``tex`` and ``html``.
            style: Width and fonts of the figures: ``report``, ``neurips``, ``icml`` or ``one-column``.
            focus: Label of a method that is compared with each other one.

        Returns:
            The files ``report.md``, ``report.tex`` and ``report.html``, as far as asked for.
        """
        from equipoise.reports.write import write

        return write(self.folder, names(formats), None if out is None else Path(out), style, focus, self.beside)

    def explore(self, out: str | Path | None = None) -> Path:
        """Writes the explorer page: landscapes, replays of the searches, regret curves and Pareto fronts.

        Args:
            out: The HTML file; ``explorer.html`` in the results folder if None.

        Returns:
            The file.
        """
        from equipoise.reports.explorer.page import explore

        return explore(self.folder, self.folder / "explorer.html" if out is None else out, self.beside)

    def failures(self) -> "pd.DataFrame":
        """One row per run that failed and is still not stored: method, task, repeat, error, traceback, time."""
        import pandas as pd

        columns = ["method", "task", "repeat", "error", "traceback", "at"]
        return pd.DataFrame(self.overview.failures, columns=columns)

    def excluded(self) -> "pd.DataFrame":
        """One row per method and task that did not run, with the reason; ``*`` stands for all."""
        import pandas as pd

        return pd.DataFrame(self.overview.excluded, columns=["method", "task", "reason"])

    def __repr__(self) -> str:
        return f"<{self._title()}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="text-align:left">{escape(entry.label)}</td><td>{entry.stored} of {entry.planned}</td>'
            f"<td>{entry.failed}</td></tr>"
            for entry in self.overview.methods
        )
        head = '<tr><th style="text-align:left">method</th><th>runs</th><th>failed</th></tr>'
        return f"<table><caption>{escape(self._title())}</caption>{head}{rows}</table>"

    def _title(self) -> str:
        seen, here = self.overview, Path.cwd()
        folder = self.folder.relative_to(here) if self.folder.is_relative_to(here) else self.folder
        stored, planned, failed = (sum(getattr(e, n) for e in seen.methods) for n in ("stored", "planned", "failed"))
        return (
            f"Results of {seen.suite.name} in {folder}: {plural(len(seen.methods), 'method')} on "
            f"{plural(len(seen.suite.tasks), 'task')}, {seen.suite.budgets_text()} per run, {stored:,} of {planned:,} "
            f"runs stored{f', {failed:,} failed' if failed else ''}"
        )

    @cached_property
    def _analysis(self) -> "Analysis":
        from equipoise.reports.analysis import Analysis
        from equipoise.reports.load import load

        return Analysis(load(self.folder, self.beside))

    def _points(self, at: Sequence[float] | None) -> list[tuple[int, float]]:
        """Places on the grid of the report, with the amounts they stand for."""
        found = self._analysis.results
        if at is None:
            at = [found.grid[place] for place in found.checkpoints]
        points: list[tuple[int, float]] = []
        for amount in at:
            place = int(np.searchsorted(found.grid, amount * (1 + 1e-12), side="right")) - 1
            if place < 0 or amount > found.limit * (1 + 1e-12):
                raise SuiteError(
                    f"regret at {amount:g} {found.unit}: the runs spent {found.grid[0]:g} to {found.limit:g}"
                )
            points.append((place, amount if found.unit == "cost_seconds" else int(amount)))
        return points

    def _order(self, column: "pd.Series[str]") -> "pd.Series[str]":
        """Tasks and methods as the report lists them."""
        import pandas as pd

        found = self._analysis.results
        orders = {"task": [task.name for task in found.tasks], "method": list(found.labels)}
        order = orders.get(str(column.name))
        return column if order is None else pd.Series(pd.Categorical(column, order).codes, column.index)
