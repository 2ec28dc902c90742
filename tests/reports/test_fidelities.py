"""Runs with short trainings: who is the incumbent, and what it is worth, under a budget of epochs."""

from pathlib import Path

import numpy as np
import pytest
from plugins_for_tests import Epochs
from stores import played, suite

from equipoise.reports.compose import compose
from equipoise.reports.figures.anytime import curves
from equipoise.reports.load import load
from equipoise.reports.results import Results
from equipoise.reports.write import figures

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


def test_no_curve_begins_before_every_run_has_trained_something(tmp_path: Path) -> None:
    """27 epochs are a training of random search; Hyperband ends its first, of one epoch, before."""
    results = results_of(tmp_path, "Epochs")
    (task,) = results.tasks
    begins = {label: int(runs.begins.max()) for label, runs in task.runs.items()}
    assert results.grid[begins["random_search"]] >= 27
    grid, quartiles, _ = curves(results, task, "budget")
    for label, values in quartiles.items():
        np.testing.assert_array_equal(np.isnan(values[1]), grid < results.grid[begins[label]])
    document = compose(results)
    rows = {figure.key: figure.data()[1:] for figure in figures(document)}
    first = max(results.grid[begin] for begin in begins.values())
    assert all(np.isnan(row[2]) == (row[1] < first) for row in rows["progress"])
    penalty = 100 * (1 - task.reference)
    assert max(row[4] for row in rows["anytime-nasbench201"] if row[4] == row[4]) < penalty
    assert "from where every run has an incumbent" in next(
        figure.caption[0] for figure in figures(document) if figure.key == "progress"
    )
