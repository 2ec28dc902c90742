"""Checks an entry in a process of its own, with limits: the code of its contributor runs there, and not here.

The process has a temporary home and working folder, and of the environment only what Python and Equipoise need; where
the system allows it (``unshare``), it has no network. It answers in JSON: nothing that it sends is executed. It is no
prison: it may write wherever the user may, and its code may lie about itself.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from select import select
from time import monotonic
from typing import Any

from equipoise.harness.core.errors import one_line
from equipoise.harness.core.files import parse_json
from equipoise.harness.data.cache import cache_folder
from equipoise.harness.engine.limits import Limits, memory_of_group

__all__ = ["answer", "reasons_apart"]

START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from equipoise.harness.archive.apart import answer; answer(*sys.argv[2:])"
)
KEPT = re.compile(r"PATH|LANG|LC_\w+|TZ|LD_LIBRARY_PATH|VIRTUAL_ENV|PYTHON\w*|EQUIPOISE_\w+|\w+_NUM_THREADS|CUDA_\w+")
"""The variables of the environment that the process has."""
POLL_SECONDS = 0.2
MOST_BYTES = 1_000_000
"""Of its answer."""


def reasons_apart(archive: Path, name: str, sample: int, say: Callable[[str], None], limits: Limits) -> list[str]:
    """Checks the values, the code and a sample of the runs of an entry.

    Args:
        archive: The folder of the archive.
        name: Of the entry.
        sample: Runs that are executed again.
        say: Takes the lines.
        limits: Seconds and resident bytes of the process and its children.

    Returns:
        Why it is not verified; empty if it is.
    """
    source, sink = os.pipe()
    with tempfile.TemporaryDirectory(prefix="equipoise-check-") as home, open(source, "rb", buffering=0) as answers:
        command = [sys.executable, "-c", START, json.dumps([str(Path(part).resolve()) for part in sys.path])]
        process = subprocess.Popen(
            [*_without_network(), *command, str(sink), str(archive.resolve()), name, str(sample)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(sink,),
            cwd=home,
            env=_environment(home),
            process_group=0,
        )
        os.close(sink)
        if not _without_network():
            say("the code of entries can reach the network here: unshare --net is not allowed")
        try:
            for told in _messages(answers, process, limits):
                if isinstance(told.get("line"), str):
                    say(one_line(told["line"], 1000))
                elif isinstance(told.get("reasons"), list):
                    return [one_line(str(reason), 1000) for reason in told["reasons"]]
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            status = process.wait()
    return [f"its check ended without an answer (exit status {status})"]


def answer(sink: str, archive: str, name: str, sample: str) -> None:
    """Checks an entry, in the process apart.

    Args:
        sink: File descriptor that takes the answer: a line of JSON per message.
        archive: The folder of the archive.
        name: Of the entry.
        sample: Runs that are executed again.
    """
    from equipoise.harness.archive.check import reasons_of

    with open(int(sink), "w", encoding="utf-8", buffering=1) as answers:

        def tell(message: Mapping[str, Any]) -> None:
            answers.write(json.dumps(message) + "\n")

        tell({"reasons": reasons_of(Path(archive) / name, int(sample), lambda line: tell({"line": line}))})


def _messages(answers: Any, process: "subprocess.Popen[bytes]", limits: Limits) -> Iterator[Mapping[str, Any]]:
    """Yields what the process says, and in the end why it was stopped."""
    began, text, received = monotonic(), b"", 0
    while True:
        if limits.seconds is not None and monotonic() - began > limits.seconds:
            yield {"reasons": [f"its check was stopped after {limits.seconds:g} s (--seconds)"]}
        if limits.memory is not None and memory_of_group(process.pid) > limits.memory:
            yield {"reasons": [f"its check was stopped at {limits.memory / 1e9:g} GB of memory (--memory)"]}
        if not select([answers], [], [], POLL_SECONDS)[0]:
            continue
        block = answers.read(65_536)
        received += len(block)
        if not block or received > MOST_BYTES:
            return
        *lines, text = (text + block).split(b"\n")
        for line in lines:
            with suppress(ValueError):
                if isinstance(told := parse_json(line), dict):
                    yield told


def _environment(home: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    return {**kept, "HOME": home, "TMPDIR": home, "EQUIPOISE_CACHE": str(cache_folder().resolve())}


@cache
def _without_network() -> tuple[str, ...]:
    """The command that starts another in a network of nobody; empty where the system does not allow it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    command = (unshare, "--map-root-user", "--net")
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if tried.returncode == 0 else ()
