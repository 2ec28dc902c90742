"""Curves of regret as a matplotlib figure, for notebooks: real axes that a user may change."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.reports.drawing.look import FAINT, INK, PAPER, looks
from equipoise.reports.figures.anytime import AXES, BASELINE, curves
from equipoise.reports.results import Results, TaskResults

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["anytime_plot"]

COLUMNS = 3


def anytime_plot(figure: "Figure", results: Results, tasks: Sequence[TaskResults]) -> "Figure":
    """Draws median and quartiles of every method, one panel per task, on logarithmic axes (regret: linear below 0.1).

    Args:
        figure: An empty one to fill.
        results: The store.
        tasks: The panels.
    """
    columns = min(COLUMNS, len(tasks))
    rows = -(-len(tasks) // columns)
    figure.set_size_inches(3.0 * columns if columns > 1 else 4.0, 2.3 * rows + 0.9)
    figure.set_layout_engine("constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in axes[len(tasks) :]:
        spare.remove()
    for axis, task in zip(axes, tasks, strict=False):
        _panel(axis, results, task)
    handles: dict[str, Any] = {}
    for axis in axes[: len(tasks)]:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower center", ncols=columns, fontsize=8, frameon=False
    )
    return figure


def _panel(axis: "Axes", results: Results, task: TaskResults) -> None:
    look = looks(results.families)
    grid, quartiles, baseline = curves(results, task, "budget")
    for label, (low, middle, high) in quartiles.items():
        drawn = look[label]
        axis.fill_between(grid, low, high, color=drawn.colour, alpha=0.13, linewidth=0)
        marks = np.unique(np.geomspace(1, len(grid), 7).astype(int) - 1).tolist()
        style = (0, drawn.dashes) if drawn.dashes else "-"
        axis.plot(
            grid, middle, label=label, color=drawn.colour, marker=drawn.marker, markevery=marks, linestyle=style,
            markeredgecolor=PAPER, markeredgewidth=0.35, markersize=5,
        )  # fmt: skip
    if baseline is not None:
        axis.plot(grid, baseline, color=INK, linewidth=1.0, label=BASELINE)
    axis.set(xscale="log", xlabel=AXES[results.unit], ylabel=f"regret [{task.unit}]")
    axis.set_yscale("symlog", linthresh=0.1)
    axis.set_ylim(bottom=0)
    axis.set_title(task.title, loc="left", fontsize=8)
    axis.grid(color=FAINT, linewidth=0.6)
    axis.set_axisbelow(True)
