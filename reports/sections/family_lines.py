"""Lines of the forest plots of the families: tasks, search spaces, overall."""

from collections.abc import Sequence

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.figures.forest import Line
from equipoise.reports.statistics.families import Effect
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["all_lines", "lines_data", "overall_lines"]


def all_lines(analysis: Analysis, effect: Effect) -> list[Line]:
    """One line per task, then those of `overall_lines`."""
    tasks = [task.title for task in analysis.results.tasks]
    return [
        *(_line(title, effect.per_task, place) for place, title in enumerate(tasks)),
        *overall_lines(analysis, effect),
    ]


def overall_lines(analysis: Analysis, effect: Effect) -> list[Line]:
    """One line per search space, and the overall one."""
    lines = []
    for space in analysis.results.spaces:
        if space in effect.clusters:
            lines.append(_line(f"space: {space}", effect.per_cluster, effect.clusters.index(space), strong=True))
        else:
            lines.append(Line(f"space: {space}", np.nan, np.nan, np.nan, strong=True))
    return [*lines, _line("overall", effect.overall, (), strong=True)]


def _line(title: str, estimate: Estimate, where: int | tuple[()], strong: bool = False) -> Line:
    value, low, high = (float(part[where]) for part in (estimate.value, estimate.low, estimate.high))
    return Line(title, value, low, high, strong)


def lines_data(panels: Sequence[tuple[str, Sequence[Line]]]) -> list[Sequence[object]]:
    """The numbers of a forest plot."""
    rows: list[Sequence[object]] = [("panel", "line", "difference", "low", "high")]
    return rows + [(title, line.title, line.value, line.low, line.high) for title, lines in panels for line in lines]
