"""Writes the pages that the site derives from code: one per method, benchmark and space, and the command line."""

from pathlib import Path

from site_pages.benchmark_pages import benchmark_pages
from site_pages.command_page import command_page
from site_pages.method_pages import method_pages
from site_pages.space_pages import space_pages
from site_pages.table_format import table_format

__all__ = ["pages", "write_pages"]


def pages() -> dict[str, str]:
    """The Markdown of every derived page by its path without suffix, for example ``methods/bananas``."""
    single = {"command_line": command_page(), "table_format": table_format()}
    return {**method_pages(), **benchmark_pages(), **space_pages(), **single}


def write_pages(folder: Path) -> None:
    """Writes the pages, and leaves alone those that say what they said before (so that a rebuild is short)."""
    for name, text in pages().items():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
