"""One HTML file: no network, works without scripts, light and dark."""

import re
from collections.abc import Callable, Mapping
from html import escape
from itertools import groupby
from math import isnan
from typing import Any

from equipoise.reports.document import Cell, Code, Document, Emphasis, Figure, Strong, Table, Text
from equipoise.reports.drawing.look import FAINT, INK, MUTED, PALETTE, PAPER
from equipoise.reports.render.environment import render as fill

__all__ = ["render"]

NEUTRAL = {INK: "ink", MUTED: "muted", FAINT: "faint", PAPER: "paper"}


def render(document: Document, drawings: Mapping[str, str]) -> str:
    """The whole document.

    Args:
        document: What to show.
        drawings: The SVG of every figure, by key.
    """

    def drawing(figure: Figure) -> str:
        return embedded(drawings[figure.key], figure)

    filters: dict[str, Callable[..., Any]] = {
        "inline": inline,
        "plain": plain,
        "head": head,
        "cell": cell,
        "drawing": drawing,
        "sort": sort_key,
        "groups": groups,
    }
    colours = {colour: _lighter(colour) for palette in PALETTE.values() for colour in palette}
    return fill("report.html.j2", filters, {"document": document, "colours": colours})


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    return escape(str(text), quote=True)


def inline(text: Text) -> str:
    """A text with its styles."""
    tags = {Strong: "strong", Emphasis: "em", Code: "code"}
    parts = []
    for part in text:
        tag = tags.get(type(part))
        parts.append(f"<{tag}>{plain(part)}</{tag}>" if tag else plain(part))
    return "".join(parts)


def cell(entry: Cell) -> str:
    """The content of an entry of a table."""
    text = f"<code>{plain(entry.text)}</code>" if entry.code and entry.text else plain(entry.text)
    text = f"<strong>{text}</strong>" if entry.best else text
    return f'{text}<sup title="not significantly different from the best">†</sup>' if entry.tied else text


def sort_key(entry: Cell) -> str:
    """The attribute a column is sorted by; empty where the text itself serves."""
    if entry.value is None or isnan(entry.value):
        return ""
    return f' data-value="{f"{entry.value:.6g}".replace("inf", "Infinity")}"'


def head(title: str) -> str:
    """The head of a column, which may break after an underscore."""
    return plain(title).replace("_", "_<wbr>").replace("/", "/<wbr>")


def groups(table: Table) -> list[tuple[str, int]]:
    """Shared heads and how many columns each spans; empty if no column has one."""
    if not any(column.group for column in table.columns):
        return []
    return [(title, len(list(members))) for title, members in groupby(table.columns, key=lambda column: column.group)]


def embedded(drawing: str, figure: Figure) -> str:
    """An SVG made fit to stand in the page: named, with unique ids, and in the colours of the page's theme."""
    body = drawing[drawing.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{figure.key}-\1"', body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{figure.key}-", body)
    body = re.sub(r"#[0-9a-f]{6}\b", lambda match: themed(match.group()), body)
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', body)
    width = float(size.group(1)) if size else 520.0
    head = (
        f'<svg role="img" aria-labelledby="{figure.key}-title {figure.key}-desc" style="max-width:{width * 1.7:.0f}px" '
    )
    body = re.sub(r'^<svg ([^>]*?)width="[^"]*" height="[^"]*"', rf"{head}\1", body)
    body = re.sub(r'<svg ([^>]*?)(width|height)="[^"]*pt" ', r"<svg \1", body)
    title, description = plain(figure.title), plain(figure.alternative)
    words = f'<title id="{figure.key}-title">{title}</title><desc id="{figure.key}-desc">{description}</desc>'
    return re.sub(r"<svg [^>]*>", lambda match: match.group() + words, body, count=1)


def themed(colour: str) -> str:
    """A colour of ours as a variable of the page, which has another value in the dark."""
    if colour in NEUTRAL:
        return f"var(--{NEUTRAL[colour]})"
    return f"var(--c{colour[1:]})" if any(colour in palette for palette in PALETTE.values()) else colour


def _lighter(colour: str) -> str:
    """The colour for a dark page: halfway to white if it is dark, so that contrast stays."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    brightness = (0.299 * red + 0.587 * green + 0.114 * blue) / 255
    share = max(0.0, 0.62 - brightness)
    return "#" + "".join(f"{round(part + share * (255 - part)):02x}" for part in (red, green, blue))
