"""The open table format, as the docstring of `equipoise.harness.tables` defines it."""

import inspect

import equipoise.harness.tables

__all__ = ["table_format"]


def table_format() -> str:
    """The docstring, which is Markdown but for its double backticks and its indented example."""
    lines = (inspect.getdoc(equipoise.harness.tables) or "").replace("``", "`").splitlines()
    return "\n".join(lines[2:]) + "\n"
