"""Average ranks, and the ECDF of runtimes, against the budget."""

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import Look
from equipoise.reports.drawing.panel import Panel, Scale, legend, legend_height, log_ticks, round_ticks, short_number
from equipoise.reports.drawing.style import Style
from equipoise.reports.figures.anytime import AXES
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["progress", "progress_data"]

ABOVE, DEPTH, BELOW = 20.0, 170.0, 36.0


def progress(
    style: Style,
    amounts: Array,
    ranks: Estimate,
    shares: Array,
    labels: Sequence[str],
    looks: Mapping[str, Look],
    unit: str,
) -> Canvas:
    """Draws both beside each other.

    Args:
        style: Sizes and fonts.
        amounts: p amounts of budget.
        ranks: methods x p.
        shares: methods x p.
        labels: Names of the methods.
        looks: Appearance of each method.
        unit: Of the budget.
    """
    beside = style.width > 330
    cell, each = style.width / (2 if beside else 1), ABOVE + DEPTH + BELOW
    height = each * (1 if beside else 2)
    canvas = Canvas(style.width, height + legend_height(style, labels), style)
    low, high = float(amounts[0]), float(max(amounts[-1], 1.01 * amounts[0]))
    known = ranks.value[np.isfinite(ranks.value)]
    best, worst = (float(known.min()), float(known.max())) if known.size else (1.0, 2.0)
    pad = 0.06 * (worst - best) or 0.5
    x = Scale(low, high, 40, cell - 8, log=True)
    left = Panel(canvas, x, Scale(worst + pad, best - pad, ABOVE + DEPTH, ABOVE))
    left.title("Average rank (up is better)", middle=True)
    left.x_ticks(log_ticks(low, high))
    rank_ticks = round_ticks(best - pad, worst + pad)
    left.y_ticks(rank_ticks)
    start, top = (cell, 0.0) if beside else (0.0, each)
    right = Panel(
        canvas,
        Scale(low, high, start + 40, start + cell - 8, log=True),
        Scale(0, 1.02, top + ABOVE + DEPTH, top + ABOVE),
    )
    right.title("ECDF of runtimes", middle=True)
    right.x_ticks(log_ticks(low, high))
    right.y_ticks((0, 0.2, 0.4, 0.6, 0.8, 1))
    for panel in (left, right):
        panel.frame()
        panel.x_label(AXES[unit])
    left.y_label("average rank", style.widest([short_number(tick) for tick in rank_ticks], style.small))
    right.y_label("share of run-target pairs", style.text_width("0.8", style.small))
    for place, label in enumerate(labels):
        look = looks[label]
        marks = np.unique(np.linspace(min(place % 4, len(amounts) - 1), len(amounts) - 1, 6).astype(int)).tolist()
        if np.isfinite(ranks.value[place]).any():
            known = np.isfinite(ranks.low[place]) & np.isfinite(ranks.high[place])  # single runs have no interval
            low, high = (np.clip(part[place, known], best - pad, worst + pad) for part in (ranks.low, ranks.high))
            left.band(amounts[known], low, high, look.colour, 0.15)
            left.curve(amounts, ranks.value[place], look, marks)
        right.curve(amounts, shares[place], look, marks)
    legend(canvas, height, [(label, looks[label]) for label in labels])
    return canvas


def progress_data(amounts: Array, ranks: Estimate, shares: Array, labels: Sequence[str]) -> list[Sequence[object]]:
    """The numbers of both panels."""
    rows: list[Sequence[object]] = [("method", "budget", "average rank", "low", "high", "share of run-target pairs")]
    for m, label in enumerate(labels):
        each = zip(amounts, ranks.value[m], ranks.low[m], ranks.high[m], shares[m], strict=True)
        rows += [(label, *numbers) for numbers in each]
    return rows
