"""Average ranks and targets reached, against the budget."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from equipoise.reports.figures.anytime import AXES
from equipoise.reports.figures.style import Look, legend, log_axis, panels
from equipoise.reports.results import Array
from equipoise.reports.statistics.resampling import Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["progress"]


def progress(
    amounts: Array, ranks: Estimate, shares: Array, labels: Sequence[str], looks: Mapping[str, Look], unit: str
) -> "Figure":
    """Draws both beside each other.

    Args:
        amounts: p amounts of budget.
        ranks: methods x p.
        shares: methods x p.
        labels: Names of the methods.
        looks: How each is drawn.
        unit: Of the budget.
    """
    figure, (left, right) = panels(2, height=2.6, columns=2)
    for place, label in enumerate(labels):
        look = looks[label]
        marks = np.unique(np.linspace(place % 4, len(amounts) - 1, 6).astype(int)).tolist()
        if np.isfinite(ranks.value[place]).any():
            left.fill_between(amounts, ranks.low[place], ranks.high[place], color=look.colour, alpha=0.15, linewidth=0)
            left.plot(amounts, ranks.value[place], markevery=marks, label=label, **look.line)
        right.plot(amounts, shares[place], markevery=marks, label=label, **look.line)
    left.invert_yaxis()
    left.set(xscale="log", xlabel=AXES[unit], ylabel="average rank", title="Average rank (up is better)")
    right.set(xscale="log", xlabel=AXES[unit], ylabel="share of targets", ylim=(0, 1.02), title="Targets reached")
    log_axis(left.xaxis)
    log_axis(right.xaxis)
    legend(figure, right)
    return figure
