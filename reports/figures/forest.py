"""Differences with intervals, one a line: the forest plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from equipoise.reports.figures.style import FAINT, INK, MUTED, PALETTE, PAPER

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Line", "forest"]


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


def forest(panels: Sequence[tuple[str, Sequence[Line]]], left: str, right: str, rope: float, unit: str) -> "Figure":
    """Draws columns of lines that share their rows.

    Args:
        panels: Title and lines of each column.
        left: What a value below zero favours.
        right: What a value above zero favours.
        rope: Half width of the shaded band of practical equivalence.
        unit: Of the axis.
    """
    from matplotlib.figure import Figure

    rows = len(panels[0][1])
    figure = Figure(figsize=(7.2, 0.235 * rows + 1.35), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axis, (title, lines) in zip(axes, panels, strict=True):
        reach = _reach(lines, rope)
        axis.axvspan(-rope, rope, color=FAINT, alpha=0.55, linewidth=0)
        axis.axvline(0, color=MUTED, linewidth=0.8)
        for place, line in enumerate(lines):
            if np.isnan(line.value):
                axis.text(0, place, "n/a", ha="center", va="center", color=MUTED, fontsize=7.5)
                continue
            colour = PALETTE["nas"][0] if line.high < 0 else PALETTE["hpo"][0] if line.low > 0 else MUTED
            ends = [max(line.low, -reach), min(line.high, reach)]
            axis.plot(ends, [place, place], color=colour, linewidth=2.6 if line.strong else 1.5, solid_capstyle="butt")
            marker = "D" if line.strong else "o"
            axis.plot(
                [line.value], [place], marker, color=colour, markersize=6.5 if line.strong else 5, markeredgecolor=PAPER
            )
        axis.set(xlim=(-reach * 1.06, reach * 1.06), title=title)
        axis.grid(axis="y", visible=False)
        axis.set_xlabel(f"← {left} better   [{unit}]   {right} better →", fontsize=7.5)
        for place, line in enumerate(lines[:-1]):
            if line.strong != lines[place + 1].strong:
                axis.axhline(place + 0.5, color=FAINT, linewidth=0.8)
    axes[0].set_yticks(range(rows), [line.title for line in panels[0][1]])
    for label, line in zip(axes[0].get_yticklabels(), panels[0][1], strict=True):
        label.set_fontweight("bold" if line.strong else "normal")
        label.set_color(INK)
    axes[0].set_ylim(rows - 0.4, -0.6)
    return figure


def _reach(lines: Sequence[Line], rope: float) -> float:
    """How far the axis goes: to the furthest finite end, but at most three times the furthest value."""
    ends = [abs(e) for line in lines for e in (line.low, line.high) if np.isfinite(e)]
    values = [abs(line.value) for line in lines if np.isfinite(line.value)]
    furthest = max(values, default=rope)
    return max(min(max(ends, default=furthest), 3 * furthest), 1.5 * rope, furthest * 1.1, 1e-6)
