"""Differences with intervals, one per line: the forest plot."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import FAINT, INK, MUTED, PALETTE, PAPER, Look
from equipoise.reports.drawing.marker import marker
from equipoise.reports.drawing.panel import Panel, Scale, round_ticks
from equipoise.reports.drawing.style import Style

__all__ = ["ENDS", "Line", "forest"]

ROW, ABOVE, BELOW = 16.5, 20.0, 40.0
HEAD = 4.0
"""Length of an arrowhead."""
ENDS = " An arrow: the interval goes on beyond the axis; a point alone has no interval."
"""The words of a caption on lines that do not end where they are drawn."""
NARROW = 90.0
"""Panels narrower than this stand below each other."""


@dataclass(frozen=True)
class Line:
    """One line: a difference with its interval.

    Attributes:
        title: What it is of.
        value: The difference; NaN leaves the line empty.
        low: Lower end.
        high: Upper end.
        strong: Whether it is a summary.
    """

    title: str
    value: float
    low: float
    high: float
    strong: bool = False


def forest(
    style: Style, panels: Sequence[tuple[str, Sequence[Line]]], left: str, right: str, rope: float, unit: str
) -> Canvas:
    """Draws columns of lines that share their rows.

    Args:
        style: Sizes and fonts.
        panels: Title and lines of each column.
        left: What a value below zero favours.
        right: What a value above zero favours.
        rope: Half width of the shaded band of practical equivalence.
        unit: Of the axis.
    """
    rows = panels[0][1]
    names = [style.fitted(line.title, 0.36 * style.width, style.small) for line in rows]
    space = style.widest(names, style.small) * 1.12 + 8
    depth = ROW * len(rows)
    beside = (style.width - space) / len(panels) >= NARROW
    each, width = ABOVE + depth + BELOW, (style.width - space) / (len(panels) if beside else 1)
    canvas = Canvas(style.width, each * (1 if beside else len(panels)), style)
    for place, (title, lines) in enumerate(panels):
        reach = _reach(lines, rope)
        left_edge, top = (space + place * width, ABOVE) if beside else (space, place * each + ABOVE)
        x = Scale(-1.06 * reach, 1.06 * reach, left_edge + 6, left_edge + width - 8)
        panel = Panel(canvas, x, Scale(len(rows) - 0.5, -0.5, top + depth, top))
        _column(panel, title, lines, reach, rope)
        _directions(panel, left, right, unit)
        if not place or not beside:
            for row, line in enumerate(rows):
                canvas.centred(panel.left - 6, panel.y.at(row), names[row], style.small, INK, "end", line.strong)
    return canvas


def _column(panel: Panel, title: str, lines: Sequence[Line], reach: float, rope: float) -> None:
    canvas, x, y = panel.canvas, panel.x, panel.y
    edge = min(rope, 1.06 * reach)
    canvas.box(x.at(-edge), panel.top, x.at(edge), panel.bottom, FAINT, 0.55)
    panel.x_ticks(round_ticks(x.low, x.high, 6))
    panel.frame(left=False)
    panel.title(title, middle=True)
    canvas.line([x.at(0)] * 2, [panel.top, panel.bottom], MUTED, 0.8)
    for place, line in enumerate(lines):
        if np.isnan(line.value):
            canvas.centred(x.at(0), y.at(place), "n/a", panel.small, MUTED, "middle")
            continue
        colour = PALETTE["nas"][0] if line.high < 0 else PALETTE["hpo"][0] if line.low > 0 else MUTED
        _interval(panel, line, y.at(place), reach, colour)
        look, size = Look(colour, "D" if line.strong else "o", ()), 6.0 if line.strong else 5.0
        canvas.area(marker(look.marker, x.at(line.value), y.at(place), size), colour, stroke=PAPER)
        if place + 1 < len(lines) and line.strong != lines[place + 1].strong:
            canvas.line([panel.left, panel.right], [y.at(place + 0.5)] * 2, FAINT, 0.8)


def _interval(panel: Panel, line: Line, y: float, reach: float, colour: str) -> None:
    """Draws the interval of a line, with an arrowhead where the axis cuts it; nothing if it has no ends."""
    if not np.isfinite([line.low, line.high]).all():
        return
    left, right = panel.x(np.clip([line.low, line.high], -reach, reach)).tolist()
    panel.canvas.line([left, right], [y, y], colour, 2.6 if line.strong else 1.5)
    for cut, tip, back in ((line.low < -reach, left - HEAD, left), (line.high > reach, right + HEAD, right)):
        if cut:
            panel.canvas.area([(tip, y), (back, y - 0.8 * HEAD), (back, y + 0.8 * HEAD)], colour)


def _directions(panel: Panel, left: str, right: str, unit: str) -> None:
    """Says below the ticks what each side favours, and in which unit."""
    canvas, size = panel.canvas, panel.small
    sides = panel.bottom + 9.5 + 1.9 * size
    width, style = panel.right - panel.left, canvas.style
    texts = f"← {left} better", f"{right} better →"
    if style.text_width("  ".join(texts), size) > width:
        texts = f"← {left}", f"{right} →"
    canvas.text(panel.left, sides, style.fitted(texts[0], 0.48 * width, size), size, INK)
    canvas.text(panel.right, sides, style.fitted(texts[1], 0.48 * width, size), size, INK, "end")
    canvas.text(
        (panel.left + panel.right) / 2,
        sides + 1.4 * size,
        style.fitted(f"[{unit}]", width, size),
        size,
        INK,
        "middle",
    )


def _reach(lines: Sequence[Line], rope: float) -> float:
    """Reach of the axis: to the furthest finite end, but at most three times the furthest value."""
    ends = [abs(e) for line in lines for e in (line.low, line.high) if np.isfinite(e)]
    values = [abs(line.value) for line in lines if np.isfinite(line.value)]
    furthest = max(values, default=rope)
    return max(min(max(ends, default=furthest), 3 * furthest), 1.5 * rope, furthest * 1.1, 1e-6)
