"""Hypervolumes: the table, the ranks, and the figure over the budget."""

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.reports.document import Cell, Column, Figure, Paragraph, Table
from equipoise.reports.drawing.look import Look
from equipoise.reports.figures.fronts import FRONT, RANDOM, volumes
from equipoise.reports.fronts import TaskFronts
from equipoise.reports.phrases import interval, number
from equipoise.reports.sections.answer import budget_words
from equipoise.reports.sections.front_view import FrontView, by_method, column, within
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["best_by_rank", "hypervolume_figure", "hypervolume_ranks", "hypervolume_table"]

POINTS = 40
DIGITS = 4
"""Behind the point of a hypervolume."""


def hypervolume_table(view: FrontView, tasks: Sequence[TaskFronts]) -> Table:
    """Hypervolumes at the budget beside random search and the exact front."""
    most = np.array([task.volume if np.isfinite(task.volume) else 1.0 for task in tasks])
    means = within(view.analysis.estimated(view.cube(tasks, "volumes")), most)
    queries = view.analysis.results.unit == "queries"
    expected = [_expected(task, int(view.analysis.results.limit)) if queries else (np.nan, 0.0) for task in tasks]
    rows = by_method(view, [column(means, place, np.nanmax, DIGITS) for place in range(len(tasks))])
    at_random = [
        Cell(f"{number(mean, DIGITS)}{f' ± {number(error, DIGITS)}' if error else ''}", mean)
        for mean, error in expected
    ]
    rows.append((Cell(RANDOM), *at_random))
    rows.append((Cell(FRONT), *(Cell(number(task.volume, DIGITS), task.volume) for task in tasks)))
    columns = (Column("method", "l"), *(Column(task.name) for task in tasks))
    notes = (
        "Means over runs with 95 % intervals over seeds; the largest of each column in bold. The expectation of random "
        "search without replacement is computed from the table: exactly, or, where ± stands, at the points of randomly "
        "shifted lattices, with the standard error that these leave.",
    )
    title = f"Hypervolume at {budget_words(view.analysis)}"
    return Table("hypervolume", title, columns, tuple(rows), (notes,))


def _expected(task: TaskFronts, queries: int) -> tuple[float, float]:
    """The expected hypervolume of random search and its standard error, 0 where it is exact."""
    if task.random is None:
        return np.nan, 0.0
    return float(task.random.mean(queries)), float(task.random.standard_error(queries))


def hypervolume_ranks(view: FrontView, tasks: Sequence[TaskFronts]) -> Paragraph:
    """Average ranks by hypervolume over the tasks."""
    ranks = view.analysis.frameworks.averaged_ranks(-view.cube(tasks, "volumes"))
    order = [m for m in np.argsort(ranks.value, kind="stable") if np.isfinite(ranks.value[m])]
    said = ", ".join(
        f"{view.labels[m]} {number(float(ranks.value[m]), 2)} "
        f"{interval(float(ranks.low[m]), float(ranks.high[m]), 2)}".strip()
        for m in order
    )
    return Paragraph((f"Average rank of one run by hypervolume, mean over tasks, 1 is best: {said}.",))


def best_by_rank(view: FrontView, tasks: Sequence[TaskFronts]) -> list[str]:
    """The methods by average rank on hypervolume, best first; those without one last."""
    ranks = view.analysis.frameworks.averaged_ranks(-view.cube(tasks, "volumes"))
    return [view.labels[m] for m in np.argsort(ranks.value, kind="stable")]


def hypervolume_figure(view: FrontView, tasks: Sequence[TaskFronts], looks: Mapping[str, Look]) -> Figure:
    """Missing hypervolume over the budget."""
    results = view.analysis.results
    kept = np.unique(np.geomspace(1, len(results.grid), POINTS).round().astype(int)) - 1
    grid, repeats = results.grid[kept], results.repeats
    curves: dict[str, dict[str, Estimate]] = {}
    for task in tasks:
        there = [label for label in looks if label in task.runs]
        cube = np.full((len(there), len(kept), repeats), np.nan)
        for method, label in enumerate(there):
            cube[method][:, task.runs[label].numbers - 1] = task.runs[label].volumes[:, kept].T
        means = within(view.analysis.estimated(cube), 1.0)
        parts = (means.value, means.low, means.high)
        curves[task.name] = {label: Estimate(*(part[m] for part in parts)) for m, label in enumerate(there)}
    ends = "; ".join(
        f"{task.name}: "
        + ", ".join(f"{label} {number(float(each.value[-1]), DIGITS)}" for label, each in curves[task.name].items())
        for task in tasks
    )
    return Figure(
        "hypervolume",
        "Missing hypervolume against the budget",
        f"Hypervolume at the budget: {ends}.",
        (
            "Share of the exact front's hypervolume that the runs miss: mean with 95 % interval over seeds, both axes "
            "logarithmic, lower is better. The thin black line is the expectation of random search.",
        ),
        lambda style: volumes(style, tasks, curves, grid, looks, results.unit),
        lambda: [
            ("task", "method", results.unit, "hypervolume", "low", "high"),
            *(
                (task, label, *row)
                for task, methods in curves.items()
                for label, each in methods.items()
                for row in zip(grid, each.value, each.low, each.high, strict=True)
            ),
        ],
    )
