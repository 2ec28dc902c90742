"""Writes the report of stored runs beside them."""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path

import numpy as np

from equipoise.harness.core.errors import SuiteError, nearest
from equipoise.harness.core.files import write_whole
from equipoise.harness.core.threads import one_thread
from equipoise.harness.store.entry import Entry
from equipoise.reports.compose import compose
from equipoise.reports.document import Block, Document, Figure, Section, Table
from equipoise.reports.drawing.pdf import pdf
from equipoise.reports.drawing.style import STYLES
from equipoise.reports.drawing.svg import svg
from equipoise.reports.load import load
from equipoise.reports.render import html, latex, markdown

__all__ = ["write"]

FORMATS = ("md", "tex", "html")


def write(
    folder: Path,
    formats: tuple[str, ...] = FORMATS,
    out: Path | None = None,
    style: str = "report",
    focus: str | None = None,
    beside: Sequence[Entry] = (),
) -> list[Path]:
    """Writes ``report.md``, ``report.tex`` and ``report.html`` with ``figures/`` and ``tables/``.

    The same store gives the same bytes.

    Args:
        folder: A results folder.
        formats: Of ``md``, ``tex`` and ``html``.
        out: Where the report goes; into the results folder if None.
        style: Width and fonts of the figures: ``report``, ``neurips``, ``icml`` or ``one-column``.
        focus: Label of a method that is compared with each other one.
        beside: Entries of an archive, whose runs under the same rules are put beside those of the folder.

    Returns:
        The report files written, in the order of `formats`.

    Raises:
        SuiteError: A format, a style or the method in focus is unknown.
        StoreError: The store holds no results, is damaged, or the folder cannot be written.
    """
    wanted = [name.strip() for name in formats]
    for name in wanted:
        if name not in FORMATS:
            raise SuiteError(f"--formats: no format '{name}'; {nearest(name, FORMATS)}")
    if style not in STYLES:
        raise SuiteError(f"--style: no style '{style}'; {nearest(style, STYLES)}")
    with one_thread():  # products of short vectors only wait for each other on several
        document = compose(load(Path(folder), beside), focus)
    folder = Path(out or folder)
    drawings: dict[str, str] = {}
    contents: dict[Path, bytes] = {}  # rendered before anything is written: a report that fails changes nothing
    for figure in figures(document):
        canvas = figure.draw(STYLES[style])
        if {"md", "html"} & set(wanted):
            drawings[figure.key] = svg(canvas)
        if "md" in wanted:
            contents[folder / "figures" / f"{figure.key}.svg"] = drawings[figure.key].encode()
        if "tex" in wanted:
            contents[folder / "figures" / f"{figure.key}.pdf"] = pdf(canvas)
        contents[folder / "figures" / f"{figure.key}.csv"] = comma_separated(figure.data()).encode()
    written = []
    for name in dict.fromkeys(wanted):
        if name == "md":
            content = markdown.render(document)
        elif name == "tex":
            content = latex.render(document)
            for block in blocks(document):
                if isinstance(block, Table | Figure):
                    kind = "tables" if isinstance(block, Table) else "figures"
                    contents[folder / kind / f"{block.key}.tex"] = latex.render_float(block).encode()
        else:
            content = html.render(document, drawings)
        written.append(folder / f"report.{name}")
        contents[written[-1]] = content.encode()
    for path, rendered in contents.items():
        write_whole(path, rendered)
    return written


def comma_separated(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, numbers with six figures, NaN empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([_entry(value) for value in row])
    return text.getvalue()


def _entry(value: object) -> object:
    if isinstance(value, float | np.floating):
        return "" if math.isnan(value) else f"{value:.6g}"
    return value


def blocks(document: Document) -> Iterator[Block]:
    """All blocks, in reading order."""

    def within(section: Section) -> Iterator[Block]:
        yield from section.blocks
        for part in section.parts:
            yield from within(part)

    for section in (document.opening, *document.sections, *document.appendix):
        yield from within(section)


def figures(document: Document) -> Iterator[Figure]:
    """All figures, in reading order."""
    return (block for block in blocks(document) if isinstance(block, Figure))
