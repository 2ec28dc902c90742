"""Regret as the search goes on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from reports.figures.style import INK, Look, legend, panels
from reports.results import Array, Results, TaskResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["anytime"]

POINTS = 70
"""Points of a curve: log-spaced, more would not be seen."""
AXES = {"queries": "queries", "cost_seconds": "simulated seconds", "epochs": "epochs"}


def anytime(
    results: Results,
    tasks: Sequence[TaskResults],
    looks: Mapping[str, Look],
    against: Literal["budget", "seconds"] = "budget",
) -> "Figure":
    """Draws median and quartiles of every method, one panel a task, on logarithmic axes.

    Args:
        results: The store.
        tasks: The panels.
        looks: How each method is drawn.
        against: Whether the axis is the budget or the simulated seconds.
    """
    figure, axes = panels(len(tasks), height=1.9)
    for panel, task in zip(axes, tasks, strict=True):
        _panel(panel, results, task, looks, against)
        panel.set_title(task.name, loc="left")
    figure.supylabel(f"validation regret [{tasks[0].unit}]", fontsize=8.5)
    figure.supxlabel(AXES[results.unit] if against == "budget" else "simulated seconds", fontsize=8.5)
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
    floor = _floor([*curves.values()])
    for place, (label, values) in enumerate(curves.items()):
        shown = np.maximum(values, floor)
        low, middle, high = _quartiles(shown)
        look = looks[label]
        panel.fill_between(grid, low, high, color=look.colour, alpha=0.13, linewidth=0)
        marks = np.unique(np.geomspace(1, len(grid), 7).astype(int) - 1)
        panel.plot(grid, middle, label=label, markevery=marks[place % 2 :].tolist(), **look.line)
    law = task.random_regret(grid) if against == "budget" and results.unit == "queries" else None
    if law is not None:
        panel.plot(grid, np.maximum(law, floor), color=INK, linewidth=1.0, label="random search, exact mean")
    panel.set(xscale="log", yscale="log", xlim=(grid[0], grid[-1]))
    panel.set_ylim(bottom=floor * 0.9)
    ticks = [t for t in panel.get_yticks() if floor * 1.5 < t]
    if floor_is_zero := any((values <= floor).any() for values in curves.values()):
        panel.set_yticks([floor, *ticks], ["0", *[f"{t:g}" for t in ticks]])
    else:
        panel.set_yticks(ticks, [f"{t:g}" for t in ticks])
    if not floor_is_zero:
        panel.set_ylim(bottom=None)
    top = max(float(np.nanmax(v)) for v in curves.values())
    panel.set_ylim(floor * 0.9 if floor_is_zero else None, top * 1.05)


def _quartiles(values: Array) -> Array:
    """3 x g quartiles, NaN where some run has not begun."""
    return np.asarray(np.quantile(values, [0.25, 0.5, 0.75], axis=0))


def _floor(curves: Sequence[Array]) -> float:
    """Where a regret of zero is drawn on a logarithmic axis: at half the least positive regret seen."""
    positive = [float(v[v > 1e-9].min()) for v in curves if (v > 1e-9).any()]
    return min(positive) / 2 if positive else 1e-3
