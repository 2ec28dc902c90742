"""Reads Google-style docstrings, and writes their prose and their settings as Markdown."""

import inspect
import re
from typing import NamedTuple

__all__ = ["Docstring", "markdown", "read", "table"]

SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$")


class Docstring(NamedTuple):
    """A docstring in parts.

    Attributes:
        summary: The first paragraph.
        body: The other paragraphs of prose, wherever they stand.
        sections: The items of each section, in order: name to meaning.
    """

    summary: str
    body: str
    sections: dict[str, dict[str, str]]


def read(thing: object) -> Docstring:
    """Parts the docstring of a class or function."""
    prose: list[str] = []
    sections: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    item = ""
    for line in (inspect.getdoc(thing) or "").splitlines():
        if found := SECTION.match(line):
            section = sections.setdefault(found[1], {})
        elif section is None or (line and not line.startswith(" ")):
            section = None
            prose.append(line)
        elif found := re.match(r"^    (\*{0,2}\w+)(?: \([^)]*\))?:(?: (.*))?$", line):
            item = found[1]
            section[item] = found[2] or ""
        elif line.strip():
            section[item] = f"{section.get(item, '')} {line.strip()}".strip()
    summary, _, body = "\n".join(prose).strip().partition("\n\n")
    return Docstring(" ".join(summary.split()), body.strip(), sections)


def markdown(text: str) -> str:
    """Turns the marks of a docstring into those of Markdown: ``code`` and references become `code`."""
    text = re.sub(r"``(.+?)``", r"`\1`", text, flags=re.DOTALL)
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([*<>|\[\]])", r"\\\1", p) for p in parts)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; cells are Markdown in one line, and a bar in one is escaped, in code too."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)])


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))
