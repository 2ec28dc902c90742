"""Posterior probabilities of all pairs as bars of three parts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from equipoise.reports.figures.style import FAINT, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["posterior_bars"]

FIRST, SECOND = "#0b5394", "#f07f2e"
ON = {FIRST: "#ffffff", SECOND: "#1c2129"}
"""Ink on a bar whose colour is the same on light and dark pages."""


def posterior_bars(rows: Sequence[tuple[str, str, float, float, float]], rope: float, unit: str) -> "Figure":
    """Draws one bar a pair.

    Args:
        rows: First method, second method, probabilities that the first is better, that they are equivalent, and that
            the second is better.
        rope: Half width of the region of practical equivalence.
        unit: Its unit.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 0.7 + 0.19 * len(rows)), layout="constrained")
    axis = figure.subplots()
    for place, (_, _, left, middle, right) in enumerate(rows):
        for start, width, colour, hatch in (
            (0, left, FIRST, ""),
            (left, middle, FAINT, ""),
            (left + middle, right, SECOND, "////"),
        ):
            axis.barh(
                place, width, left=start, height=0.72, color=colour, hatch=hatch, edgecolor="#ffffff", linewidth=0.4
            )
            if width > 0.07:
                ink = ON.get(colour, INK)
                axis.text(start + width / 2, place, f"{width:.2f}", ha="center", va="center", fontsize=7, color=ink)
    axis.set_yticks(range(len(rows)), [first for first, *_ in rows])
    twin = axis.secondary_yaxis("right")
    twin.set_yticks(range(len(rows)), [second for _, second, *_ in rows])
    twin.spines["right"].set_visible(False)
    for side in (axis, twin):
        side.tick_params(axis="y", length=0, labelsize=7.5)
    for level in (0.05, 0.95):
        axis.axvline(level, color=MUTED, linewidth=0.8, linestyle=(0, (3, 2)))
    axis.grid(visible=False)
    axis.spines["left"].set_visible(False)
    axis.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6))
    axis.set_xlabel(
        f"probability: left method better | equivalent within ±{rope} {unit} | right method better", fontsize=8
    )
    return figure
