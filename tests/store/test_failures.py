"""Failures of runs: the latest of each counts until its run is stored, and a damaged line is left."""

from pathlib import Path

import pytest
from made import MadeSpace
from made_runs import made_run

from equipoise.harness.engine.worker import failure_of
from equipoise.harness.store.run_store import RunStore


def test_failures_end_when_their_run_is_stored(tmp_path: Path) -> None:
    store, run = RunStore(tmp_path), made_run()
    for error in ("first", "second"):
        store.record_failure(failure_of(run.spec, error))
    with (tmp_path / "failures.jsonl").open("a") as file:
        file.write('{"run_id": "cut by a cra')
    assert [failure["error"] for failure in RunStore(tmp_path).failures()] == ["second"]
    store.record_failure(failure_of(run.spec, "third"))
    assert [failure["error"] for failure in RunStore(tmp_path).failures()] == ["third"]
    store.write([run], MadeSpace())
    assert RunStore(tmp_path).failures() == []


def test_damaged_failures_are_told_and_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = RunStore(tmp_path)
    for repeat in (1, 2, 3):
        store.record_failure(failure_of(made_run(repeat=repeat).spec, "an error"))
    path = tmp_path / "failures.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1].replace(b"an error", b"no error") + b"\xff\n{}\n[]\n" + lines[2])
    assert [failure["repeat"] for failure in RunStore(tmp_path).failures()] == [1, 3]
    assert f"{path}: line 2 is damaged" in caplog.text
