"""Writes the report of stored runs beside them."""

from collections.abc import Iterator
from pathlib import Path

from equipoise.harness.core.errors import SuiteError, nearest
from equipoise.harness.core.files import write_whole
from equipoise.reports.compose import compose
from equipoise.reports.document import Block, Document, Figure, Section, Table
from equipoise.reports.figures.style import pdf, settled, styled, svg
from equipoise.reports.load import load
from equipoise.reports.render import html, latex, markdown

__all__ = ["write"]

FORMATS = ("md", "tex", "html")


def write(folder: Path, formats: tuple[str, ...] = FORMATS, out: Path | None = None) -> list[Path]:
    """Writes ``report.md``, ``report.tex`` and ``report.html`` with ``figures/`` and ``tables/``.

    The same store gives the same bytes.

    Args:
        folder: A results folder.
        formats: Of ``md``, ``tex`` and ``html``.
        out: Where the report goes; into the results folder if None.

    Returns:
        The report files written, in the order of `formats`.

    Raises:
        SuiteError: A format is unknown.
        StoreError: The store holds no results, is damaged, or the folder cannot be written.
    """
    wanted = [name.strip() for name in formats]
    for name in wanted:
        if name not in FORMATS:
            raise SuiteError(f"--formats: no format '{name}'; {nearest(name, FORMATS)}")
    document = compose(load(Path(folder)))
    folder = Path(out or folder)
    drawings: dict[str, str] = {}
    for figure in figures(document):
        with styled():
            plot = settled(figure.draw())
            drawings[figure.key] = svg(plot)
            if "md" in wanted:
                write_whole(folder / "figures" / f"{figure.key}.svg", drawings[figure.key].encode())
            if "tex" in wanted:
                write_whole(folder / "figures" / f"{figure.key}.pdf", pdf(plot))
    written = []
    for name in dict.fromkeys(wanted):
        if name == "md":
            content = markdown.render(document)
        elif name == "tex":
            content = latex.render(document)
            for block in blocks(document):
                if isinstance(block, Table | Figure):
                    room = "tables" if isinstance(block, Table) else "figures"
                    write_whole(folder / room / f"{block.key}.tex", latex.render_float(block).encode())
        else:
            content = html.render(document, drawings)
        path = folder / f"report.{name}"
        write_whole(path, content.encode())
        written.append(path)
    return written


def blocks(document: Document) -> Iterator[Block]:
    """All blocks, in reading order."""

    def within(section: Section) -> Iterator[Block]:
        yield from section.blocks
        for part in section.parts:
            yield from within(part)

    for section in (document.opening, *document.sections):
        yield from within(section)


def figures(document: Document) -> Iterator[Figure]:
    """All figures, in reading order."""
    return (block for block in blocks(document) if isinstance(block, Figure))
