"""Where one of two methods attains more than the other: the difference of their attainment functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import INK, Look
from equipoise.reports.drawing.panel import Panel, Scale, round_ticks, short_number
from equipoise.reports.drawing.style import Style
from equipoise.reports.figures.fronts import ABOVE, BELOW, ROW, axis_title, panels, staircase, surface_in_units
from equipoise.reports.fronts import TaskFronts
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.attainment import attained

__all__ = ["Difference", "differences", "draw_differences"]

COLUMNS, ROWS = 40, 28
"""Cells of a panel, at the middle of which the difference is read."""
LEAST = 0.1
"""Differences below it are left blank."""
AHEAD = ("#0b5394", "#f07f2e")
"""Colours of the first and of the second method: those of two looks may be hard to tell apart as areas."""
STEPS = 5
"""Shades between no and full difference."""


@dataclass(frozen=True)
class Difference:
    """The difference on one task: a panel.

    Attributes:
        task: The task.
        edges: Of the cells in each objective, in its unit.
        values: COLUMNS x ROWS: share of the runs of the first method that attain the middle of a cell, minus that of
            the second.
    """

    task: TaskFronts
    edges: tuple[Array, Array]
    values: Array


def differences(tasks: Sequence[TaskFronts], first: str, second: str) -> list[Difference]:
    """The differences on the tasks where both methods have runs, within the box of the hypervolume."""
    found = []
    for task in tasks:
        if first in task.runs and second in task.runs:
            exact = [] if task.front is None else [task.front]
            points = np.concatenate([*task.runs[first].fronts, *task.runs[second].fronts, *exact])
            points = points[(points <= 1).all(axis=1)]
            low = points.min(axis=0) if len(points) else np.zeros(2)
            low = low - 0.03 * (1 - low)
            edges = [np.linspace(start, 1.0, count + 1) for start, count in zip(low, (COLUMNS, ROWS), strict=True)]
            middles = [(each[:-1] + each[1:]) / 2 for each in edges]
            shares = [attained(task.runs[label].fronts, *middles) for label in (first, second)]
            ends = surface_in_units(task, np.array([low, [1.0, 1.0]]))
            in_units = (np.linspace(ends[0, 0], ends[1, 0], COLUMNS + 1), np.linspace(ends[0, 1], ends[1, 1], ROWS + 1))
            found.append(Difference(task, in_units, shares[0] - shares[1]))
    return found


def draw_differences(style: Style, found: Sequence[Difference], first: str, second: str) -> Canvas:
    """Shades in blue where the first method attains more, and in orange where the second does."""
    shown = {first: Look(AHEAD[0], "", ()), second: Look(AHEAD[1], "", ())}
    canvas, place = panels(style, [one.task for one in found], list(shown.items()))
    for number, one in enumerate(found):
        left, top, width, _ = place(number)
        x = Scale(float(one.edges[0][0]), float(one.edges[0][-1]), left + 50, left + width - 8)
        y = Scale(float(one.edges[1][0]), float(one.edges[1][-1]), top + ROW - BELOW, top + ABOVE)
        panel = Panel(canvas, x, y)
        panel.title(one.task.name)
        for column, start, end, value in _boxes(one.values):
            colour = AHEAD[0] if value > 0 else AHEAD[1]
            ends = (*x(one.edges[0][[column, column + 1]]).tolist(), *y(one.edges[1][[start, end]]).tolist())
            canvas.box(ends[0], ends[3], ends[1], ends[2], colour, 0.85 * abs(value))
        for scale, ticks in ((x, panel.x_ticks), (y, panel.y_ticks)):
            low, high = sorted((scale.low, scale.high))
            marked = [tick for tick in round_ticks(low, high, 5) if low <= tick <= high]
            ticks(marked, [short_number(tick) for tick in marked], grid=False)
        panel.frame()
        panel.x_label(axis_title(one.task.scales[0].objective))
        panel.y_label(axis_title(one.task.scales[1].objective), 30)
        if one.task.front is not None:
            staircase(panel, surface_in_units(one.task, one.task.front), Look(INK, "", ()), 0.9)
    return canvas


def _boxes(values: Array) -> Iterator[tuple[int, int, int, float]]:
    """Yields column, first row, end and shade of the runs of equal shade along each column."""
    shades = np.where(np.abs(values) < LEAST, 0.0, np.round(values * STEPS) / STEPS)
    shades = np.where((shades == 0) & (np.abs(values) >= LEAST), np.sign(values) / STEPS, shades)
    for column, line in enumerate(shades):
        starts = np.concatenate([[0], np.flatnonzero(np.diff(line)) + 1, [len(line)]])
        for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            if line[start]:
                yield column, start, end, float(line[start])
