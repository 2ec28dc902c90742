"""Interquartile means with intervals, and performance profiles."""

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import INK, MUTED, Look
from equipoise.reports.drawing.panel import Panel, Scale, round_ticks
from equipoise.reports.drawing.style import Style
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["aggregates_figure", "scores_data"]


def aggregates_figure(
    style: Style,
    iqm: Estimate,
    profiles: Estimate,
    thresholds: Array,
    labels: Sequence[str],
    looks: Mapping[str, Look],
) -> Canvas:
    """Draws both beside each other.

    Args:
        style: Sizes and fonts.
        iqm: methods.
        profiles: methods x thresholds.
        thresholds: Scores.
        labels: Names of the methods.
        looks: Appearance of each method.
    """
    beside = style.width > 330
    names = [style.fitted(label, 0.22 * style.width, style.small) for label in labels]
    space = style.widest(names, style.small)
    depth = max(170.0, 15.0 * len(labels))
    height = 20 + depth + 34
    canvas = Canvas(style.width, height if beside else 2 * height, style)
    half = 0.47 * style.width if beside else style.width
    ends = [v for part in (iqm.low, iqm.high, iqm.value) for v in part.tolist() if np.isfinite(v)]
    low, high = min([0.0, *ends]), max([0.0, *ends, 1e-3])
    pad = 0.06 * (high - low)
    x = Scale(low - pad, high + pad, space + 10, half - 8)
    left = Panel(canvas, x, Scale(len(labels) - 0.5, -0.5, 20 + depth, 20))
    left.title("Interquartile mean", middle=True)
    left.x_ticks(round_ticks(low - pad, high + pad, 5))
    left.y_ticks(range(len(labels)), names, grid=False)
    left.frame()
    zero = left.x.at(0)
    canvas.line([zero, zero], [left.top, left.bottom], INK, 0.8)
    for place, label in enumerate(labels):
        look, y = looks[label], left.y.at(place)
        if np.isfinite([iqm.low[place], iqm.high[place]]).all():
            bar = left.x(np.array([iqm.low[place], iqm.high[place]]))
            canvas.area([(bar[0], y - 2.5), (bar[1], y - 2.5), (bar[1], y + 2.5), (bar[0], y + 2.5)], look.colour, 0.45)
        if np.isfinite(iqm.value[place]):
            left.mark(left.x.at(float(iqm.value[place])), y, look, 6.5)
    left.x_label("interquartile mean of scores")
    start, top = (half + 46, 20.0) if beside else (46.0, height + 20.0)
    right = Panel(
        canvas,
        Scale(float(thresholds[0]), float(thresholds[-1]), start, style.width - 8),
        Scale(-0.02, 1.02, top + depth, top),
    )
    right.title("Performance profile", middle=True)
    right.x_ticks(round_ticks(float(thresholds[0]), float(thresholds[-1]), 6))
    right.y_ticks((0, 0.2, 0.4, 0.6, 0.8, 1))
    right.frame()
    zero, middle = right.x.at(0), right.y.at(0.5)
    canvas.line([zero, zero], [right.top, right.bottom], INK, 0.8)
    canvas.line([right.left, right.right], [middle, middle], MUTED, 0.6)
    for place, label in enumerate(labels):
        if np.isfinite([iqm.low[place], iqm.high[place]]).all():  # without, the band would be the whole panel
            right.band(thresholds, profiles.low[place], profiles.high[place], looks[label].colour, 0.12)
    for place, label in enumerate(labels):
        marks = range(place % 6, len(thresholds), max(1, len(thresholds) // 6))
        right.curve(thresholds, profiles.value[place], looks[label], list(marks))
    right.x_label("score")
    right.y_label("share of runs above it", style.text_width("0.8", style.small))
    return canvas


def scores_data(iqm: Estimate, profiles: Estimate, thresholds: Array, labels: Sequence[str]) -> list[Sequence[object]]:
    """The numbers of both panels."""
    rows: list[Sequence[object]] = [("panel", "method", "threshold", "value", "low", "high")]
    for m, label in enumerate(labels):
        rows.append(("interquartile mean", label, "", iqm.value[m], iqm.low[m], iqm.high[m]))
    for m, label in enumerate(labels):
        each = zip(thresholds, profiles.value[m], profiles.low[m], profiles.high[m], strict=True)
        rows += [("performance profile", label, *numbers) for numbers in each]
    return rows
