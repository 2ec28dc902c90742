"""Methods in order, with intervals: one dot per method and panel."""

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import MUTED, Look
from equipoise.reports.drawing.panel import Panel, Scale, round_ticks, short_number
from equipoise.reports.drawing.style import Style
from equipoise.reports.figures.forest import HEAD, NARROW
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["far_behind", "ranking"]

ROW, ABOVE, BELOW = 17.0, 20.0, 34.0
FAR = 3.0
"""A method whose value is more than so many times the next one's stands beyond the axis, which would show it alone."""


def ranking(
    style: Style,
    labels: Sequence[str],
    order: Sequence[int],
    panels: Sequence[tuple[str, str, Estimate]],
    looks: Mapping[str, Look],
) -> Canvas:
    """Draws the methods from best to worst, one panel per measure; smaller is better in all of them.

    Args:
        style: Sizes and fonts.
        labels: Names of the methods.
        order: Methods from best to worst.
        panels: Title, axis label and values of each panel.
        looks: Appearance of each method.
    """
    names = [style.fitted(labels[method], 0.3 * style.width, style.small) for method in order]
    space = style.widest(names, style.small) + 12
    depth = ROW * len(order)
    beside = (style.width - space) / len(panels) >= NARROW
    each, width = ABOVE + depth + BELOW, (style.width - space) / (len(panels) if beside else 1)
    canvas = Canvas(style.width, each * (1 if beside else len(panels)), style)
    for place, (title, axis, values) in enumerate(panels):
        far = far_behind(values, order)
        low, high = _range(values, [method for method in order if method not in far])
        left, top = (space + place * width, ABOVE) if beside else (space, place * each + ABOVE)
        x = Scale(low, high, left + 4, left + width - 12)
        panel = Panel(canvas, x, Scale(len(order) - 0.5, -0.5, top + depth, top))
        panel.title(title, middle=True)
        panel.x_ticks(round_ticks(low, high, 5))
        panel.frame(left=False)
        panel.x_label(style.fitted(axis, width - 16, style.small))
        for row, method in enumerate(order):
            y = panel.y.at(row)
            if not place or not beside:
                canvas.centred(space - 6, y, names[row], style.small, looks[labels[method]].colour, "end")
            if method in far:
                _arrow(panel, float(values.value[method]), y, looks[labels[method]])
            else:
                _dot(panel, values, method, y, looks[labels[method]])
    return canvas


def far_behind(values: Estimate, order: Sequence[int]) -> set[int]:
    """The methods, a quarter at most, whose value is more than `FAR` times that of the next method before them."""
    known = sorted((float(values.value[method]), method) for method in order if np.isfinite(values.value[method]))
    for place in range(len(known) - len(known) // 4, len(known)):
        if 0 < FAR * known[place - 1][0] < known[place][0]:
            return {method for _, method in known[place:]}
    return set()


def _range(values: Estimate, order: Sequence[int]) -> tuple[float, float]:
    shown = list(order)
    ends = [
        float(v) for part in (values.value, values.low, values.high) for v in part[shown].tolist() if np.isfinite(v)
    ]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    pad = 0.05 * (high - low) or 0.5
    return low - pad, high + pad


def _arrow(panel: Panel, value: float, y: float, look: Look) -> None:
    """Draws a value beyond the axis: its number, and an arrowhead at the edge."""
    tip = panel.right + HEAD
    panel.canvas.area([(tip, y), (tip - HEAD, y - 0.8 * HEAD), (tip - HEAD, y + 0.8 * HEAD)], look.colour)
    panel.canvas.centred(tip - HEAD - 3, y, short_number(float(f"{value:.3g}")), panel.small, look.colour, "end")


def _dot(panel: Panel, values: Estimate, method: int, y: float, look: Look) -> None:
    value = float(values.value[method])
    if np.isnan(value):
        panel.canvas.centred((panel.left + panel.right) / 2, y, "n/a", panel.small, MUTED, "middle")
        return
    low, high = float(values.low[method]), float(values.high[method])
    if np.isfinite(low) and np.isfinite(high):
        panel.canvas.line(panel.x([low, high]), [y, y], look.colour, 1.8)
    panel.mark(panel.x.at(value), y, look, 6.0)
