"""Regret against the budget."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import INK, Look
from equipoise.reports.drawing.panel import Panel, Scale, legend, legend_height, log_ticks
from equipoise.reports.drawing.style import Style
from equipoise.reports.results import Results, TaskResults
from equipoise.reports.statistics.arrays import Array

__all__ = ["AXES", "Against", "anytime", "anytime_data"]

Against = Literal["budget", "unique", "seconds"]
"""The horizontal axis: the budget as charged, distinct architectures, or simulated training time."""

POINTS = 70
"""Points of a curve: log-spaced, more would not be seen."""
AXES = {"queries": "queries", "cost_seconds": "simulated training time [s]", "epochs": "epochs"}
BASELINE = "random search, exact mean"
ROW, ABOVE, BELOW = 138.0, 16.0, 34.0


def anytime(
    style: Style,
    results: Results,
    tasks: Sequence[TaskResults],
    looks: Mapping[str, Look],
    against: Against = "budget",
) -> Canvas:
    """Draws median and quartiles of every method, one panel per task, on logarithmic axes.

    Args:
        style: Sizes and fonts.
        results: The store.
        tasks: The panels.
        looks: Appearance of each method.
        against: The axis.
    """
    columns = max(1, min(len(tasks), int(style.width // 165)))
    rows = -(-len(tasks) // columns)
    shown = [label for label in results.labels if any(label in task.runs for task in tasks)]
    entries = [(label, looks[label]) for label in shown]
    if against != "seconds" and results.unit == "queries" and any(task.baseline is not None for task in tasks):
        entries.append((BASELINE, Look(INK, "", ())))
    height = rows * ROW + legend_height(style, [label for label, _ in entries])
    canvas = Canvas(style.width, height, style)
    beside = 0.0 if len({task.unit for task in tasks}) > 1 else 12.0
    cell = (style.width - beside) / columns
    for place, task in enumerate(tasks):
        left, top = beside + (place % columns) * cell, (place // columns) * ROW
        _panel(canvas, results, task, looks, against, (left, top, cell))
        middle = (2 * top + ROW) / 2
        if place % columns == 0 or not beside:
            canvas.text(
                left - 2 if beside else left + 9, middle, f"regret [{task.unit}]", style.small, INK, "middle", angle=90
            )
        if place + columns >= len(tasks):
            text = _axis(results, against)
            canvas.text(left + cell / 2 + 14, top + ROW - 7, text, style.small, INK, "middle")
    legend(canvas, rows * ROW, entries)
    return canvas


def _axis(results: Results, against: Against) -> str:
    if against == "unique":
        return "unique architectures"
    return AXES[results.unit] if against == "budget" else "simulated training time [s]"


def _panel(
    canvas: Canvas,
    results: Results,
    task: TaskResults,
    looks: Mapping[str, Look],
    against: Against,
    place: tuple[float, float, float],
) -> None:
    grid, quartiles, baseline = curves(results, task, against)
    floor, top = _ends([*quartiles.values(), *([] if baseline is None else [baseline])])
    left, above, width = place
    x = Scale(float(grid[0]), float(max(grid[-1], grid[0] * 1.01)), left + 40, left + width - 6, log=True)
    y = Scale(floor * 0.85, top * 1.15, above + ROW - BELOW, above + ABOVE, log=True)
    panel = Panel(canvas, x, y)
    panel.title(task.title)
    panel.x_ticks(log_ticks(float(grid[0]), float(grid[-1])))
    ticks = [t for e in range(-9, 10) for t in (1e1**e, 3e0 * 1e1**e) if floor * 1.9 < t <= top * 1.15]
    ticks = [t for t in ticks if f"{t:e}"[0] == "1"] if len(ticks) > 5 else ticks
    panel.y_ticks([floor, *ticks], ["0", *[f"{t:g}" for t in ticks]])
    panel.frame()
    for label, (low, _, high) in quartiles.items():
        panel.band(grid, np.maximum(low, floor), np.maximum(high, floor), looks[label].colour, 0.13)
    for order, (label, (_, middle, _)) in enumerate(quartiles.items()):
        marks = np.unique(np.geomspace(1, len(grid), 7).astype(int) - 1)[order % 2 :]
        panel.curve(grid, np.maximum(middle, floor), looks[label], marks.tolist())
    if baseline is not None:
        panel.curve(grid, np.maximum(baseline, floor), Look(INK, "", ()), width=1.0)


def anytime_data(results: Results, tasks: Sequence[TaskResults], against: Against) -> list[Sequence[object]]:
    """The numbers of all panels."""
    rows: list[Sequence[object]] = [("task", "method", against, "lower quartile", "median", "upper quartile")]
    for task in tasks:
        grid, quartiles, baseline = curves(results, task, against)
        for label, values in quartiles.items():
            rows += [(task.name, label, *numbers) for numbers in zip(grid, *values, strict=True)]
        if baseline is not None:
            rows += [(task.name, BASELINE, x, "", y, "") for x, y in zip(grid, baseline, strict=True)]
    return rows


def curves(results: Results, task: TaskResults, against: Against) -> tuple[Array, dict[str, Array], Array | None]:
    """The amounts, the quartiles of each method there (3 x g, NaN where some run has not begun), and the baseline."""
    grid = {"budget": results.grid, "unique": task.unique_grid, "seconds": task.seconds_grid}[against]
    kept = np.arange(len(grid))
    if against == "budget":
        kept = np.unique(np.geomspace(1, len(grid), POINTS).round().astype(int)) - 1
    values = {}
    for label in results.labels:
        if (runs := task.runs.get(label)) is not None:
            of_axis = {"budget": runs.regret, "unique": runs.unique_regret, "seconds": runs.seconds_regret}
            values[label] = of_axis[against][:, kept]
            if against == "budget" and results.unit != "queries":  # before that, nothing had been trained
                values[label] = np.where(kept < runs.begins[:, None], np.nan, values[label])
    grid = grid[kept]
    baseline = task.random_regret(grid) if against != "seconds" and results.unit == "queries" else None
    return grid, {label: np.quantile(runs, [0.25, 0.5, 0.75], axis=0) for label, runs in values.items()}, baseline


def _ends(found: Sequence[Array]) -> tuple[float, float]:
    """Ends of the axis. The lower one stands for zero: half the least positive regret, but no less than top / 3000."""
    known = np.concatenate([values[np.isfinite(values)].ravel() for values in found])
    positive = known[known > 1e-9]
    if not positive.size:
        return 1e-3, 1.0
    top = float(positive.max())
    return max(float(positive.min()) / 2, top / 3000), top
