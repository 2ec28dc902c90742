"""The command line as one page, read from the commands themselves."""

from collections.abc import Iterator
from typing import Any

from site_pages.docstrings import markdown, table

__all__ = ["command_page", "commands"]


def commands(group: Any = None, path: tuple[str, ...] = ("equipoise",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below a group with the words that call it, for example ``("equipoise", "data", "fetch")``."""
    if group is None:
        from typer.main import get_command

        from equipoise.harness.cli.main import app

        group = get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        elif not command.hidden:
            yield (*path, name), command


def command_page() -> str:
    """The Markdown of the page."""
    parts = [
        "# Command line",
        "`equipoise COMMAND --help` says the same in a terminal. An error is one line on standard error, and exit "
        "status 2; status 1 means that a run, a check or a comparison failed.",
    ]
    for words, command in commands():
        parts += [f"## `{' '.join(words)}`", markdown(" ".join((command.help or "").split()))]
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        usage = " ".join([*words, *(p.metavar or str(p.name).upper() for p in arguments), "[OPTIONS]"])
        parts += [f"```text\n{usage}\n```"]
        rows = [(_spelled(p), markdown(p.help or ""), _default(p)) for p in command.params if p.name != "help"]
        if rows:
            parts += [table(("argument or option", "meaning", "default"), rows)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or str(parameter.name).upper()}`"
    return ", ".join(f"`{option}`" for option in parameter.opts)


def _default(parameter: Any) -> str:
    if parameter.required or parameter.default in (None, False) or parameter.param_type_name == "argument":
        return "required" if parameter.required else ""
    return f"`{parameter.default}`"
