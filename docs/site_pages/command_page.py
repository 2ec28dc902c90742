"""The command line as one page, read from the commands themselves."""

from collections.abc import Iterator
from typing import Any

from site_pages.docstrings import markdown, table

__all__ = ["command_page", "commands"]


def commands(group: Any = None, path: tuple[str, ...] = ("equipoise",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below a group with the words that call it, for example ``("equipoise", "data", "fetch")``."""
    for name, command in (_group() if group is None else group).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        elif not command.hidden:
            yield (*path, name), command


def _group() -> Any:
    """The command line as a whole."""
    from typer.main import get_command

    from equipoise.harness.cli.main import app

    return get_command(app)


def command_page() -> str:
    """The Markdown of the page."""
    parts = [
        "# Command line",
        "`equipoise COMMAND --help` says the same in a terminal. An error is one line on standard error, and exit "
        "status 2; status 1 means that a run, a check or a comparison failed.",
        "`equipoise --install-completion` lets the shell complete commands, options, and the names of suites, methods, "
        "tasks and spaces.",
        _parameters(_group()),
    ]
    for words, command in commands():
        parts += [f"## `{' '.join(words)}`", markdown(" ".join((command.help or "").split()))]
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        usage = " ".join([*words, *(p.metavar or str(p.name).upper() for p in arguments), "[OPTIONS]"])
        parts += [f"```text\n{usage}\n```"]
        parts += [_parameters(command)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _parameters(command: Any) -> str:
    """The table of what a command takes; empty where that is nothing."""
    rows = [(_spelled(p), markdown(p.help or ""), _default(p)) for p in command.params if p.name != "help"]
    return table(("argument or option", "meaning", "default"), rows) if rows else ""


def _spelled(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or str(parameter.name).upper()}`"
    return ", ".join(f"`{option}`" for option in parameter.opts)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    shown = parameter.param_type_name == "option" and not parameter.is_flag and parameter.default not in (None, "")
    return f"`{parameter.default}`" if shown else ""
