"""Objectives that are measured: recorded with their spread, never compared, and told again when a run is verified."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

import equipoise as eq
from equipoise.harness.core.objectives import Constraint
from equipoise.harness.core.registry import load_task
from equipoise.harness.engine.verify import verify

CLOCKED = '''
"""A table with a clock."""

from itertools import count

from equipoise import Evaluation, Metric, Objective, Task, TaskInfo
from equipoise.harness.spaces.nasbench201 import NasBench201

TICKS = count(1)


class Clocked(Task):
    info = TaskInfo(
        name="clocked/one",
        source="the tests",
        licence="none",
        metric=Metric.accuracy(),
        data_digest="0" * 64,
        has_cost=False,
        is_lookup=True,
        objectives=(Objective("latency", "ms", measured=True, reference=200.0, ideal=0.0),),
    )
    space = NasBench201()

    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(sum(architecture) / 100, float("nan"))

    def measure(self, name, architecture):
        return {"latency": float(next(TICKS) * 7 % 101), "latency_spread": 0.5}
'''
"""Its latency is another one at each measurement, so that a method decides otherwise when it is measured again."""


def suite(folder: Path, **more: object) -> Mapping[str, object]:
    (folder / "clocked.py").write_text(CLOCKED)
    return {
        "name": "clocked",
        "folder": str(folder),
        "budget": {"queries": 25},
        "protocol": {"repeats": 1, "seed": 3},
        "tasks": [{"name": "clocked.py/one"}],
        "methods": [{"name": "nsga2", "settings": {"population": 5}}, {"name": "random_search"}],
        **more,
    }


def test_a_run_is_verified_by_its_stored_measurements(tmp_path: Path) -> None:
    results = eq.run(suite(tmp_path, objectives=["validation_error", "latency"]), out=tmp_path / "out")
    rows = results.frame()
    assert rows["objective:latency"].nunique() > 20
    assert (rows["objective:latency_spread"] == 0.5).all()
    said: list[str] = []
    assert verify(tmp_path / "out", 2, said.append) == 0
    assert "not compared on clocked.py/one: latency, measured on the machine of the run" in said
    (part,) = [
        path for path in (tmp_path / "out" / "runs").iterdir() if "nsga2" in pd.read_parquet(path)["method"].tolist()
    ]
    assert pd.read_parquet(part)["objective:latency"].notna().all()


def test_a_run_whose_measurements_were_changed_does_not_repeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from equipoise.harness.engine import verify as module

    eq.run(suite(tmp_path, objectives=["validation_error", "latency"]), out=tmp_path / "out")
    monkeypatch.setattr(module, "_recorded", lambda *_: {})  # measured again: the method goes elsewhere
    said: list[str] = []
    assert verify(tmp_path / "out", 2, said.append) == 1
    assert any("nsga2" in line and "differs" in line for line in said)
    assert any("random_search" in line and line.endswith("same") for line in said)


TWICE = '''
from equipoise import Method, Query


class Twice(Method):
    """Asks for 1, 1 and 2 epochs of an architecture, the next of which depends on the last latency."""

    family, origin, source, several_objectives = "hpo", "this project", "the tests", True

    def __init__(self, problem, rng):
        super().__init__(problem, rng)
        self.asked = self.skipped = 0

    def ask(self):
        if self.asked % 3 == 0:
            self.architecture = self.space.sample(self.rng, 1 + self.skipped)[-1]
        self.asked += 1
        return Query(self.architecture, (2, 1, 1)[self.asked % 3])

    def tell(self, observation):
        self.skipped = int(observation.objectives["latency"]) % 5
'''


def test_measurements_are_told_again_at_their_epochs(tmp_path: Path) -> None:
    """A repeat that is free is not evaluated, so its row stands for no measurement."""
    (tmp_path / "twice.py").write_text(TWICE)
    given = suite(
        tmp_path,
        objectives=["validation_error", "latency"],
        protocol={"repeats": 1, "seed": 3, "duplicates": "free"},
        methods=[{"name": "twice.py"}],
    )
    (tmp_path / "clocked.py").write_text(CLOCKED.replace("is_lookup=True,", "is_lookup=True, fidelities=(1, 2),"))
    rows = eq.run(given, out=tmp_path / "out").frame()
    assert rows.loc[1, "status"] == "duplicate"
    assert rows.loc[0, "objective:latency"] == rows.loc[1, "objective:latency"] != rows.loc[2, "objective:latency"]
    assert verify(tmp_path / "out", 1, lambda _: None) == 0


def test_the_report_says_that_it_was_measured(tmp_path: Path) -> None:
    given = suite(tmp_path, objectives=["validation_error", "latency"], constraints=["latency <= 50"])
    eq.run(given, out=tmp_path / "out").report()
    text = (tmp_path / "out" / "report.md").read_text()
    assert "latency was measured on the machine of the run, and does not repeat: quartiles of one query lie" in text
    assert str(Constraint.parse("latency <= 50")) in text.replace("\\", "")


def test_training_measures_latency_where_it_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="training needs PyTorch")
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    task = load_task("training/nasbench201/digits")
    (objective,) = task.info.objectives
    assert (objective.name, objective.unit, objective.measured) == ("latency", "ms", True)
    before = torch.random.get_rng_state(), torch.get_num_threads()
    small, large = (task.measure("latency", (option,) * 6) for option in (0, 3))
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert before[1] == torch.get_num_threads()
    assert 0 < small["latency"] < large["latency"] < 1000
    assert small["latency_spread"] >= 0
    assert not list((tmp_path / "cache").glob("training/*"))  # nothing is trained for it
