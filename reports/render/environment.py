"""The jinja2 environment that the renderings share."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from equipoise.reports.document import Bullets, Figure, Listing, Paragraph, Table

__all__ = ["environment"]

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
KINDS = {Paragraph: "paragraph", Bullets: "bullets", Listing: "listing", Table: "table", Figure: "figure"}


@lru_cache
def environment(**delimiters: str) -> Environment:
    """An environment in which an undefined name is an error, and which knows the kind of a block.

    Args:
        delimiters: Other delimiters than jinja's own.
    """
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # every text passes a filter of its format
        **delimiters,  # type: ignore[arg-type]
    )
    made.filters["kind"] = lambda block: KINDS[type(block)]
    return made


def render(template: str, filters: Mapping[str, Any], values: Mapping[str, Any], **delimiters: str) -> str:
    """Fills a template."""
    made = environment(**delimiters)
    made.filters.update(filters)
    return made.get_template(template).render(values)
