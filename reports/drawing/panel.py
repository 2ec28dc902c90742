"""A panel of a figure: scales, ticks, grid, curves and their labels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import FAINT, INK, MUTED, PAPER, Look
from equipoise.reports.drawing.marker import marker
from equipoise.reports.drawing.style import Style

__all__ = ["Panel", "Scale", "legend", "legend_height", "log_ticks", "round_ticks", "short_number"]

TICK = 3.0
GAP = 2.5
BESIDE = 26.0
"""Room for the ticks of the left axis, which a title may use."""


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic scale from values to points.

    Attributes:
        low: Value at `start`.
        high: Value at `end`.
        start: Place of `low`.
        end: Place of `high`.
        log: Whether it is logarithmic.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Places of values; NaN stays NaN."""
        given = np.asarray(values, dtype=np.float64)
        low, high = self.low, self.high
        if self.log:
            given, low, high = np.log(given), float(np.log(low)), float(np.log(high))
        share = (given - low) / (high - low if high != low else 1.0)
        return np.asarray(self.start + share * (self.end - self.start))

    def at(self, value: float) -> float:
        """Place of one value."""
        return float(self(value))


class Panel:
    """A panel.

    Args:
        canvas: What it is drawn on.
        x: Scale from left to right.
        y: Scale from bottom to top.
    """

    def __init__(self, canvas: Canvas, x: Scale, y: Scale) -> None:
        self.canvas, self.x, self.y = canvas, x, y
        self.left, self.right = min(x.start, x.end), max(x.start, x.end)
        self.top, self.bottom = min(y.start, y.end), max(y.start, y.end)
        self.small = canvas.style.small

    def x_ticks(self, ticks: Iterable[float], labels: Sequence[str] | None = None, grid: bool = True) -> None:
        """Marks values on the lower edge; labels that would touch the one before are left out."""
        free = -np.inf
        for place, tick in enumerate(ticks):
            at = self.x.at(tick)
            if grid:
                self.canvas.line([at, at], [self.top, self.bottom], FAINT, 0.6)
            self.canvas.line([at, at], [self.bottom, self.bottom + TICK], MUTED, 0.7)
            text = labels[place] if labels else short_number(tick)
            half = self.canvas.style.text_width(text, self.small) / 2
            at = min(at, self.canvas.width - half)  # the last label stays on the canvas
            if at - half > free:
                self.canvas.text(at, self.bottom + TICK + GAP + 0.75 * self.small, text, self.small, INK, "middle")
                free = at + half + GAP

    def y_ticks(self, ticks: Iterable[float], labels: Sequence[str] | None = None, grid: bool = True) -> None:
        """Marks values on the left edge."""
        for place, tick in enumerate(ticks):
            at = self.y.at(tick)
            if grid:
                self.canvas.line([self.left, self.right], [at, at], FAINT, 0.6)
            self.canvas.line([self.left - TICK, self.left], [at, at], MUTED, 0.7)
            text = labels[place] if labels else short_number(tick)
            self.canvas.centred(self.left - TICK - GAP, at, text, self.small, INK, "end")

    def frame(self, left: bool = True) -> None:
        """Draws the lower edge, and the left one."""
        self.canvas.line([self.left, self.right], [self.bottom] * 2, MUTED, 0.7)
        if left:
            self.canvas.line([self.left] * 2, [self.top, self.bottom], MUTED, 0.7)

    def title(self, text: str, middle: bool = False) -> None:
        """Writes a title above."""
        style, width = self.canvas.style, self.right - self.left + (0 if middle else BESIDE)
        size = min(style.size, style.size * width / max(style.text_width(text, style.size, bold=True), 1.0))
        size = max(size, 0.7 * style.size)
        shown = style.fitted(text, width, size)
        at, anchor = ((self.left + self.right) / 2, "middle") if middle else (self.left - BESIDE, "start")
        self.canvas.text(at, self.top - 5, shown, size, INK, anchor, bold=True)

    def x_label(self, text: str) -> None:
        """Writes what the lower axis shows below its ticks."""
        at = self.bottom + TICK + 2 * GAP + 1.9 * self.small
        self.canvas.text((self.left + self.right) / 2, at, text, self.small, INK, "middle")

    def y_label(self, text: str, space: float) -> None:
        """Writes what the left axis shows, turned, beyond tick labels of the width `space`."""
        at = self.left - TICK - 2 * GAP - space - 2
        self.canvas.text(at, (self.top + self.bottom) / 2, text, self.small, INK, "middle", angle=90)

    def curve(
        self, x: npt.ArrayLike, y: npt.ArrayLike, look: Look, marks: Sequence[int] = (), width: float = 1.5
    ) -> None:
        """Draws a curve with a few markers."""
        xs, ys = self.x(x), self.y(y)
        self.canvas.line(xs, ys, look.colour, width, look.dashes)
        for place in marks:
            if np.isfinite(xs[place]) and np.isfinite(ys[place]):
                self.mark(float(xs[place]), float(ys[place]), look)

    def mark(self, x: float, y: float, look: Look, size: float = 5.0) -> None:
        """Draws the marker of a method at a place in points."""
        self.canvas.area(marker(look.marker, x, y, size), look.colour, stroke=PAPER)

    def band(self, x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, colour: str, opacity: float) -> None:
        """Fills the area between two curves."""
        self.canvas.band(self.x(x), self.y(low), self.y(high), colour, opacity)


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """At most so many multiples of 1, 2 or 5 times a power of ten in a range."""
    span = high - low
    if not span > 0:
        return [low]
    step = next(
        size * 10.0**power
        for power in range(int(np.floor(np.log10(span))) - 2, 400)
        for size in (1, 2, 5)
        if span / (size * 10.0**power) < most
    )
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [place * step for place in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten in a range, at most six; also 3 or 2 and 5 times them where there are few."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks: list[float] = []
    for multiples in ((1,), (1, 3), (1, 2, 5)):
        if len(ticks) < 3:
            every = [m * 10.0**p for p in powers for m in multiples]
            ticks = [tick for tick in every if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
    return ticks[:: -(-len(ticks) // 6)] if ticks else [low]


def short_number(value: float) -> str:
    """A tick label: 10, 100, 1k, 1M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}".replace("-", "−")
    return f"{0.0 if abs(value) < 1e-12 else value:.6g}".replace("-", "−")


SAMPLE, COLUMN_GAP = 30.0, 14.0


def _columns(width: float, widest: float, count: int) -> int:
    return max(1, min(count, int((width + COLUMN_GAP) // (SAMPLE + 5 + widest + COLUMN_GAP))))


def legend_height(style: Style, labels: Sequence[str]) -> float:
    """Height of a legend of some labels, in points."""
    columns = _columns(style.width, style.widest(labels, style.small), len(labels))
    return (-(-len(labels) // columns)) * 1.55 * style.small + 6 if labels else 0.0


def legend(canvas: Canvas, top: float, entries: Sequence[tuple[str, Look]]) -> None:
    """Draws one legend for all panels, in as many columns as fit."""
    style = canvas.style
    widest = style.widest([label for label, _ in entries], style.small)
    columns = _columns(canvas.width, widest, len(entries))
    step = SAMPLE + 5 + widest + COLUMN_GAP
    left = max(2.0, (canvas.width - columns * step + COLUMN_GAP) / 2)
    rows = -(-len(entries) // columns)
    for place, (label, look) in enumerate(entries):
        x = left + (place // rows) * step
        y = top + (place % rows + 0.8) * 1.55 * style.small
        canvas.line([x, x + SAMPLE], [y, y], look.colour, 1.5, look.dashes)
        if look.marker:
            canvas.area(marker(look.marker, x + SAMPLE / 2, y, 5.0), look.colour, stroke=PAPER)
        canvas.centred(
            x + SAMPLE + 5, y, style.fitted(label, canvas.width - SAMPLE - 10, style.small), style.small, INK
        )
