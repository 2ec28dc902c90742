"""Parts of a report, before it is Markdown, LaTeX or HTML."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.style import Style

__all__ = [
    "Block",
    "Bullets",
    "Cell",
    "Code",
    "Column",
    "Document",
    "Emphasis",
    "Figure",
    "Listing",
    "Paragraph",
    "Section",
    "Strong",
    "Table",
    "Text",
]


class Strong(str):
    """Words that carry the weight of a sentence."""

    __slots__ = ()


class Emphasis(str):
    """A term, or a title."""

    __slots__ = ()


class Code(str):
    """A name as it is typed: a method, a task, a command."""

    __slots__ = ()


Text = tuple[str, ...]
"""Plain strings, `Strong`, `Emphasis` and `Code`, set one after the other. Nothing in them is markup."""


@dataclass(frozen=True)
class Paragraph:
    """A paragraph.

    Attributes:
        text: What it says.
        role: ``body``, ``answer`` (the first thing a reader sees), or ``caution``.
    """

    text: Text
    role: Literal["body", "answer", "caution"] = "body"


@dataclass(frozen=True)
class Bullets:
    """A list of points."""

    items: tuple[Text, ...]


@dataclass(frozen=True)
class Listing:
    """Text to be shown as it stands, such as a command."""

    text: str


@dataclass(frozen=True)
class Cell:
    """One entry of a table.

    Attributes:
        text: What is shown.
        value: What the column is sorted by; None sorts by the text.
        best: Whether it is the best of its group: set in bold.
        tied: Whether it does not differ significantly from the best: marked by a dagger.
        code: Whether it is a name.
    """

    text: str
    value: float | None = None
    best: bool = False
    tied: bool = False
    code: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: Its head.
        align: ``l`` for words, ``r`` for numbers.
        group: A head shared with neighbouring columns; empty for none.
    """

    title: str
    align: Literal["l", "r"] = "r"
    group: str = ""


@dataclass(frozen=True)
class Table:
    """A table, the same for all formats.

    Attributes:
        key: Names its file and its anchor.
        title: Says what it shows, so that it stands alone.
        columns: Its columns.
        rows: Its rows, each as long as `columns`.
        notes: What a reader needs to read it.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A figure.

    Attributes:
        key: Names its files and its anchor.
        title: Says what it shows.
        alternative: The same in words and numbers, for those who do not see it.
        caption: How to read it.
        draw: Draws it in a style.
        data: The numbers that it shows: the names of the columns, then the rows.
    """

    key: str
    title: str
    alternative: str
    caption: Text
    draw: Callable[[Style], Canvas]
    data: Callable[[], Sequence[Sequence[object]]]


Block = Paragraph | Bullets | Listing | Table | Figure


@dataclass(frozen=True)
class Section:
    """A section.

    Attributes:
        key: Its anchor.
        title: Its head.
        blocks: What stands in it.
        parts: Sections below it.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]
    parts: tuple["Section", ...] = ()


@dataclass(frozen=True)
class Document:
    """A report.

    Attributes:
        title: Its title.
        subtitle: One line below it.
        opening: The answer: all that stands on the first screen.
        sections: The rest of the main part.
        appendix: Everything else, folded where a format can.
    """

    title: str
    subtitle: Text
    opening: Section
    sections: tuple[Section, ...]
    appendix: tuple[Section, ...] = ()
