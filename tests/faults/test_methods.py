"""What methods do to their process is that run's failure; the other runs go on, and the command ends."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from equipoise.harness.core.suite import Suite
from equipoise.harness.store.overview import overview_of
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.write import write as report

HOSTILE = Path(__file__).parent / "hostile.py"
SUITE = """
name = "hostile"
[budget]
queries = 5
[protocol]
repeats = 2
seed = 1
{rules}
[[tasks]]
name = "nasbench201/cifar10"
"""


def write(folder: Path, *classes: str, rules: str = "") -> Path:
    """A suite of classes of `hostile`; each needs a file of its own, since a file is one method."""
    text = SUITE.format(rules=rules)
    for name in classes:
        text += f'[[methods]]\nname = "hostile:{name}"\nlabel = "{name}"\n'
    path = folder / "suite.toml"
    path.write_text(text)
    return path


def start(suite: Path, workers: int = 1, *more: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join([str(HOSTILE.parent), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "equipoise", "run", str(suite), "--out", str(suite.parent / "out"), "--workers"]
    return subprocess.Popen(
        [*command, str(workers), *more],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=suite.parent,
    )


def stored(suite: Path) -> dict[str, int]:
    """Runs stored, by method."""
    store, counts = RunStore(suite.parent / "out"), dict[str, int]()
    for summary in store.summaries().values():
        counts[summary.method] = counts.get(summary.method, 0) + 1
    return counts


def failures(suite: Path) -> dict[str, list[str]]:
    """Errors of the runs that failed, by method, without the line of the method's file."""
    found: dict[str, list[str]] = {}
    for failure in RunStore(suite.parent / "out").failures():
        error = re.sub(r" \(hostile\.py, line \d+\)$", "", failure["error"])
        found.setdefault(failure["method"], []).append(error)
    return found


def cpu_seconds(process: int) -> float:
    """User time of a process and of those that it has started."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if process in (int(folder.name), int(fields[1])):
                total += int(fields[11]) + int(fields[13])
    return total / os.sysconf("SC_CLK_TCK")


RAISING = {
    "RaisesInterrupt": "KeyboardInterrupt",
    "SendsInterrupt": "the method sent an interrupt to its own process",
    "RaisesCancelled": "CancelledError",
    "RaisesGeneratorExit": "GeneratorExit",
    "RaisesBytes": r"ValueError: \ud800 \x1b[31m \x00 and\na second line",
    "RaisesNoText": "NoTextError: its text cannot be shown, RuntimeError",
    "ExitsHard": "the worker process died in this run (exit status 0)",
    "Crashes": "the worker process died in this run (signal 11)",
}


def test_whatever_a_method_raises_is_its_failure(tmp_path: Path) -> None:
    suite = write(tmp_path, *RAISING, "Plain")
    process = start(suite)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 1
    assert "Traceback" not in told
    assert "2 of 18 runs stored, 16 failed" in told
    assert stored(suite) == {"Plain": 2}
    assert failures(suite) == {name: [error] * 2 for name, error in RAISING.items()}
    for line in (tmp_path / "out" / "failures.jsonl").read_text().splitlines():
        assert all(part.isprintable() for part in json.loads(line)["traceback"].split("\n"))
    assert r"\ud800 \x1b[31m \x00" in str(overview_of(tmp_path / "out"))
    assert all(b"\0" not in page.read_bytes() for page in report(tmp_path / "out", ("md",)))


def test_what_a_method_does_to_its_process_is_undone(tmp_path: Path) -> None:
    suite = write(tmp_path, "LeavesFolder", "Looks", "Rearranges", "Plain")
    text = suite.read_text()
    suite.write_text(text + '[[methods]]\nname = "hostile:Looks"\nlabel = "again"\n')
    process = start(suite)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 0, told
    assert stored(suite) == dict.fromkeys(("LeavesFolder", "Looks", "Rearranges", "Plain", "again"), 2)


@pytest.mark.faults
def test_what_a_method_leaves_running_does_not_keep_the_command(tmp_path: Path) -> None:
    suite = write(tmp_path, "LeavesThread", "LeavesChild", "Forks", "Plain")
    process = start(suite, 2)
    told = process.communicate(timeout=500)[1]  # what is left sleeps for 1,000 s
    assert process.returncode == 0, told
    assert stored(suite) == dict.fromkeys(("LeavesThread", "LeavesChild", "Forks", "Plain"), 2)
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False)
    assert left.stdout == ""


@pytest.mark.faults
@pytest.mark.parametrize(
    ("method", "limit", "said"),
    [
        ("Endless", "seconds_per_run = 10", "seconds_per_run = 10"),
        ("Hungry", 'memory_per_run = "800MB"', "memory_per_run = 0.8 GB"),
    ],
)
def test_a_run_beyond_a_limit_is_stopped_and_the_rest_goes_on(
    tmp_path: Path, method: str, limit: str, said: str
) -> None:
    suite = write(tmp_path, method, "Plain", rules=limit)
    process = start(suite)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 1, told
    assert stored(suite) == {"Plain": 2}
    assert [said in error for error in failures(suite)[method]] == [True, True]


def test_limits_change_no_identity_of_a_run(tmp_path: Path) -> None:
    plain = Suite.load(write(tmp_path, "Plain"))
    limited = Suite.load(write(tmp_path, "Plain", rules='seconds_per_run = 2.5\nmemory_per_run = "4 GB"'))
    assert [spec.run_id for spec in plain.runs()] == [spec.run_id for spec in limited.runs()]
    assert limited.protocol.memory_bytes == 4_000_000_000
    assert Suite.from_dict(limited.to_dict()) == limited
    assert "seconds_per_run" not in plain.to_dict()["protocol"]


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("Sleeps", signal.SIGTERM),
        *(
            pytest.param(*pair, marks=pytest.mark.faults)
            for pair in (("Sleeps", signal.SIGINT), ("Deaf", signal.SIGTERM))
        ),
        *(pytest.param(name, signal.SIGINT, marks=pytest.mark.faults) for name in ("Deaf", "Endless")),
    ],
)
def test_a_signal_ends_the_command_soon(tmp_path: Path, method: str, sent: signal.Signals) -> None:
    suite = write(tmp_path, method, rules="")
    suite.write_text(suite.read_text().replace("queries = 5", "queries = 500"))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    process = start(suite, 2)
    deadline = time.monotonic() + 120
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(sent)
    began, spent = time.monotonic(), cpu_seconds(process.pid)
    told = process.communicate(timeout=120)[1]
    assert time.monotonic() - began < 25  # a proposal takes 30 s, or for ever; how busy the machine is does not matter
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before - spent < 3  # 2 s, and what the clock rounds
    assert process.returncode == 130
    assert "Traceback" not in told
    assert "the same command goes on from here" in told
    assert failures(suite) == {}


@pytest.mark.faults
def test_a_run_that_two_signals_give_up_is_no_failure(tmp_path: Path) -> None:
    suite = write(tmp_path, "Stubborn", rules="")
    alone = suite.read_text().replace("queries = 5", "queries = 500").replace("repeats = 2", "repeats = 1")
    suite.write_text(alone)  # a chunk of one run: of several, none is recorded before each was tried alone
    process = start(suite, 2)
    deadline = time.monotonic() + 120
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 130, told
    assert "Traceback" not in told
    assert failures(suite) == {}
