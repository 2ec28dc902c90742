"""Forest plots: what is drawn of an interval, where it has no ends and where the axis cuts it."""

import numpy as np
import pytest

from equipoise.reports.drawing.canvas import Canvas, Shape
from equipoise.reports.drawing.look import MUTED, PALETTE
from equipoise.reports.drawing.style import STYLES
from equipoise.reports.figures.forest import Line, forest

COLOURS = (MUTED, PALETTE["nas"][0], PALETTE["hpo"][0])


def drawn(*lines: Line) -> Canvas:
    return forest(STYLES["report"], [("family mean", lines)], "NAS", "HPO", 0.1, "points")


def intervals(canvas: Canvas) -> list[Shape]:
    """The lines of intervals: level, and thicker than the axis."""
    found = [item for item in canvas.items if isinstance(item, Shape) and item.stroke in COLOURS and item.width > 1]
    return [one for one in found if len(one.parts[0]) == 2 and one.parts[0][0][1] == one.parts[0][1][1]]


def arrowheads(canvas: Canvas) -> list[Shape]:
    return [
        item for item in canvas.items if isinstance(item, Shape) and item.fill in COLOURS and len(item.parts[0]) == 3
    ]


def test_an_interval_within_the_axis_is_a_line_without_arrows() -> None:
    canvas = drawn(Line("cora", 0.2, -0.1, 0.5))
    assert len(intervals(canvas)) == 1
    assert arrowheads(canvas) == []


@pytest.mark.parametrize("end", [np.inf, np.nan])
def test_without_ends_there_is_a_point_alone(end: float) -> None:
    assert intervals(drawn(Line("one run", 0.2, -end, end))) == []


def test_an_arrow_says_that_the_axis_cuts_an_interval() -> None:
    canvas = drawn(Line("cora", 0.05, -9.0, 9.0), Line("pubmed", 0.1, -0.1, 9.0))
    assert [len(intervals(canvas)), len(arrowheads(canvas))] == [2, 3]
    tips = [one.parts[0][0][0] for one in arrowheads(canvas)]
    assert 0 < min(tips) < max(tips) < canvas.width
