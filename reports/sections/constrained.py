"""The least error under the constraints."""

import numpy as np

from equipoise.reports.document import Cell, Column, Table
from equipoise.reports.fronts import FrontRuns
from equipoise.reports.phrases import percent
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.sections.front_view import FrontView, by_method, column, within
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["constrained_regret"]


def constrained_regret(view: FrontView) -> Table:
    """The least error under the constraints, as regret."""
    columns = []
    metrics = {task.name: task.metric for task in view.analysis.results.tasks}
    tasks = [task for task in view.found.tasks if task.runs]
    means = view.analysis.estimated(view.cube(tasks, "constrained"))
    for place, task in enumerate(tasks):
        metric, base = metrics[task.name], task.optimum if np.isfinite(task.optimum) else 0.0
        lost = [_without(task.runs.get(label)) for label in view.labels]
        shown = (abs(metric.slope) * (part - base) for part in (means.value, means.low, means.high))
        scaled = within(Estimate(*shown), np.inf)
        cells = [
            Cell(f"{cell.text} ({gone} without)" if gone else cell.text, cell.value, cell.best and not any(lost))
            for cell, gone in zip(column(scaled, place, np.nanmin), lost, strict=True)
        ]
        columns.append(cells)
    rows = [(Cell("feasible share of the space"), *(Cell(percent(task.feasible)) for task in tasks))]
    rows += by_method(view, columns)
    notes = (
        "Error of the incumbent among the architectures of a run that keep the constraints, minus that of the best in the space (in the "
        "unit of the metric; the error itself where the space is not known): means over the runs that have one, with "
        "95 % intervals; in brackets the runs that have none. The least of a column in bold, where every run has one.",
    )
    heads = (Column("method", "l"), *(Column(task.name) for task in tasks))
    title = f"Regret under the constraints at {budget_words(view.analysis)}"
    return Table("constrained", title, heads, tuple(rows), (notes,))


def _without(runs: FrontRuns | None) -> int:
    return 0 if runs is None else int(np.isnan(runs.constrained).sum())
