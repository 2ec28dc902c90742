"""The tables of each space, against the rows that they are of."""

from pathlib import Path

import pytest
from stores import played, suite

from equipoise.harness.store.run_store import RunStore
from equipoise.reports.load import load
from studies.space_tables import spaces_of, table

TASKS = ("nasbench201/fashion14", "nasbench_graph/cora", "nasbench_graph/proteins")
METHODS = ({"name": "random_search"}, {"name": "largest_first"}, {"name": "structural_gp"})


def test_a_figure_is_the_mean_over_the_tasks_of_its_space(tmp_path: Path) -> None:
    chosen = suite(METHODS, TASKS, {"queries": [6, 12]}, repeats=3)
    folder = played(tmp_path, chosen)
    spaces = spaces_of(load(folder))
    assert list(spaces) == ["nasbench201", "nasbench_graph"]
    lines = table("nasbench_graph", [spaces["nasbench_graph"]]).splitlines()
    head = [cell.strip() for cell in lines[2].split("|")]
    assert head[1:5] == ["method", "validation, 6", "validation, 12", "test, 6"]
    cells = {line.split("`")[1]: [cell.strip() for cell in line.split("|")] for line in lines[4:]}
    assert cells["random_search"][-2] == "3"
    frame = RunStore(folder).frame()
    rows = frame[(frame.budget == 12) & (frame.method == "random_search") & frame.task.str.startswith("nasbench_graph")]
    least = rows.groupby(["task", "repeat"]).validation_error.min().groupby("task").mean()
    optima = {task.name: task.reference for task in spaces["nasbench_graph"][-1].tasks}
    mean = sum(100 * (least[task] - optima[task]) for task in optima) / len(optima)
    assert float(cells["random_search"][head.index("validation, 12")].split()[0]) == pytest.approx(mean, abs=0.006)


def test_differences_are_those_of_two_rows_and_a_task_can_be_left_out(tmp_path: Path) -> None:
    folder = played(tmp_path, suite(METHODS, TASKS, {"queries": 12}, repeats=3))
    spaces = spaces_of(load(folder), without=["nasbench_graph/proteins"])

    def first(text: str) -> dict[str, float]:
        return {line.split("`")[1]: float(line.split("|")[2].split()[0]) for line in text.splitlines()[4:]}

    means = first(table("nasbench_graph", [spaces["nasbench_graph"]]))
    assert set(means) == {"random_search", "largest_first", "structural_gp"}
    text = table("nasbench_graph", [spaces["nasbench_graph"]], "random_search")
    differences = first(text)
    assert "minus `random_search`" in text
    assert set(differences) == {"largest_first", "structural_gp"}
    for label, difference in differences.items():
        assert difference == pytest.approx(means[label] - means["random_search"], abs=0.011)
    assert [task.name for task in spaces["nasbench_graph"][-1].tasks] == ["nasbench_graph/cora"]
