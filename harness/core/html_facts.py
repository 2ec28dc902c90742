"""The table by which an object shows itself in a notebook."""

from collections.abc import Mapping
from html import escape

__all__ = ["html_facts"]


def html_facts(title: str, facts: Mapping[str, object]) -> str:
    """A captioned HTML table of two columns; empty facts are omitted.

    Args:
        title: The caption.
        facts: Texts by their names.
    """
    left = 'style="text-align:left"'
    rows = "".join(
        f"<tr><th {left}>{escape(name)}</th><td {left}>{escape(str(value))}</td></tr>"
        for name, value in facts.items()
        if value not in (None, "", ())
    )
    return f"<table><caption>{escape(title)}</caption>{rows}</table>"
