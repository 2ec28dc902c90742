"""A canvas: shapes and lines of text, in points, from the upper left corner."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from equipoise.reports.drawing.style import Style

__all__ = ["Canvas", "Label", "Points", "Shape"]

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Shape:
    """Lines or areas.

    Attributes:
        parts: Points of each piece.
        fill: Colour of the inside; empty for a line.
        stroke: Colour of the line; empty for none.
        width: Of the line.
        dashes: Lengths of dashes and gaps, in points; empty for a continuous line.
        opacity: From 0 to 1.
    """

    parts: tuple[Points, ...]
    fill: str = ""
    stroke: str = ""
    width: float = 1.0
    dashes: tuple[float, ...] = ()
    opacity: float = 1.0


@dataclass(frozen=True)
class Label:
    """A line of text.

    Attributes:
        x: Of its anchor.
        y: Of its base line.
        text: The text.
        size: Of the font, in points.
        colour: Of the letters.
        anchor: Which end stands at `x`.
        bold: Whether the bold face is used.
        angle: Degrees by which it is turned counter-clockwise about its anchor.
    """

    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: str = "start"
    bold: bool = False
    angle: float = 0.0


@dataclass
class Canvas:
    """A drawing: its items, in order.

    Attributes:
        width: In points.
        height: In points.
        style: Fonts and sizes.
        items: Shapes and labels.
    """

    width: float
    height: float
    style: Style
    items: list[Shape | Label] = field(default_factory=list)

    def line(
        self, x: npt.ArrayLike, y: npt.ArrayLike, stroke: str, width: float = 1.0, dashes: Sequence[float] = ()
    ) -> None:
        """Draws a polyline, interrupted where a coordinate is NaN; dashes are in multiples of its width."""
        xs, ys = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        known = np.isfinite(xs) & np.isfinite(ys)
        breaks = np.flatnonzero(np.diff(known.astype(np.int8))) + 1
        pieces = [
            tuple(zip(px.tolist(), py.tolist(), strict=True))
            for px, py, there in zip(np.split(xs, breaks), np.split(ys, breaks), np.split(known, breaks), strict=True)
            if there.any() and len(px) > 1
        ]
        if pieces:
            scaled = tuple(width * dash for dash in dashes)
            self.items.append(Shape(tuple(pieces), stroke=stroke, width=width, dashes=scaled))

    def band(self, x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, fill: str, opacity: float) -> None:
        """Fills the area between two curves, where both are known."""
        xs, lows, highs = (np.asarray(v, dtype=np.float64) for v in (x, low, high))
        known = np.isfinite(xs) & np.isfinite(lows) & np.isfinite(highs)
        if known.sum() > 1:
            xs, lows, highs = xs[known], lows[known], highs[known]
            ring = np.concatenate([np.stack([xs, lows], 1), np.stack([xs, highs], 1)[::-1]])
            self.area([tuple(point) for point in ring.tolist()], fill, opacity)

    def area(
        self,
        points: Iterable[tuple[float, float]],
        fill: str,
        opacity: float = 1.0,
        stroke: str = "",
        width: float = 0.35,
    ) -> None:
        """Fills a polygon."""
        self.items.append(Shape((tuple(points),), fill=fill, stroke=stroke, width=width, opacity=opacity))

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, opacity: float = 1.0) -> None:
        """Fills a rectangle."""
        self.area(((left, top), (right, top), (right, bottom), (left, bottom)), fill, opacity)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        colour: str,
        anchor: str = "start",
        bold: bool = False,
        angle: float = 0.0,
    ) -> None:
        """Writes a line of text on a base line at `y`."""
        if text:
            self.items.append(Label(x, y, text, size, colour, anchor, bold, angle))

    def centred(
        self, x: float, y: float, text: str, size: float, colour: str, anchor: str = "start", bold: bool = False
    ) -> None:
        """Writes a line of text whose middle is at the height `y`."""
        self.text(x, y + 0.36 * size, text, size, colour, anchor, bold)
