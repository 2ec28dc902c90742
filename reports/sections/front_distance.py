"""Distances of the runs to the exact front."""

from collections.abc import Sequence

import numpy as np

from equipoise.reports.document import Cell, Column, Table
from equipoise.reports.fronts import TaskFronts
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.sections.front_view import FrontView, by_method, column, within

__all__ = ["front_distance"]


def front_distance(view: FrontView, tasks: Sequence[TaskFronts]) -> Table:
    """IGD+, additive epsilon and, for two objectives, R2."""
    rows = list[tuple[Cell, ...]]()
    measures = [("igd_plus", "IGD+"), ("epsilon", "epsilon")]
    for what, title in measures + [("r2", "R2")] * (len(view.found.names) == 2):
        means = within(view.analysis.estimated(view.cube(tasks, what)), np.inf)
        columns = [column(means, place, np.nanmin) for place in range(len(tasks))]
        rows += by_method(view, columns, Cell(title))
    notes = (
        "IGD+ is the mean distance from the exact front to what a run dominates, epsilon the least amount by which its "
        "points must improve to dominate that front, R2 the mean loss over weights of the objectives (weighted maximum) against "
        "that front, for two objectives; all in the normalised objectives, smaller is better, 0 is the "
        "front itself.",
    )
    heads = (Column("distance", "l"), Column("method", "l"), *(Column(task.name) for task in tasks))
    title = f"Distance to the exact front at {budget_words(view.analysis)}"
    return Table("front-distance", title, heads, tuple(rows), (notes,))
