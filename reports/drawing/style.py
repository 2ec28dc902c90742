"""Sizes and fonts of figures, by where they are to be printed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from equipoise.reports.drawing.truetype import TrueTypeFont, font

__all__ = ["STYLES", "Style"]


@dataclass(frozen=True)
class Style:
    """Width and fonts of a figure.

    Attributes:
        width: Of a figure, in points.
        size: Of its text, in points.
        regular: Font of its text.
        heavy: Font of its titles.
        stack: Fonts that a browser takes, first choice first.
    """

    width: float = 518.4
    size: float = 8.5
    regular: str = "DejaVuSans"
    heavy: str = "DejaVuSans-Bold"
    stack: str = "'DejaVu Sans', system-ui, sans-serif"

    def face(self, bold: bool = False) -> TrueTypeFont:
        """The font."""
        return font(self.heavy if bold else self.regular)

    def text_width(self, text: str, size: float = 0.0, bold: bool = False) -> float:
        """Width of a line of text, in points."""
        return self.face(bold).width(text, size or self.size)

    def widest(self, texts: Iterable[str], size: float = 0.0) -> float:
        """Width of the longest of some lines."""
        return max((self.text_width(text, size) for text in texts), default=0.0)

    def fitted(self, text: str, width: float, size: float = 0.0) -> str:
        """The text, cut off with an ellipsis where it is wider than that."""
        if self.text_width(text, size) <= width:
            return text
        while text and self.text_width(f"{text}…", size) > width:
            text = text[:-1]
        return f"{text}…"

    @property
    def small(self) -> float:
        """Size of the smaller text."""
        return self.size - 0.7


TIMES = {"regular": "STIXGeneral", "heavy": "STIXGeneralBol", "stack": "'STIX Two Text', 'Times New Roman', serif"}
STYLES: Mapping[str, Style] = {
    "report": Style(),
    "neurips": Style(width=397.5, size=8.5, **TIMES),  # 5.5 inches, Times
    "icml": Style(width=487.8, size=8.5, **TIMES),  # both columns, 6.75 inches, Times
    "one-column": Style(width=234.0, size=7.0),  # one of two columns, 3.25 inches
}
"""Styles by name."""
