"""Distances of the runs to the exact front."""

from collections.abc import Sequence

import numpy as np

from equipoise.reports.document import Cell, Column, Table
from equipoise.reports.fronts import TaskFronts
from equipoise.reports.phrases import name
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.sections.front_view import FrontView, row, within

__all__ = ["front_distance"]


def front_distance(view: FrontView, tasks: Sequence[TaskFronts]) -> Table:
    """IGD+, additive epsilon and, for two objectives, R2."""
    rows = []
    measures = [("igd_plus", "IGD+"), ("epsilon", "epsilon")]
    for what, title in measures + [("r2", "R2")] * (len(view.found.names) == 2):
        means = within(view.analysis.estimated(view.cube(tasks, what)), np.inf)
        rows += [(name(task.name), Cell(title), *row(means, place, np.nanmin)) for place, task in enumerate(tasks)]
    notes = (
        "IGD+ is the mean distance from the exact front to what a run dominates, epsilon the least amount by which its "
        "points must improve to dominate that front, R2 the mean loss over weights of the objectives (weighted maximum) against "
        "that front, for two objectives; all in the normalised objectives, smaller is better, 0 is the "
        "front itself.",
    )
    columns = (Column("task", "l"), Column("distance", "l"), *map(Column, view.labels))
    title = f"Distance to the exact front at {budget_words(view.analysis)}"
    return Table("front-distance", title, columns, tuple(rows), (notes,))
