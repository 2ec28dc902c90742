"""Markdown as GitHub renders it."""

import re
from collections.abc import Callable
from typing import Any

from equipoise.reports.document import Cell, Code, Document, Emphasis, Strong, Table, Text
from equipoise.reports.render.environment import render as fill

__all__ = ["render"]

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$])")


def render(document: Document) -> str:
    """The whole document."""
    filters: dict[str, Callable[..., Any]] = {
        "inline": inline,
        "plain": plain,
        "cell": cell,
        "rule": rule,
        "alt": alternative,
    }
    text = fill("report.md.j2", filters, {"document": document})
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    return SPECIAL.sub(r"\\\1", str(text).replace("\n", " "))


def code(text: str) -> str:
    """A name in backticks, whatever it holds."""
    text = str(text).replace("\n", " ").replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def inline(text: Text) -> str:
    """A text with its styles."""
    styles = {Strong: lambda t: f"**{plain(t)}**", Emphasis: lambda t: f"*{plain(t)}*", Code: code}
    return "".join(styles.get(type(part), plain)(part) for part in text)


def alternative(text: str) -> str:
    """The text alternative of an image."""
    return plain(text)


def cell(entry: Cell) -> str:
    """An entry of a table."""
    text = code(entry.text) if entry.code and entry.text else plain(entry.text)
    text = f"**{text}**" if entry.best else text
    return f"{text}†" if entry.tied else text


def rule(table: Table) -> str:
    """The line between head and body, which aligns the columns."""
    return "|".join(":---" if column.align == "l" else "---:" for column in table.columns)
