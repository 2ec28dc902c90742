"""The progress of a suite, in a terminal and without one."""

import re
import sys
import time
from pathlib import Path

import pytest
from stores import suite

from equipoise.harness.cli import progress as display
from equipoise.harness.cli.live import LiveRuns
from equipoise.harness.cli.progress import Tally, duration
from equipoise.harness.core.registry import load_task
from equipoise.harness.engine.journal import JournaledTask
from equipoise.harness.engine.session import Plan
from equipoise.harness.engine.worker import Outcome


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """Four runs of one method on a task that trains, one of them stored."""
    chosen = suite(({"name": "random_search"},), ("plugins_for_tests:Epochs/plain",), {"epochs": 100})
    return Plan(chosen, tmp_path, runs=4, stored=1)


def journal(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal of a worker that trains: two networks for 27 epochs, one for 9."""
    monkeypatch.setattr("equipoise.harness.engine.journal.PATIENCE_SECONDS", -1.0)
    spec = list(plan.suite.runs())[1]
    path = plan.folder / "journal" / f"{spec.run_id}.jsonl"
    task = load_task(spec.task_address)
    journaled = JournaledTask(task, path)
    for architecture, epochs in (((3, 3, 3, 3, 3, 1), None), ((3, 3, 3, 3, 3, 3), 9), ((3, 3, 3, 3, 3, 2), None)):
        journaled.evaluate(architecture, epochs, spec.rng("noise"))
    return path


def test_live_training_shows_epochs_and_the_incumbent(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    path = journal(plan, monkeypatch)
    with path.open("a") as file:
        file.write("[[1, 2")  # a line that is being written
    live = LiveRuns(plan)
    (run,) = live
    assert (run.evaluations, run.epochs, run.fraction) == (3, 63, 0.63)
    task = load_task("plugins_for_tests:Epochs/plain")
    best = 100 - 100 * task.evaluate((3, 3, 3, 3, 3, 2), None, None).validation_error
    assert str(run) == (
        "random_search on plugins_for_tests:Epochs/plain, repeat 2: 3 trained, 63 epochs, 63% of the budget, "
        f"incumbent accuracy {best:.2f} % after 27 epochs"
    )
    assert next(iter(live)).evaluations == 3  # nothing is read twice
    path.unlink()
    assert list(live) == []


def test_time_left_counts_runs_and_parts_of_runs(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    tally = Tally(plan, lambda: now)
    assert tally.seconds_left is None
    journal(plan, monkeypatch)
    tally.look()
    tally.add(Outcome(done=1, queries=40))
    now += 163.0
    assert tally.completed == pytest.approx(2.63)
    assert tally.seconds_left == pytest.approx(137.0)
    assert str(tally) == "2 of 4 runs, 0 queries/s, 3 min passed, about 2 min left"
    tally.add(Outcome(failures=[{}]))
    assert "3 of 4 runs, 0 queries/s, 1 failed" in str(tally)
    assert [duration(seconds) for seconds in (7, 95, 3600, 7505)] == ["7 s", "2 min", "1 h 00 min", "2 h 05 min"]


def test_a_line_is_written_from_time_to_time_where_there_is_no_terminal(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal(plan, monkeypatch)
    assert display.LINE_SECONDS == 30
    monkeypatch.setattr(display, "LINE_SECONDS", 0.05)
    with display.progress(plan) as report:
        report(Outcome(done=1, queries=40))
        time.sleep(0.4)
    said = capsys.readouterr().err.splitlines()
    assert len(said) >= 4
    assert re.fullmatch(r"equipoise: 2 of 4 runs, [\d,]+ queries/s, 0 s passed, about \d+ s left", said[0])
    assert "random_search on plugins_for_tests:Epochs/plain, repeat 2: 3 trained" in said[1]


def test_a_terminal_shows_a_bar(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    journal(plan, monkeypatch)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    with display.progress(plan) as report:
        report(Outcome(done=3, queries=40))
    said = capsys.readouterr().err
    assert "4 of 4 runs" in said
    assert "incumbent accuracy" in said
