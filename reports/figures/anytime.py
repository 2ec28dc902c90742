"""Regret as the search goes on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from equipoise.reports.figures.style import INK, Look, legend, log_axis, panels
from equipoise.reports.results import Array, Results, TaskResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["anytime"]

COLUMNS = 3
POINTS = 70
"""Points of a curve: log-spaced, more would not be seen."""
AXES = {"queries": "queries", "cost_seconds": "simulated seconds", "epochs": "epochs"}


def anytime(
    results: Results,
    tasks: Sequence[TaskResults],
    looks: Mapping[str, Look],
    against: Literal["budget", "seconds"] = "budget",
    figure: "Figure | None" = None,
) -> "Figure":
    """Draws median and quartiles of every method, one panel a task, on logarithmic axes.

    Args:
        results: The store.
        tasks: The panels.
        looks: How each method is drawn.
        against: Whether the axis is the budget or the simulated seconds.
        figure: An empty one to fill; a new one if None.
    """
    figure, axes = panels(len(tasks), height=1.9, columns=COLUMNS, figure=figure)
    for panel, task in zip(axes, tasks, strict=True):
        _panel(panel, results, task, looks, against)
        panel.set_title(task.name, loc="left", fontsize=8)
    for place, panel in enumerate(axes):
        if place % COLUMNS == 0:
            panel.set_ylabel(f"regret [{tasks[place].unit}]", fontsize=8)
        if place + COLUMNS >= len(axes):
            panel.set_xlabel(AXES[results.unit] if against == "budget" else "simulated seconds", fontsize=8)
    legend(figure, max(axes, key=lambda panel: len(panel.get_legend_handles_labels()[0])))
    return figure


def _panel(
    panel: "Axes", results: Results, task: TaskResults, looks: Mapping[str, Look], against: Literal["budget", "seconds"]
) -> None:
    grid = results.grid if against == "budget" else task.seconds_grid
    kept = np.unique(np.geomspace(1, len(grid), POINTS).round().astype(int)) - 1 if against == "budget" else ...
    curves = {
        label: (task.runs[label].regret if against == "budget" else task.runs[label].seconds_regret)[:, kept]
        for label in results.labels
        if label in task.runs
    }
    grid = grid[kept]
    law = task.random_regret(grid) if against == "budget" and results.unit == "queries" else None
    quartiles = {label: _quartiles(values) for label, values in curves.items()}
    floor, top = _ends([*quartiles.values(), *([] if law is None else [law])])
    for place, (label, values) in enumerate(quartiles.items()):
        low, middle, high = np.maximum(values, floor)
        look = looks[label]
        panel.fill_between(grid, low, high, color=look.colour, alpha=0.13, linewidth=0)
        marks = np.unique(np.geomspace(1, len(grid), 7).astype(int) - 1)
        panel.plot(grid, middle, label=label, markevery=marks[place % 2 :].tolist(), **look.line)
    if law is not None:
        panel.plot(grid, np.maximum(law, floor), color=INK, linewidth=1.0, label="random search, exact mean")
    panel.set(xscale="log", yscale="log", ylim=(floor * 0.85, top * 1.15))
    if grid[-1] > grid[0]:
        panel.set_xlim(grid[0], grid[-1])
    log_axis(panel.xaxis)
    ticks = [t for e in range(-9, 10) for t in (1e1**e, 3e0 * 1e1**e) if floor * 1.9 < t <= top * 1.15]
    ticks = [t for t in ticks if f"{t:e}"[0] == "1"] if len(ticks) > 5 else ticks
    panel.set_yticks([floor, *ticks], ["0", *[f"{t:g}" for t in ticks]])
    panel.yaxis.set_minor_formatter("")


def _quartiles(values: Array) -> Array:
    """3 x g quartiles, NaN where some run has not begun."""
    return np.asarray(np.quantile(values, [0.25, 0.5, 0.75], axis=0))


def _ends(curves: Sequence[Array]) -> tuple[float, float]:
    """Ends of the axis. The lower one stands for zero: half the least positive regret, but no less than top / 3000."""
    known = np.concatenate([values[np.isfinite(values)].ravel() for values in curves])
    positive = known[known > 1e-9]
    if not positive.size:
        return 1e-3, 1.0
    top = float(positive.max())
    return max(float(positive.min()) / 2, top / 3000), top
