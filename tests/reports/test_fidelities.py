"""Runs with short trainings: who is the incumbent, and what it is worth, under a budget of epochs."""

from pathlib import Path

import numpy as np
import pytest
from plugins_for_tests import Epochs
from stores import played, suite

from equipoise.reports.load import load
from equipoise.reports.results import Results

METHODS = ({"name": "hyperband"}, {"name": "random_search"})
TASK = Epochs()


def results_of(folder: Path, name: str) -> Results:
    return load(played(folder, suite(METHODS, (f"plugins_for_tests:{name}/plain",), {"epochs": 600})))


def rows_of(folder: Path):
    import pandas as pd

    return pd.read_parquet(folder / "runs").query("method == 'hyperband'").sort_values(["repeat", "query"])


def test_where_the_task_cannot_tell_only_full_trainings_count(tmp_path: Path) -> None:
    """By a loop over the rows: nothing to hand in before the first full training, then the best of them."""
    results = results_of(tmp_path, "Untold")
    (task,) = results.tasks
    rows = rows_of(tmp_path)
    every = [load_rows.query("fidelity == 27").validation_error.min() for _, load_rows in rows.groupby("repeat")]
    reference = task.reference
    assert reference <= min(every)
    for number, own in rows.groupby("repeat"):
        regret = task.runs["hyperband"].regret[number - 1]
        spent = own.charge.cumsum().to_numpy()
        for point, limit in enumerate(results.grid):
            full = own[(spent <= limit * (1 + 1e-12)) & (own.fidelity == 27).to_numpy()]
            held = 1.0 if full.empty else full.validation_error.min()
            assert regret[point] == pytest.approx(100 * (held - reference))


def test_where_it_can_the_best_of_the_longest_training_so_far_is_judged_by_what_it_is_worth_in_full(
    tmp_path: Path,
) -> None:
    results = results_of(tmp_path, "Epochs")
    (task,) = results.tasks
    for number, own in rows_of(tmp_path).groupby("repeat"):
        longest = own[own.fidelity == own.fidelity.max()]
        best = longest.loc[longest.validation_error.idxmin()].architecture
        worth = TASK.expected(TASK.space.parse(best)) - min(TASK.landscape())
        assert task.runs["hyperband"].regret[number - 1, -1] == pytest.approx(100 * worth)


def test_the_axis_is_epochs_and_they_are_a_unit_of_the_recounts(tmp_path: Path) -> None:
    results = results_of(tmp_path, "Epochs")
    (task,) = results.tasks
    assert (results.unit, results.limit) == ("epochs", 600)
    rows = rows_of(tmp_path)
    assert (rows.charge == rows.fidelity).all()
    assert set(rows.fidelity) == {1, 3, 9, 27}
    least = rows.groupby("repeat").fidelity.sum().min()
    assert task.recounts["epochs"].limit <= least
    assert np.isfinite(task.recounts["epochs"].regret["hyperband"]).all()
