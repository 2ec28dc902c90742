"""Hypervolume against the budget, and attainment surfaces."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from equipoise.harness.core.task_info import Objective
from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import INK, Look
from equipoise.reports.drawing.panel import Panel, Scale, legend, legend_height, log_ticks, round_ticks, short_number
from equipoise.reports.drawing.style import Style
from equipoise.reports.figures.anytime import AXES
from equipoise.reports.fronts import TaskFronts
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.attainment import attainment_surface
from equipoise.reports.statistics.resampling import Estimate

__all__ = [
    "ABOVE",
    "BELOW",
    "FRONT",
    "MOST_BANDS",
    "RANDOM",
    "ROW",
    "SHARES",
    "axis_title",
    "missing_volume",
    "panels",
    "staircase",
    "surface_in_units",
    "surfaces",
    "volumes",
]

SHARES = (0.1, 0.5, 0.9)
MOST_BANDS = 3
"""Methods up to which a panel has the surfaces at 10 and 90 %."""
RANDOM, FRONT = "random search, expected", "exact front"
ROW, ABOVE, BELOW = 168.0, 16.0, 40.0
Curves = Mapping[str, Mapping[str, Estimate]]
"""For each task and method, the mean hypervolume at the points of the grid."""


def missing_volume(task: TaskFronts, volume: Array) -> Array:
    """The share of the exact front's hypervolume that is missing; of the box, where that front is unknown."""
    whole = task.volume if np.isfinite(task.volume) else 1.0
    return np.maximum(1 - np.asarray(volume) / whole, 1e-6)


def volumes(
    style: Style, tasks: Sequence[TaskFronts], curves: Curves, grid: Array, looks: Mapping[str, Look], unit: str
) -> Canvas:
    """Draws the missing hypervolume of every method with its interval, one panel per task.

    Args:
        style: Sizes and fonts.
        tasks: The panels.
        curves: See `Curves`.
        grid: Amounts of budget.
        looks: Appearance of each method.
        unit: Of the budget.
    """
    canvas, place = panels(style, tasks, [(label, looks[label]) for label in _labels(tasks, looks)] + _line(RANDOM))
    for number, task in enumerate(tasks):
        left, top, width, last = place(number)
        shown = {label: missing_volume(task, each.value) for label, each in curves[task.name].items()}
        random = None if task.random is None or unit != "queries" else missing_volume(task, task.random.mean(grid))
        every = np.concatenate([*shown.values(), *([] if random is None else [random])])
        low, high = float(every.min()) * 0.85, min(1.0, float(every.max()) * 1.1)
        x = Scale(float(grid[0]), float(max(grid[-1], grid[0] * 1.01)), left + 46, left + width - 6, log=True)
        panel = Panel(canvas, x, Scale(low, high, top + ROW - BELOW, top + ABOVE, log=True))
        panel.title(task.name)
        panel.x_ticks(log_ticks(float(grid[0]), float(grid[-1])))
        panel.y_ticks([tick for tick in log_ticks(low, high) if low <= tick <= high])
        panel.frame()
        panel.y_label("missing hypervolume", 26)
        for order, (label, each) in enumerate(curves[task.name].items()):
            if np.isfinite([each.low, each.high]).all():
                least, most = (np.clip(missing_volume(task, end), low, high) for end in (each.high, each.low))
                panel.band(grid, least, most, looks[label].colour, 0.13)
            marks = np.unique(np.geomspace(1, len(grid), 7).astype(int) - 1)[order % 2 :]
            panel.curve(grid, shown[label], looks[label], marks.tolist())
        if random is not None:
            panel.curve(grid, random, Look(INK, "", ()), width=1.0)
        if last:
            panel.x_label(AXES[unit])
    return canvas


def surfaces(style: Style, tasks: Sequence[TaskFronts], looks: Mapping[str, Look]) -> Canvas:
    """Draws median attainment surfaces, those at 10 and 90 % as thin lines where they fit, and the exact front."""
    canvas, place = panels(style, tasks, [(label, looks[label]) for label in _labels(tasks, looks)] + _line(FRONT))
    for number, task in enumerate(tasks):
        left, top, width, _ = place(number)
        first, second = task.scales
        lines = {
            (label, share): surface_in_units(task, attainment_surface(task.runs[label].fronts, share))
            for label in task.runs
            for share in (SHARES if len(task.runs) <= MOST_BANDS else SHARES[1:2])
        }
        front = None if task.front is None else surface_in_units(task, task.front)
        every = np.concatenate([*lines.values(), *([] if front is None else [front])])
        inside = every[_within(task, every)]
        every = inside if len(inside) > 1 else every
        (x0, y0), (x1, y1) = every.min(axis=0), every.max(axis=0)
        pad = 0.04 * np.array([x1 - x0 or 1.0, y1 - y0 or 1.0])
        x = Scale(float(x0 - pad[0]), float(x1 + pad[0]), left + 50, left + width - 8)
        y = Scale(float(y0 - pad[1]), float(y1 + pad[1]), top + ROW - BELOW, top + ABOVE)
        panel = Panel(canvas, x, y)
        panel.title(task.name)
        ticks = [[t for t in round_ticks(s.low, s.high, 5) if s.low <= t <= s.high] for s in (x, y)]
        panel.x_ticks(ticks[0], [short_number(tick) for tick in ticks[0]])
        panel.y_ticks(ticks[1], [short_number(tick) for tick in ticks[1]])
        panel.frame()
        panel.x_label(axis_title(first.objective))
        panel.y_label(axis_title(second.objective), 30)
        for (label, share), corners in lines.items():
            staircase(panel, corners, looks[label], 1.6 if share == 0.5 else 0.5)
        if front is not None:
            staircase(panel, front, Look(INK, "", ()), 0.9)
    return canvas


def surface_in_units(task: TaskFronts, corners: Array) -> Array:
    """Normalised points in the units of the objectives."""
    spans = np.array([[scale.ideal, scale.reference - scale.ideal] for scale in task.scales])
    return np.asarray(corners * spans[:, 1] + spans[:, 0])


def _within(task: TaskFronts, points: Array) -> Array:
    normal = np.stack([scale(points[:, place]) for place, scale in enumerate(task.scales)], axis=1)
    return np.asarray((normal <= 1).all(axis=1))


def staircase(panel: Panel, corners: Array, look: Look, width: float) -> None:
    """Draws a surface: it runs along the second axis at each corner, then along the first to the next one."""
    inside = corners[(corners <= (panel.x.high, panel.y.high)).all(axis=1)]
    if not len(inside):
        return
    order = inside[np.argsort(inside[:, 0], kind="stable")]
    xs, ys = np.repeat(order[:, 0], 2), np.repeat(order[:, 1], 2)
    panel.curve([*xs, panel.x.high], [panel.y.high, *ys], look, width=width)


def axis_title(objective: Objective) -> str:
    """The name of an objective with its unit."""
    name = objective.name.replace("_", " ")
    return f"{name} [{objective.unit}]" if objective.unit else name


def _labels(tasks: Sequence[TaskFronts], looks: Mapping[str, Look]) -> list[str]:
    return [label for label in looks if any(label in task.runs for task in tasks)]


def _line(text: str) -> list[tuple[str, Look]]:
    return [(text, Look(INK, "", ()))]


Place = Callable[[int], tuple[float, float, float, bool]]
"""Number of a panel to its left, its top, its width, and whether none is below it."""


def panels(style: Style, tasks: Sequence[TaskFronts], entries: list[tuple[str, Look]]) -> tuple[Canvas, Place]:
    """A canvas with a legend below, and the places of one panel per task."""
    columns = max(1, min(len(tasks), int(style.width // 190)))
    rows = -(-len(tasks) // columns)
    canvas = Canvas(style.width, rows * ROW + legend_height(style, [label for label, _ in entries]), style)
    width = style.width / columns

    def place(number: int) -> tuple[float, float, float, bool]:
        return (number % columns) * width, (number // columns) * ROW, width, number + columns >= len(tasks)

    legend(canvas, rows * ROW, entries)
    return canvas, place
