"""Mean ranks on a line, with bars over what Nemenyi's test cannot tell apart."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from equipoise.reports.figures.style import INK, MUTED, PAPER, Look
from equipoise.reports.statistics.friedman import Friedman

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["critical_difference"]


def critical_difference(test: Friedman, labels: Sequence[str], looks: Mapping[str, Look]) -> "Figure":
    """Draws the diagram of Demsar (JMLR 2006): best on the left. Methods without a mean rank are left out."""
    from matplotlib.figure import Figure

    count = int(np.isfinite(test.mean_ranks).sum())
    order = np.argsort(test.mean_ranks, kind="stable")[:count]
    half = -(-count // 2)
    bars = len(test.groups)
    figure = Figure(figsize=(7.2, 1.0 + 0.22 * (half + bars)), layout="constrained")
    axis = figure.subplots()
    axis.set_axis_off()
    low, high = 1.0, float(max(2, count))
    pad = 0.36 * (high - low)
    axis.set(xlim=(low - pad, high + pad), ylim=(-1.2 - 0.5 * bars - half, 1.9))
    axis.plot([low, high], [0, 0], color=INK, linewidth=1)
    for tick in range(1, count + 1):
        axis.plot([tick, tick], [0, 0.18], color=INK, linewidth=1)
        axis.text(tick, 0.3, str(tick), ha="center", va="bottom", fontsize=8)
    if np.isfinite(test.critical_difference) and test.critical_difference < high - low:
        end = low + test.critical_difference
        axis.plot([low, end], [1.45, 1.45], color=MUTED, linewidth=2, marker="|", markersize=6)
        axis.text(
            end + 0.02 * (high - low),
            1.45,
            f"critical difference {test.critical_difference:.2f}",
            va="center",
            fontsize=8,
            color=MUTED,
        )
    for place, group in enumerate(test.groups):
        ends = [test.mean_ranks[group[0]], test.mean_ranks[group[-1]]]
        height = -0.45 - 0.5 * place
        axis.plot([ends[0] - 0.03, ends[1] + 0.03], [height, height], color=INK, linewidth=3, solid_capstyle="butt")
    for place, method in enumerate(order):
        left = place < half
        level = -0.9 - 0.5 * bars - (place if left else count - 1 - place)
        rank, look = float(test.mean_ranks[method]), looks[labels[method]]
        edge = low - 0.03 * (high - low) if left else high + 0.03 * (high - low)
        axis.plot([rank, rank, edge], [0, level, level], color=look.colour, linewidth=0.9)
        axis.plot([rank], [0], look.marker, color=look.colour, markersize=6, markeredgecolor=PAPER)
        axis.text(
            edge, level, f"{labels[method]}  {rank:.2f} " if left else f" {rank:.2f}  {labels[method]}",
            ha="right" if left else "left", va="center", fontsize=8.5,
        )  # fmt: skip
    return figure
