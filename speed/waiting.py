"""Waiting times: CPU seconds of common commands, also as ratios to starting Python.

    python speed/waiting.py                          # this checkout
    python speed/waiting.py --checkout ../before     # another one before it, and the ratio of the two
    python speed/waiting.py --runs 7 --suite quick

Each command runs in a process of its own, the checkouts taking turns; the least CPU time (user and system) of some runs
is given, since other work on the machine only adds. The results that `status` and `report` read are made first, by
each checkout with its own code, in a folder that is removed (or kept and reused with ``--keep``).

A checkout of the time when the packages were called ``harness`` and ``reports`` is asked as ``python -m harness``.

Measured on two busy cores, before (commit b04db81) and after the package became a library, in CPU seconds: `--help`
0.23 and 0.11, `list methods` 1.18 and 0.38, `list tasks` 2.95 and 0.49, `status` 0.50 and 0.54, the report of `quick`
21.2 and 7.0; `import equipoise` takes 0.01 more than Python itself (0.014).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Checkout:
    """Code to measure.

    Attributes:
        path: Its first level.
        results: A stored suite, made by this code.
    """

    path: Path
    results: Path

    @property
    def package(self) -> str:
        """The package that is imported."""
        return "equipoise" if (self.path / "equipoise").exists() else "harness"

    def commands(self) -> dict[str, list[str]]:
        """Arguments of Python by what people call them."""
        run = ["-m", self.package]
        return {
            "python": ["-c", "pass"],
            f"import {self.package}": ["-c", f"import {self.package}"],
            "--help": [*run, "--help"],
            "list methods": [*run, "list", "methods"],
            "list tasks": [*run, "list", "tasks"],
            "status": [*run, "status", str(self.results)],
            "report": [*run, "report", str(self.results)],
        }

    def cpu_seconds(self, arguments: Sequence[str]) -> float:
        """CPU time of one process, in seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.run(arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def run(self, arguments: Sequence[str]) -> None:
        """Runs Python on this code and no other.

        Raises:
            SystemExit: It failed.
        """
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(self.path), "MPLBACKEND": "agg"}
        command = [sys.executable, *arguments]
        ran = subprocess.run(command, cwd=self.path, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(f"{self.path}: {' '.join(arguments)} failed: {ran.stderr}")

    def make(self, suite: str) -> None:
        """Runs a suite, unless it is stored already."""
        if not (self.results / "manifest.json").exists():
            self.run(["-m", self.package, "run", suite, "--out", str(self.results)])


def measured(checkouts: Sequence[Checkout], runs: int) -> list[list[float]]:
    """The least CPU seconds of each command, a list per checkout, which take turns."""
    seconds = []
    for commands in zip(*(checkout.commands().values() for checkout in checkouts), strict=True):
        tries = [
            [one.cpu_seconds(command) for one, command in zip(checkouts, commands, strict=True)] for _ in range(runs)
        ]
        seconds.append([min(column) for column in zip(*tries, strict=True)])
    return [list(column) for column in zip(*seconds, strict=True)]


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkout", type=Path, help="Another checkout to measure before this one.")
    parser.add_argument("--runs", type=int, default=5, help="Runs of each command, of which the least counts.")
    parser.add_argument("--suite", default="quick", help="The suite whose results are read.")
    parser.add_argument("--keep", type=Path, help="Folder of the results; reused if they are there.")
    options = parser.parse_args()
    paths = [*([options.checkout.resolve()] if options.checkout else []), HERE]
    with tempfile.TemporaryDirectory() as scratch:
        folder = (options.keep or Path(scratch)).resolve()
        checkouts = [Checkout(path, folder / str(place)) for place, path in enumerate(paths)]
        for checkout in checkouts:
            checkout.make(options.suite)
        seconds = measured(checkouts, options.runs)
    names = ["before", "after"] if options.checkout else ["CPU"]
    print(f"{'':<20}" + "".join(f"{f'{name} [s]':>14}{'of python':>12}" for name in names), end="")
    print(f"{'after/before':>16}" if options.checkout else "")
    for place, what in enumerate(checkouts[-1].commands()):
        line = "".join(f"{column[place]:>14.3f}{column[place] / column[0]:>12.1f}" for column in seconds)
        ratio = f"{seconds[1][place] / seconds[0][place]:>16.2f}" if options.checkout else ""
        print(f"{what:<20}{line}{ratio}")


if __name__ == "__main__":
    main()
