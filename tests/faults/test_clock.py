"""The wall clock may leap while a suite runs: limits and times are measured by a clock that does not."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from equipoise.harness.store.run_store import RunStore

TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS / "faults"), *sys.path])}
LEAPS = """
import itertools, time
now, leaps = time.time, itertools.count()
time.time = lambda: now() + {start} + {step} * next(leaps)
time.time_ns = lambda: int(1e9 * time.time())
"""
SUITE = """
name = "clock"
[budget]
queries = {queries}
[protocol]
repeats = {repeats}
seed = 1
{rules}
[[tasks]]
name = "{task}"
"""
VALUES = ["task", "method", "repeat", "query", "architecture", "validation_error", "charge", "status"]


def leaping(folder: Path, start: float, step: float) -> dict[str, str]:
    """The environment of processes whose clock leaps whenever it is read."""
    (folder / "clock").mkdir()
    (folder / "clock" / "sitecustomize.py").write_text(LEAPS.format(start=start, step=step))
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(folder / "clock"), ENVIRONMENT["PYTHONPATH"]])}
    looks = "import time; print(time.time() - time.time())"
    told = subprocess.run([sys.executable, "-c", looks], env=environment, capture_output=True, text=True, check=True)
    assert abs(float(told.stdout) + step) < 60
    return environment


def run(
    folder: Path, environment: dict[str, str], text: str, *arguments: str
) -> tuple[subprocess.CompletedProcess[str], float]:
    (folder / "suite.toml").write_text(text)
    command = [sys.executable, "-m", "equipoise", "run", "suite.toml", "--out", "out", "--workers", "2", *arguments]
    began = time.monotonic()
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=200)
    assert "Traceback" not in ran.stderr
    return ran, time.monotonic() - began


def rows(folder: Path) -> pd.DataFrame:
    frame = RunStore(folder).frame(VALUES).astype(dict.fromkeys(("task", "method", "architecture", "status"), str))
    return frame.sort_values(VALUES[:4], ignore_index=True)


@pytest.mark.faults
def test_seconds_per_run_are_those_that_pass(tmp_path: Path) -> None:
    leaps = leaping(tmp_path, 0, 1e4)
    text = SUITE.format(queries=20, repeats=2, task="nasbench201/cifar10", rules="seconds_per_run = 20")
    text += '[[methods]]\nname = "hostile:Endless"\nlabel = "Endless"\n'
    text += '[[methods]]\nname = "plugins_for_tests:Slow"\nlabel = "Slow"\n'
    ran, _ = run(tmp_path, leaps, text)
    assert ran.returncode == 1, ran.stderr
    store = RunStore(tmp_path / "out")
    assert {(summary.method, summary.queries) for summary in store.summaries().values()} == {("Slow", 20)}
    stopped = [float(failure["error"].split()[2]) for failure in store.failures()]
    assert len(stopped) == 2
    assert all(20 <= seconds < 40 for seconds in stopped)  # the clock is looked at five times per second
    run(tmp_path, ENVIRONMENT, text, "--only", "Slow", "--out", "again")
    pd.testing.assert_frame_equal(rows(tmp_path / "out"), rows(tmp_path / "again"))


@pytest.mark.faults
def test_a_time_is_that_which_passes_and_what_is_noted_counts_as_gained(tmp_path: Path) -> None:
    leaps = leaping(tmp_path, 1e8, -1e4)
    text = SUITE.format(queries=1000, repeats=1, task="plugins_for_tests:SlowTask/plain", rules="")
    text += '[[methods]]\nname = "random_search"\nsettings = {replacement = true}\n'
    for lap in range(2):
        ran, seconds = run(tmp_path, leaps, text, "--shard", "1/1", "--time", "0:24")
        assert ran.returncode == 75, ran.stderr
        assert seconds >= 12
        assert (tmp_path / "out" / ".lock-1-of-1").read_text() == "", lap  # it did not stop in vain
    (journal,) = (tmp_path / "out" / "journal").glob("*.jsonl")
    assert len(journal.read_text().splitlines()) > 100
