"""Attainment: what shares of the runs reach, and where two methods differ."""

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.reports.document import Cell, Column, Figure, Table
from equipoise.reports.drawing.look import Look
from equipoise.reports.figures.attainment_difference import differences, draw_differences
from equipoise.reports.figures.fronts import MOST_BANDS, SHARES, surface_in_units, surfaces
from equipoise.reports.fronts import TaskFronts
from equipoise.reports.phrases import name
from equipoise.reports.statistics.attainment import attainment_surface, largest_difference

__all__ = ["attainment_difference_figure", "attainment_differences", "attainment_figure"]


def attainment_figure(tasks: Sequence[TaskFronts], looks: Mapping[str, Look]) -> Figure:
    """The attainment surfaces of two objectives, task by task."""

    def rows() -> list[Sequence[object]]:
        found: list[Sequence[object]] = [("task", "method", "share", *(s.objective.name for s in tasks[0].scales))]
        for task in tasks:
            for label, runs in task.runs.items():
                for share in SHARES:
                    corners = surface_in_units(task, attainment_surface(runs.fronts, share))
                    found += [(task.name, label, share, *corner) for corner in corners.tolist()]
            if task.front is not None:
                found += [
                    (task.name, "exact front", 1, *corner) for corner in surface_in_units(task, task.front).tolist()
                ]
        return found

    first, second = (scale.objective.name for scale in tasks[0].scales)
    thin = any(len(task.runs) <= MOST_BANDS for task in tasks)
    beside = (
        f" Thin, on tasks with up to {MOST_BANDS} methods: the points that 10 % and 90 % of them attain."
        if thin
        else " The points that 10 % and 90 % of them attain are in the data beside the figure."
    )
    return Figure(
        "attainment",
        f"{'10, 50 and 90 %' if thin else 'Median'} attainment surfaces",
        f"{second} against {first}. The table of hypervolumes and that of differences tell the same in numbers.",
        (
            f"Thick: the points that half of the runs attain or dominate.{beside} Black: the exact front. Lower and further "
            "left is better.",
        ),
        lambda style: surfaces(style, tasks, looks),
        rows,
    )


def attainment_difference_figure(first: str, second: str, tasks: Sequence[TaskFronts]) -> Figure | None:
    """The difference of the attainment functions of two methods; None where no task has runs of both."""
    found = differences(tasks, first, second)
    if not found:
        return None
    ends = "; ".join(
        f"{one.task.name}: {100 * max(0.0, one.values.max()):.0f} and {100 * max(0.0, -one.values.min()):.0f}"
        for one in found
    )
    return Figure(
        "attainment-difference",
        f"Difference of the attainment functions of {first} and {second}",
        f"The largest shares in percentage points by which {first} and {second} are ahead on the grid: {ends}.",
        (
            "Where a larger share of the runs of one method attains or dominates a point, the point has its colour: the "
            "stronger, the larger the difference (blank below 10 points). Black: the exact front. The two methods have the best "
            "average ranks by hypervolume.",
        ),
        lambda style: draw_differences(style, found, first, second),
        lambda: [
            ("task", *(scale.objective.name for scale in found[0].task.scales), "difference"),
            *(
                (one.task.name, float(x), float(y), float(one.values[i, j]))
                for one in found
                for i, x in enumerate((one.edges[0][:-1] + one.edges[0][1:]) / 2)
                for j, y in enumerate((one.edges[1][:-1] + one.edges[1][1:]) / 2)
                if one.values[i, j]
            ),
        ],
    )


def attainment_differences(labels: Sequence[str], tasks: Sequence[TaskFronts]) -> Table:
    """The largest differences of attainment functions between the method of largest hypervolume and each other."""
    rows = []
    for task in tasks:
        there = [label for label in labels if label in task.runs]
        best = max(there, key=lambda label: float(task.runs[label].volumes[:, -1].mean()))
        for other in there:
            if other != best:
                ahead = largest_difference(task.runs[best].fronts, task.runs[other].fronts)
                cells = []
                for each in ahead:
                    point = surface_in_units(task, np.array([each.point]))[0]
                    at = ", ".join(
                        f"{scale.objective.name} {value:.4g} {scale.objective.unit}".strip()
                        for scale, value in zip(task.scales, point, strict=True)
                    )
                    text = f"{abs(100 * each.difference):.0f} points at {at}" if each.difference else "nowhere"
                    cells.append(Cell(text, abs(each.difference)))
                rows.append((name(task.name), name(best), name(other), *cells))
    return Table(
        "attainment-differences",
        "Where the method of largest hypervolume and each other one differ most by their attainment functions",
        (*(Column(title, "l") for title in ("task", "largest", "other", "largest ahead most", "other ahead most")),),
        tuple(rows),
        (
            (
                "Difference of the shares of runs that attain the point, in percentage points. A method can be ahead in one "
                "part of the plane and behind in another.",
            ),
        ),
    )
