"""Interquartile means with intervals, and performance profiles."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from equipoise.reports.figures.style import INK, MUTED, Look
from equipoise.reports.results import Array
from equipoise.reports.statistics.resampling import Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["aggregates_figure"]


def aggregates_figure(
    iqm: Estimate, profiles: Estimate, thresholds: Array, labels: Sequence[str], looks: Mapping[str, Look]
) -> "Figure":
    """Draws both beside each other.

    Args:
        iqm: methods.
        profiles: methods x thresholds.
        thresholds: Scores.
        labels: Names of the methods.
        looks: How each is drawn.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, max(2.9, 0.24 * len(labels) + 1.1)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    for place, label in enumerate(labels):
        look = looks[label]
        low, high = float(iqm.low[place]), float(iqm.high[place])
        left.plot([low, high], [place, place], color=look.colour, linewidth=5, alpha=0.45, solid_capstyle="butt")
        left.plot(
            [iqm.value[place]], [place], look.marker, color=look.colour, markeredgecolor="#ffffff", markersize=6.5
        )
        right.fill_between(
            thresholds, profiles.low[place], profiles.high[place], color=look.colour, alpha=0.12, linewidth=0
        )
        marks = list(range(place % 6, len(thresholds), max(1, len(thresholds) // 6)))
        right.plot(thresholds, profiles.value[place], label=label, markevery=marks, **look.line)
    left.set_yticks(range(len(labels)), labels)
    left.set_ylim(len(labels) - 0.5, -0.5)
    left.axvline(0, color=INK, linewidth=0.8)
    left.set(xlabel="interquartile mean of scores", title="Interquartile mean")
    left.grid(axis="y", visible=False)
    right.axvline(0, color=INK, linewidth=0.8)
    right.set(xlabel="score", ylabel="share of runs above it", ylim=(-0.02, 1.02), title="Performance profile")
    right.axhline(0.5, color=MUTED, linewidth=0.6)
    return figure
