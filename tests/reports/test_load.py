"""What `load` makes of a store, held against the trajectories that were played into it."""

from pathlib import Path

import numpy as np
import pytest
from stores import played, suite
from typer.testing import CliRunner

from equipoise.harness.cli.main import app
from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.registry import load_task
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.analysis import Analysis
from equipoise.reports.load import load
from equipoise.reports.plan import plan
from equipoise.reports.results import Results
from equipoise.reports.statistics.power import plan as plan_all


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("store"), suite())


@pytest.fixture(scope="module")
def results(store: Path) -> Results:
    return load(store)


def test_regret_is_of_the_best_so_far(store: Path, results: Results) -> None:
    for task in results.tasks:
        known = load_task(task.name)
        frame = RunStore(store).frame(task=task.name)
        for (method, repeat), rows in frame.groupby(["method", "repeat"], observed=True):
            runs = task.runs[str(method)]
            wanted = 100 * (np.minimum.accumulate(rows.validation_error.to_numpy()) - known.optimum())
            np.testing.assert_allclose(runs.regret[list(runs.numbers).index(repeat)], wanted, atol=1e-9)


def test_test_regret_is_of_the_validation_incumbent(store: Path, results: Results) -> None:
    task = results.tasks[1]
    known = load_task(task.name)
    frame = RunStore(store).frame(task=task.name)
    least = min(known.reveal(a) for a in known.space.enumerate())
    for (method, repeat), rows in frame.groupby(["method", "repeat"], observed=True):
        incumbent = known.space.parse(rows.architecture.iloc[int(rows.validation_error.to_numpy().argmin())])
        runs = task.runs[str(method)]
        got = runs.test[list(runs.numbers).index(repeat), -1]
        assert got == pytest.approx(100 * (known.reveal(incumbent) - least), abs=1e-9)
    assert not results.tasks[0].has_test


def test_spent_counts_what_the_rows_say(store: Path, results: Results) -> None:
    for task in results.tasks:
        space = load_task(task.name).space
        for (method, repeat), rows in (
            RunStore(store).frame(task=task.name).groupby(["method", "repeat"], observed=True)
        ):
            runs = task.runs[str(method)]
            place = list(runs.numbers).index(repeat)
            cells = [space.parse(text) for text in rows.architecture]
            assert runs.spent.unique[place] == len({space.key(cell) for cell in cells})
            assert runs.spent.classes[place] == len({space.canonical(cell) for cell in cells})
            assert runs.spent.duplicates[place] == (rows.status == "duplicate").sum()
            assert runs.spent.overhead_seconds[place] == pytest.approx(rows.overhead_seconds.sum())


def test_recounts_compare_at_the_amount_that_every_run_reached(store: Path, results: Results) -> None:
    task = results.tasks[0]
    frame = RunStore(store).frame(task=task.name)
    runs = [rows for _, rows in frame.groupby(["method", "repeat"], observed=True)]
    assert task.recounts["unique"].limit == min(rows.architecture.nunique() for rows in runs)
    assert task.recounts["seconds"].limit == pytest.approx(min(rows.cost_seconds.sum() for rows in runs))
    limit = task.recounts["seconds"].limit
    for (method, repeat), rows in frame.groupby(["method", "repeat"], observed=True):
        afforded = rows[rows.cost_seconds.cumsum() <= limit * (1 + 1e-12)]
        place = list(task.runs[str(method)].numbers).index(repeat)
        got = task.recounts["seconds"].regret[str(method)][place]
        assert got == pytest.approx(100 * (afforded.validation_error.min() - task.reference), abs=1e-9)
    assert set(results.tasks[1].recounts) == {"unique", "classes"}


def test_methods_are_ordered_by_family(results: Results) -> None:
    assert results.labels == ("local_search", "climber", "random_search")
    assert results.families == {"nas": ("local_search",), "hpo": ("climber",), "baseline": ("random_search",)}
    assert results.grid[list(results.checkpoints)].tolist() == [10, 30, 40]
    assert results.regrets().shape == (3, 2, 4)


def test_plan_says_what_the_power_calculation_says(store: Path, results: Results) -> None:
    analysis = Analysis(results)
    needed = plan_all(analysis.values, 0.5, power=0.9).repeats_overall
    assert needed is not None
    lines = plan(store, 0.5, 0.9).splitlines()
    assert lines[0].startswith("Repeats for each method and task, so that a true difference of 0.5 points")
    row = next(line for line in lines if line.startswith("climber - random_search"))
    assert row.split()[3] == f"{needed[1, 2]:,.0f}"


def test_plan_on_the_command_line(store: Path) -> None:
    done = CliRunner().invoke(app, ["plan", str(store), "--effect", "0.5", "--power", "0.9"])
    assert done.exit_code == 0
    assert done.output == plan(store, 0.5, 0.9) + "\n"


ENDS = {"name": "plugins_for_tests:EndsOnGraphs", "label": "ends"}


def test_a_task_whose_runs_all_ended_before_their_first_query_is_reported(tmp_path: Path) -> None:
    folder = played(tmp_path, suite((ENDS, {**ENDS, "label": "again"})))
    results = load(folder)
    assert [len(task.runs) for task in results.tasks] == [2, 0]
    assert CliRunner().invoke(app, ["report", str(folder)]).exit_code == 0


def test_a_store_without_a_row_is_one_line(tmp_path: Path) -> None:
    folder = played(tmp_path, suite((ENDS,), ("nasbench_graph/cora",)))
    with pytest.raises(StoreError, match=r"every stored run ended before its first query \(no cells\)"):
        load(folder)
