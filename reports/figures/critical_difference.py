"""Mean ranks on a line, with bars over what Nemenyi's test cannot tell apart."""

from collections.abc import Mapping, Sequence

import numpy as np

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import INK, MUTED, PAPER, Look
from equipoise.reports.drawing.marker import marker
from equipoise.reports.drawing.panel import Scale
from equipoise.reports.drawing.style import Style
from equipoise.reports.statistics.friedman import Friedman

__all__ = ["critical_difference"]


def critical_difference(style: Style, test: Friedman, labels: Sequence[str], looks: Mapping[str, Look]) -> Canvas:
    """Draws the diagram of Demsar (JMLR 2006): best on the left. Methods without a mean rank are left out."""
    count = int(np.isfinite(test.mean_ranks).sum())
    order = np.argsort(test.mean_ranks, kind="stable")[:count].tolist()
    two_sides = style.width > 330
    half, bars, size = -(-count // 2) if two_sides else count, len(test.groups), style.size
    texts = {m: f"{style.fitted(labels[m], 0.28 * style.width)}  {test.mean_ranks[m]:.2f}" for m in order}
    edges = max(style.widest(list(texts.values())), 20.0) + 12
    line, step = 34.0, 1.7 * size
    first = line + 10 + 6.0 * bars + 0.8 * size
    canvas = Canvas(style.width, first + step * half, style)
    low, high = 1.0, float(max(2, count))
    scale = Scale(low, high, edges + 8, style.width - (edges if two_sides else 0) - 8)
    canvas.line([scale.start, scale.end], [line, line], INK, 1.0)
    for tick in range(1, count + 1):
        at = scale.at(tick)
        canvas.line([at, at], [line, line - 4], INK, 1.0)
        canvas.text(at, line - 6, str(tick), style.small, INK, "middle")
    if np.isfinite(test.critical_difference) and test.critical_difference < high - low:
        end = scale.at(low + test.critical_difference)
        canvas.line([scale.start, end], [10, 10], MUTED, 2.0)
        for at in (scale.start, end):
            canvas.line([at, at], [7, 13], MUTED, 1.0)
        text = f"critical difference {test.critical_difference:.2f}"
        after = end + 5 + style.text_width(text, style.small) <= style.width
        at, anchor = (end + 5, "start") if after else (scale.start - 5, "end")
        canvas.centred(
            at, 10, style.fitted(text, at if not after else style.width, style.small), style.small, MUTED, anchor
        )
    for place, group in enumerate(test.groups):
        ends = [scale.at(float(test.mean_ranks[group[0]])) - 3, scale.at(float(test.mean_ranks[group[-1]])) + 3]
        canvas.line(ends, [line + 8 + 6.0 * place] * 2, INK, 3.0)
    for place, method in enumerate(order):
        left, look, at = place < half, looks[labels[method]], scale.at(float(test.mean_ranks[method]))
        level = first + step * (place if left else count - 1 - place)
        edge = edges if left else style.width - edges
        canvas.line([at, at, edge], [line, level, level], look.colour, 0.9)
        canvas.area(marker(look.marker, at, line, 6.0), look.colour, stroke=PAPER)
        text = texts[method] if left else "  ".join(reversed(texts[method].rsplit("  ", 1)))
        canvas.centred(edge - 4 if left else edge + 4, level, text, size, INK, "end" if left else "start")
    return canvas
