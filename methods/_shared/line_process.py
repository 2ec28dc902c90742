"""A program that talks in lines of JSON on its standard input and output, with a limit on every wait."""

import contextlib
import json
import os
import selectors
import shlex
import subprocess
import tempfile
import time
import weakref
from typing import IO, Any

from equipoise.harness.core.errors import RunError, SettingError, one_line

__all__ = ["LineProcess"]

LONGEST = 1 << 20
"""Bytes of the longest line that is read."""
PATIENCE = 1.0
"""Seconds that a program has to exit once its input has ended."""


class LineProcess:
    """A program that is started once, and stopped when this object goes.

    It stays in the process group of the worker, whose limits of time and memory hold for it too. What it writes to
    standard error is kept for the message of its death.

    Args:
        command: A command line, split as a shell does, without a shell.
        name: Who runs it, for messages.

    Raises:
        SettingError: It does not start.
    """

    def __init__(self, command: str, name: str) -> None:
        self._said = f"{name}: '{one_line(command, 200)}'"
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _stop
        try:
            self._process = subprocess.Popen(
                shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0
            )
        except (OSError, ValueError, IndexError) as error:
            self._errors.close()
            raise SettingError(f"{self._said} does not start: {one_line(str(error))}") from error
        assert self._process.stdin is not None, "stdin is a pipe"
        assert self._process.stdout is not None, "stdout is a pipe"
        self._input, self._output = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._input, False)
        self._buffer = b""
        self.close = weakref.finalize(self, _stop, self._process, self._errors)

    def send(self, message: object, deadline: float) -> None:
        """Writes one line.

        Args:
            message: Anything that JSON knows; numbers are finite.
            deadline: Of `time.monotonic`.

        Raises:
            RunError: The program has ended, or reads nothing for too long.
        """
        line = json.dumps(message, allow_nan=False).encode() + b"\n"
        while line:
            self._wait(self._input, selectors.EVENT_WRITE, deadline, "reads nothing")
            try:
                line = line[os.write(self._input, line) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._ended() from None

    def receive(self, deadline: float) -> dict[str, Any]:
        """Reads one line that holds an object.

        Raises:
            RunError: The program has ended, says nothing for too long, or something else.
        """
        while b"\n" not in self._buffer:
            if len(self._buffer) > LONGEST:
                raise RunError(f"{self._said} wrote a line of more than {LONGEST} bytes; see docs/external_methods.md")
            self._wait(self._output, selectors.EVENT_READ, deadline, "gave no answer")
            told = os.read(self._output, 1 << 16)
            if not told:
                raise self._ended()
            self._buffer += told
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            shown = one_line(line[:200].decode(errors="replace"))
            raise RunError(f"{self._said} wrote '{shown}'; accepted: one JSON object per line")
        return found

    def refuse(self, found: object, accepted: str) -> RunError:
        """The error about a message that is JSON, but not of the protocol."""
        return RunError(f"{self._said} wrote {one_line(json.dumps(found), 200)}; accepted: {accepted}")

    def _wait(self, handle: int, event: int, deadline: float, what: str) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(handle, event)
            if not selector.select(max(0.0, deadline - time.monotonic())):
                self.close()
                raise RunError(f"{self._said} {what} before its time was over; raise 'seconds', or see why it hangs")

    def _ended(self) -> RunError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        status = self._process.poll()
        how = "closed its output" if status is None else f"ended with status {status}"
        self._errors.seek(0)
        lines = self._errors.read()[-2_000:].decode(errors="replace").strip().splitlines()
        last = f": {one_line(lines[-1], 300)}" if lines else ", and nothing on standard error"
        self.close()
        return RunError(f"{self._said} {how} while an answer was due{last}")


def _stop(process: "subprocess.Popen[bytes]", errors: IO[bytes]) -> None:
    """Ends the input, waits a moment, and kills what is still there."""
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    errors.close()
