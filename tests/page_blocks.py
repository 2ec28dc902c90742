"""Reads the code blocks of a Markdown page, and makes one script of them: what the page tells a reader to do."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Block", "blocks", "calls", "script", "wrong_call"]

FENCE = re.compile(
    r"(?P<marks>(?:^<!-- [^\n]* -->\n)*)^```(?P<language>[^\n`]*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)
NOT_CODE = {"text", "bibtex", "yaml", "json"}


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        language: What stands after the fence.
        code: Its lines.
        line: Of the page, from 1.
        file: The file that a reader saves it as (``<!-- file: NAME -->`` before it).
        run: Whether its commands are run (``<!-- run -->``) and not only checked.
    """

    language: str
    code: str
    line: int
    file: str | None
    run: bool


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page in order; directives of the site are none."""
    text = page.read_text()
    found = []
    for match in FENCE.finditer(text):
        if match["language"].startswith("{"):
            continue
        file = re.search(r"<!-- file: (\S+) -->", match["marks"])
        found.append(
            Block(
                match["language"].strip(),
                match["code"],
                text.count("\n", 0, match.start("code")) + 1,
                file[1] if file else None,
                "<!-- run -->" in match["marks"],
            )
        )
    return found


def script(page: Path) -> str:
    """The page as one Python script: it saves the files, runs the code, and runs the commands that are to be run."""
    lines = ["import subprocess as _subprocess, sys as _sys", "from pathlib import Path as _Path"]
    for block in blocks(page):
        lines.append(f"# {page.name}, line {block.line}")
        if block.file:
            lines.append(f"_Path({block.file!r}).write_text({block.code!r})")
        elif block.language == "python":
            lines.append(block.code)
        elif block.run:
            for words in calls(block.code):
                command = ", ".join(map(repr, words[1:]))
                lines.append(f"_subprocess.run([_sys.executable, '-m', 'equipoise', {command}], check=True)")
    return "\n".join(lines) + "\n"


def calls(text: str) -> Iterator[list[str]]:
    """The words of every call of ``equipoise`` or ``tox`` in a text, in consoles and in `code`."""
    for line in text.splitlines():
        for said in [line, *re.findall(r"`([^`]+)`", line)]:
            if said.startswith(("equipoise ", "tox -e ")):
                yield shlex.split(said, comments=True)


def wrong_call(words: list[str], root: Path) -> str | None:
    """Why a call cannot be meant: a command, option or environment that does not exist. None if it can."""
    if words[0] == "tox":
        environments = " ".join(re.findall(r"^\[testenv:(.+)\]$", (root / "tox.ini").read_text(), re.MULTILINE))
        unknown = {*words[2].split(",")} - {*re.findall(r"[\w-]+", environments)}
        return f"no tox environment {', '.join(unknown)}" if unknown else None
    from typer.main import get_command

    from equipoise.harness.cli.main import app

    command: Any = get_command(app)
    rest = words[1:]
    while hasattr(command, "commands"):
        if not rest or rest[0] not in command.commands:
            return f"no command {' '.join(words)!r}" if rest and not rest[0].startswith("--") else None
        command, rest = command.commands[rest[0]], rest[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown_options = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"{' '.join(words)!r}: no option {', '.join(unknown_options)}" if unknown_options else None
