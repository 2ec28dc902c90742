"""Posterior probabilities of all pairs as bars of three parts."""

from collections.abc import Sequence

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import FAINT, INK, MUTED, PAPER
from equipoise.reports.drawing.panel import TICK, Panel, Scale
from equipoise.reports.drawing.style import Style

__all__ = ["posterior_bars"]

FIRST, SECOND = "#0b5394", "#f07f2e"
ON = {FIRST: "#ffffff", SECOND: "#1c2129"}
"""Ink on a bar whose colour is the same on light and dark pages."""
ROW = 13.5


def posterior_bars(
    style: Style, rows: Sequence[tuple[str, str, float, float, float]], rope: float, unit: str
) -> Canvas:
    """Draws one bar per pair.

    Args:
        style: Sizes and fonts.
        rows: First method, second method, probabilities that the first is better, that they are equivalent, and that
            the second is better.
        rope: Half width of the region of practical equivalence.
        unit: Its unit.
    """
    width, size = 0.3 * style.width, style.small
    firsts = [style.fitted(first, width, size) for first, *_ in rows]
    seconds = [style.fitted(second, width, size) for _, second, *_ in rows]
    depth = ROW * len(rows)
    canvas = Canvas(style.width, 6 + depth + 46, style)
    left, right = style.widest(firsts, size) + 10, style.width - style.widest(seconds, size) - 10
    panel = Panel(canvas, Scale(0, 1, left, right), Scale(len(rows) - 0.5, -0.5, 6 + depth, 6))
    for place, (_, _, first, middle, second) in enumerate(rows):
        y, start = panel.y.at(place), 0.0
        canvas.centred(left - 6, y, firsts[place], size, INK, "end")
        canvas.centred(right + 6, y, seconds[place], size, INK)
        for share, colour in ((first, FIRST), (middle, FAINT), (second, SECOND)):
            ends = panel.x.at(start), panel.x.at(min(1.0, start + share))
            canvas.box(ends[0], y - 0.38 * ROW, ends[1], y + 0.38 * ROW, colour)
            if colour == SECOND:
                _hatch(canvas, ends, y - 0.38 * ROW, y + 0.38 * ROW)
            if ends[1] - ends[0] > 2 + style.text_width("0.00", size - 0.6):
                ink = ON.get(colour, INK)
                canvas.centred((ends[0] + ends[1]) / 2, y, f"{share:.2f}", size - 0.6, ink, "middle")
            start += share
    for level in (0.05, 0.95):
        canvas.line([panel.x.at(level)] * 2, [panel.top, panel.bottom], MUTED, 0.8, (3, 2))
    panel.x_ticks((0, 0.2, 0.4, 0.6, 0.8, 1), grid=False)
    panel.frame(left=False)
    below = panel.bottom + TICK + 5 + 1.9 * size
    middle_x = (left + right) / 2
    canvas.text(
        middle_x, below, "probability: left method better | equivalent | right method better", size, INK, "middle"
    )
    canvas.text(middle_x, below + 1.35 * size, f"equivalent: within ±{rope:g} {unit}", size, INK, "middle")
    return canvas


def _hatch(canvas: Canvas, ends: tuple[float, float], top: float, bottom: float) -> None:
    """Slanted white lines within a box."""
    depth, at = bottom - top, ends[0] + 2.0
    while at < ends[1] + depth:
        low, high = max(at - depth, ends[0]), min(at, ends[1])
        if high > low:
            canvas.line([low, high], [top + (at - low), top + (at - high)], PAPER, 0.5)
        at += 4.0
