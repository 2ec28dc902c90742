import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import MadeTask

from equipoise.harness.core.errors import ReplayError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Problem
from equipoise.harness.core.registry import load_method
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Evaluation
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine import journal as journal_room
from equipoise.harness.engine.journal import JournaledTask
from equipoise.harness.engine.journal_file import JournalFile
from equipoise.harness.engine.runner import run_trial


class Crashing(MadeTask):
    """Counts its evaluations, and crashes at one of them."""

    crash_at = 10**9

    def __init__(self) -> None:
        super().__init__("single")
        self.evaluated = 0

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        self.evaluated += 1
        if self.evaluated == self.crash_at:
            raise KeyboardInterrupt
        return super().evaluate(architecture, fidelity, rng)


def search(task: Crashing, path: Path | None, seed: int = 1) -> Trajectory:
    budget = Budget(queries=30)
    method = load_method("regularized_evolution")(
        Problem(task.space, budget, task.info.fidelities), np.random.default_rng(seed), population=5
    )
    oracle = task if path is None else JournaledTask(task, path)
    return run_trial(method, oracle, Ledger(budget), lambda n: np.random.default_rng([9, n]))


@pytest.mark.parametrize("crash_at", [1, 2, 11, 30])
def test_a_run_cut_anywhere_resumes_without_evaluating_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crash_at: int
) -> None:
    monkeypatch.setattr(journal_room, "PATIENCE_SECONDS", 0.0)
    undisturbed = search(Crashing(), None)
    path = tmp_path / "run.jsonl"
    first = Crashing()
    first.crash_at = crash_at
    with pytest.raises(KeyboardInterrupt):
        search(first, path)
    second = Crashing()
    resumed = search(second, path)
    assert second.evaluated == 30 - (crash_at - 1)
    for column in ("architecture", "validation_error", "charge", "cost_seconds", "status"):
        assert getattr(resumed, column) == getattr(undisturbed, column)


def test_a_line_that_a_crash_cut_off_is_evaluated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_room, "PATIENCE_SECONDS", 0.0)
    path = tmp_path / "run.jsonl"
    whole = search(Crashing(), path)
    text = path.read_text()
    path.write_text(text[:-7])
    task = Crashing()
    assert search(task, path).validation_error == whole.validation_error
    assert task.evaluated == 1
    assert path.read_text() == text


def test_a_method_that_does_not_repeat_itself_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_room, "PATIENCE_SECONDS", 0.0)
    path = tmp_path / "run.jsonl"
    search(Crashing(), path, seed=1)
    with pytest.raises(ReplayError, match=r"not deterministic, or its code or library changed.*--redo METHOD"):
        search(Crashing(), path, seed=2)


def test_a_short_run_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    search(Crashing(), path)
    assert not path.exists()


def test_a_changed_line_is_named_and_evaluated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(journal_room, "PATIENCE_SECONDS", 0.0)
    path = tmp_path / "run.jsonl"
    undisturbed = search(Crashing(), path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(whole), 120).tolist():
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        task = Crashing()
        assert search(task, path).validation_error == undisturbed.validation_error
        first = whole[:place].count(b"\n") + 1
        assert task.evaluated >= 30 - first  # what was before the damage is not evaluated again
        assert task.evaluated
        assert path.read_bytes() == whole
        told = capsys.readouterr().err
        assert f"{path}: line {first} is damaged" in told or place > whole.rfind(b"\n", 0, -1)


@pytest.mark.parametrize("harm", ["twice", "lost", "swapped"])
def test_lines_stay_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], harm: str
) -> None:
    monkeypatch.setattr(journal_room, "PATIENCE_SECONDS", 0.0)
    path = tmp_path / "run.jsonl"
    undisturbed = search(Crashing(), path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[10:12] = {"twice": [lines[10]] * 2, "lost": [lines[11]], "swapped": [lines[11], lines[10]]}[harm]
    path.write_bytes(b"".join(lines))
    assert search(Crashing(), path).validation_error == undisturbed.validation_error
    assert f"{path}: line 1" in capsys.readouterr().err


def test_a_journal_of_before_the_checksums_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_room, "PATIENCE_SECONDS", 0.0)
    path = tmp_path / "run.jsonl"
    undisturbed = search(Crashing(), path)
    lines = [line[9:] for line in path.read_text().splitlines(keepends=True)][:20]
    path.write_text("".join(lines))
    task = Crashing()
    assert search(task, path).validation_error == undisturbed.validation_error
    assert task.evaluated == 10
    again = Crashing()
    assert search(again, path).validation_error == undisturbed.validation_error
    assert not again.evaluated


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | st.text('[]0123456789,\n {}"a', max_size=60).map(str.encode))
def test_any_journal_is_read_or_dropped(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    entries = JournalFile(path).entries
    assert JournalFile(path).entries == entries


def test_further_objectives_survive_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Timed(Crashing):
        def evaluate(self, architecture, fidelity, rng):
            answer = super().evaluate(architecture, fidelity, rng)
            return answer._replace(objectives={"latency": np.float64(sum(architecture))})

    monkeypatch.setattr(journal_room, "PATIENCE_SECONDS", 0.0)
    path, task = tmp_path / "run.jsonl", Timed()
    whole = search(task, path)
    again = search(task, path)
    assert task.evaluated == 30
    assert whole.objectives == again.objectives
    assert whole.objectives[0] == {"latency": float(sum(whole.architecture[0]))}


def test_a_journal_of_the_former_version_is_resumed(tmp_path: Path) -> None:
    """Its lines have four entries."""
    path, undisturbed = tmp_path / "run.jsonl", search(Crashing(), None)
    answers = zip(undisturbed.architecture, undisturbed.validation_error, undisturbed.cost_seconds, strict=True)
    path.write_text("".join(f"{json.dumps([list(one), None, error, cost])}\n" for one, error, cost in answers))
    task = Crashing()
    assert search(task, path).validation_error == undisturbed.validation_error
    assert task.evaluated == 0
