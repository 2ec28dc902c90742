"""Keys that are safe as file names, anchors and LaTeX labels, whatever a space or a task is called."""

import re
from collections.abc import Callable
from dataclasses import replace

from equipoise.reports.document import Block, Document, Figure, Section, Table

__all__ = ["with_plain_keys"]


def with_plain_keys(document: Document) -> Document:
    """The document with letters, digits, ``.``, ``_`` and ``-`` alone in its keys; those that coincide are numbered.

    Sections, tables and figures are told apart each among themselves: their anchors begin with their kind.
    """
    sections, tables, figures = _namer(), _namer(), _namer()

    def block(one: Block) -> Block:
        if isinstance(one, Table):
            return replace(one, key=tables(one.key))
        return replace(one, key=figures(one.key)) if isinstance(one, Figure) else one

    def section(one: Section) -> Section:
        key = sections(one.key)
        return replace(one, key=key, blocks=tuple(map(block, one.blocks)), parts=tuple(map(section, one.parts)))

    return replace(
        document,
        opening=section(document.opening),
        sections=tuple(map(section, document.sections)),
        appendix=tuple(map(section, document.appendix)),
    )


def _namer() -> Callable[[str], str]:
    """A function that makes keys plain; case alone does not tell files apart everywhere."""
    taken: set[str] = set()

    def name(key: str) -> str:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", key)
        found, number = plain, 2
        while found.lower() in taken:
            found, number = f"{plain}-{number}", number + 1
        taken.add(found.lower())
        return found

    return name
