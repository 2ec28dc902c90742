"""A method's own training in the report, counted in every unit."""

from pathlib import Path

import numpy as np
import pytest
from plugins_for_tests import Trains
from stores import played, suite

from equipoise.harness.core.registry import load_task
from equipoise.reports.load import load
from equipoise.reports.results import Results
from equipoise.reports.runs import Runs
from equipoise.reports.write import write

EACH = Trains.each
TASK = "nasbench201/cifar10"
METHODS = ({"name": "plugins_for_tests:Trains"}, {"name": "random_search"})


def results_of(folder: Path, budget: dict[str, float], **protocol: str) -> Results:
    return load(played(folder, suite(METHODS, (TASK,), budget, **protocol)))


def runs_of(results: Results) -> tuple[Runs, Runs]:
    (task,) = results.tasks
    return task.runs["plugins_for_tests:Trains"], task.runs["random_search"]


@pytest.mark.parametrize("duplicates", ["charge", "free"])
@pytest.mark.parametrize("unit", ["queries", "epochs", "cost_seconds"])
def test_it_is_read_back_whatever_the_unit_and_the_rules(tmp_path: Path, unit: str, duplicates: str) -> None:
    one = {"queries": 1.0, "epochs": 200.0, "cost_seconds": load_task(TASK).mean_cost_seconds or 0.0}[unit]
    trains, asks = runs_of(results_of(tmp_path, {unit: int(30 * one)}, duplicates=duplicates))
    assert trains.spent.own_trainings == pytest.approx(EACH * trains.spent.proposals)
    assert not asks.spent.own_trainings.any()


def test_its_seconds_are_counted_with_those_of_the_queries(tmp_path: Path) -> None:
    trains, _ = runs_of(results_of(tmp_path, {"queries": 30}))
    task = load_task(TASK)
    own = EACH * trains.spent.proposals * task.mean_cost_seconds
    import pandas as pd

    stored = pd.read_parquet(tmp_path / "runs").query("method == 'plugins_for_tests:Trains'")
    asked = stored.groupby("repeat").cost_seconds.sum().to_numpy()
    assert trains.spent.cost_seconds == pytest.approx(own + asked)


def test_it_counts_when_the_budget_is_counted_in_another_way(tmp_path: Path) -> None:
    """Of 30 queries 12 are proposals, six of them new: with 18 trainings of its own it has seen 24 architectures."""
    results = results_of(tmp_path, {"queries": 30})
    (task,) = results.tasks
    trains, asks = runs_of(results)
    assert trains.spent.proposals.tolist() == [12] * 4
    assert task.recounts["unique"].limit == pytest.approx(6 + 12 * EACH)
    assert (task.recounts["unique"].regret["random_search"] >= asks.regret[:, -1]).all()
    assert np.array_equal(task.recounts["unique"].regret["plugins_for_tests:Trains"], trains.regret[:, -1])


def test_the_report_shows_it_only_where_there_is_any(tmp_path: Path) -> None:
    shown = []
    for name, methods in (("with", METHODS), ("without", METHODS[1:])):
        folder = played(tmp_path / name, suite(methods, (TASK,), {"queries": 30}))
        write(folder, ("md",))
        shown.append("own training" in (folder / "report.md").read_text())
    assert shown == [True, False]
