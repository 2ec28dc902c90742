"""The terminal view of a suite that runs."""

import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from stores import described, played, suite

from equipoise.harness.cli.watch_terminal import live_lines, table, watch_terminal
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.suite_watch import SuiteWatch

SUITE = suite(({"name": "random_search"},), ("nasbench_graph/proteins",), {"queries": 5})


def test_without_a_terminal_a_line_tells_each_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunStore(tmp_path).write_manifest(described(SUITE))
    watch_terminal(tmp_path, seconds=0.0, turns=3)
    assert capsys.readouterr().out == "made: 0 of 4 runs stored\n"
    played(tmp_path, SUITE)
    watch_terminal(tmp_path, seconds=60.0)  # ends at once: the suite is complete
    assert capsys.readouterr().out == "made: 4 of 4 runs stored; complete\n"


def test_a_terminal_shows_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    played(tmp_path, SUITE)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    watch_terminal(tmp_path)
    said = capsys.readouterr().out
    assert "4 of 4 runs stored; complete" in said
    assert "━" in said


def test_the_table_names_methods_runs_in_progress_and_failures(tmp_path: Path) -> None:
    RunStore(tmp_path).write_manifest(described(SUITE))
    for spec in SUITE.runs():
        entry = {"run_id": spec.run_id, "task": spec.task, "method": spec.label, "repeat": spec.repeat}
        RunStore(tmp_path).record_failure({**entry, "error": "[red]it broke", "traceback": "", "at": ""})
    console = Console(width=100, record=True, file=StringIO())
    console.print(table(SuiteWatch(tmp_path).look(), ["a run in progress"]))
    said = console.export_text()
    assert "0 of 4 runs stored, 4 failed; complete" in said
    assert "repeat 4: [red]it broke" in said
    assert "  a run in progress" in said
    assert live_lines(tmp_path)() == []
