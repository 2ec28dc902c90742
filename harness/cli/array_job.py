"""The script of a SLURM job array that runs a suite, share by share."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.engine.walltime import parse_time, reserve

__all__ = ["ArrayJob", "submit"]

TEMPLATE = Path(__file__).parent / "templates" / "array.sh.txt"

SIGNALLED_SECONDS = 300
"""From this time limit on, SLURM itself gives notice too, which it may do a minute early."""


@dataclass(frozen=True)
class ArrayJob:
    """A suite as a job array.

    Attributes:
        suite: A suite file, or the name of a suite that comes with Equipoise.
        out: The results folder; the script and the logs go to ``slurm`` within it.
        shards: Tasks of the array.
        time: Time limit of a task, as SLURM writes it.
        directives: Further options of ``sbatch`` by their long names, such as ``partition``: None for one not given,
            empty for one without a value.
        parallel: Tasks that may run at once; None for any.
        options: Options of ``equipoise run`` that are handed on.
        setup: Lines of shell that come first, such as ``module load python``.
    """

    suite: str
    out: Path
    shards: int
    time: str
    directives: Mapping[str, str | int | None] = field(default_factory=dict)
    parallel: int | None = None
    options: Sequence[str] = ()
    setup: Sequence[str] = ()

    @property
    def script(self) -> Path:
        """Where the script is written."""
        return self.out.absolute() / "slurm" / "array.sh"

    def text(self) -> str:
        """The script.

        Raises:
            SuiteError: An option cannot stand in it.
        """
        seconds = parse_time(self.time)
        suite = str(Path(self.suite).absolute()) if Path(self.suite).is_file() else self.suite
        command = [sys.executable, "-m", "equipoise", "run", suite, "--out", str(self.out.absolute()), *self.options]
        parts = {
            "DIRECTIVES": "\n".join(f"#SBATCH --{line}" for line in self._lines(seconds)),
            "FOLDER": shlex.quote(str(Path.cwd())),
            "SETUP": "\n".join(self.setup),
            "COMMAND": shlex.join(command),
            "SHARDS": str(self.shards),
            "TIME": self.time,
            "SCRIPT": shlex.quote(str(self.script)),
        }
        template = TEMPLATE.read_text(encoding="utf-8")
        return re.sub(rf"\b({'|'.join(parts)})\b", lambda match: parts[match[0]], template)

    def _lines(self, seconds: float) -> list[str]:
        log = str(self.script.parent).replace("%", "%%") + "/%A_%a.log"
        array = f"1-{self.shards}" + (f"%{self.parallel}" if self.parallel else "")
        values: dict[str, object] = {
            "job-name": f"equipoise-{self.out.name}",
            "array": array,
            "time": self.time,
            "output": log,
            "open-mode": "append",
            **{name: value for name, value in self.directives.items() if value is not None},
        }
        if seconds >= SIGNALLED_SECONDS:
            values["signal"] = f"B:USR1@{round(reserve(seconds) / 2)}"
        for name, value in values.items():
            if not str(value).isprintable():
                raise SuiteError(f"--{name} {value!r}: cannot stand in a line of a script")
        return [
            "requeue",
            *(name if value == "" else f"{name}={shlex.quote(str(value))}" for name, value in values.items()),
        ]

    def write(self) -> Path:
        """Writes the script; returns its path.

        Raises:
            StoreError: It cannot be written.
        """
        text = self.text()
        try:
            self.script.parent.mkdir(parents=True, exist_ok=True)
            self.script.write_text(text, encoding="utf-8")
            self.script.chmod(0o755)
        except OSError as error:
            raise StoreError(f"{self.script}: cannot be written ({error.strerror}); choose another --out") from error
        return self.script


def submit(script: Path) -> str:
    """Hands a script to SLURM; returns its answer.

    Raises:
        SuiteError: There is no SLURM here, or it refuses the script.
    """
    if shutil.which("sbatch") is None:
        raise SuiteError(f"no sbatch on this machine; where SLURM is, submit the script with: sbatch {script}")
    ran = subprocess.run(["sbatch", str(script)], capture_output=True, text=True, check=False)
    if ran.returncode:
        said = " ".join((ran.stderr or ran.stdout).split())
        raise SuiteError(f"sbatch refused {script}: {said or f'exit status {ran.returncode}'}")
    return ran.stdout.strip()
