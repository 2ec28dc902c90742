"""Tools of the attack: commands, suites of hostile methods, and how an answer is judged."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from damaged_files import KINDS, flip

from equipoise.harness.store.run_store import RunStore

__all__ = ["Outcome", "call", "errors", "rows", "run", "start", "stored", "suite"]

TESTS = Path(__file__).resolve().parents[1]
PATH = os.pathsep.join([str(TESTS.parent), str(TESTS), str(TESTS / "faults"), os.environ.get("PYTHONPATH", "")])
SUITE = """name = {name}
[budget]
queries = {queries}
[protocol]
repeats = 2
seed = 1
{rules}
[[tasks]]
name = "{task}"
"""


@dataclass
class Outcome:
    """The outcome of a row.

    Attributes:
        tried: How many damaged files, hostile methods or commands.
        loud: Of them, those that were refused, told or recorded.
        wrong: Silently wrong ones, in words.
        tracebacks: Raw tracebacks and dead processes, in words.
    """

    tried: int = 0
    loud: int = 0
    wrong: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)

    def flips(self, folder: Path, **steps: int) -> None:
        """Changes bytes of files of these kinds, every so many."""
        for number, (name, step) in enumerate(steps.items()):
            kind = next(kind for kind in KINDS if kind.name == name.replace("_", " "))
            place = folder / str(number)
            place.mkdir()
            tally = flip(kind, place, step)
            self.tried += tally.tried
            self.loud += tally.refused + tally.told
            self.wrong += tally.wrong
            self.tracebacks += tally.tracebacks

    def judge(self, ran: "subprocess.CompletedProcess[str]", status: Sequence[int], words: str) -> None:
        """Judges a command: it must end with one of the statuses, and say the words (a regular expression) if any."""
        self.tried += 1
        shown = f"{' '.join(ran.args[3:])}: status {ran.returncode}, said {ran.stderr[-400:]!r}"
        if "Traceback" in ran.stderr + ran.stdout or ran.returncode < 0:
            self.tracebacks.append(shown)
        elif ran.returncode not in status or not re.search(words, ran.stderr + ran.stdout):
            self.wrong.append(shown)
        elif words:
            self.loud += 1

    def expect(self, holds: bool, words: str, loud: bool = False) -> None:
        """Counts a further look at what was left."""
        self.tried += 1
        self.loud += holds and loud
        if not holds:
            self.wrong.append(words)


def start(folder: Path, *words: str, **environment: str) -> "subprocess.Popen[str]":
    """Starts a command of the project."""
    return subprocess.Popen(
        [sys.executable, "-m", "equipoise", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": PATH, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="surrogateescape",
    )


def call(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs a command of the project to its end."""
    process = start(folder, *words, **environment)
    try:
        out, said = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.kill()
        out, said = process.communicate()
        said += "Traceback: it never ended"
    return subprocess.CompletedProcess(process.args, process.returncode, out, said)


def suite(
    folder: Path,
    *methods: str,
    name: str = '"made"',
    rules: str = "",
    task: str = "nasbench201/cifar10",
    queries: int = 5,
) -> str:
    """Writes a suite of methods of `hostile`, or of other names with a dot or colon."""
    text = SUITE.format(name=name, rules=rules, task=task, queries=queries)
    for method in methods:
        address = method if ":" in method or method.islower() else f"hostile:{method}"
        text += f'[[methods]]\nname = "{address}"\nlabel = "{method.split(":")[-1]}"\n'
    (folder / "suite.toml").write_text(text)
    return "suite.toml"


def run(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """Runs the suite of a folder with one worker."""
    return call(folder, "run", "suite.toml", "--out", "out", "--workers", "1", *more)


def errors(folder: Path) -> dict[str, str]:
    """The recorded failures, by method."""
    return {failure["method"]: failure["error"] for failure in RunStore(folder / "out").failures()}


def stored(folder: Path) -> set[str]:
    """The methods with stored runs."""
    return {summary.method for summary in RunStore(folder / "out").summaries().values()}


def rows(folder: Path) -> str:
    """Every value that a run repeats."""
    frame = RunStore(folder / "out").frame().drop(columns="overhead_seconds")
    return str(frame.sort_values(["task", "method", "repeat", "query"], ignore_index=True).to_csv())
