"""The tables of each space, against the rows that they are of."""

from pathlib import Path
from typing import Any

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


def test_split_seeds_tell_held_out_seeds_alone_and_join_what_others_tell(tmp_path: Path) -> None:
    methods = ({"name": "random_search"}, {"name": "largest_first"})
    folders = [
        played(tmp_path / kind, suite(methods, TASKS[:1], {"queries": 8}, repeats=6, seeds=seeds))
        for kind, seeds in (("mean", "all"), ("split", "split"))
    ]
    parts = [spaces_of(load(folder))["nasbench201"] for folder in folders]
    for given, kinds in ((parts[:1], ["validation, 8", "test, 8"]), (parts[1:], ["held-out seeds, 8"])):
        head = [cell.strip() for cell in table("nasbench201", given).splitlines()[2].split("|")]
        assert head[2:-2] == kinds
    assert "validation, 8 | test, 8 | held-out seeds, 8" in table("nasbench201", parts)


def test_one_label_at_two_settings_is_refused(tmp_path: Path) -> None:
    entries = ({"name": "local_search"}, {"name": "local_search", "settings": {"initial": 3}})
    parts = [
        spaces_of(load(played(tmp_path / str(place), suite((entry,), TASKS[:1], {"queries": 8}, repeats=2))))
        for place, entry in enumerate(entries)
    ]
    with pytest.raises(ValueError, match=r"nasbench201: local_search ran with .* and with"):
        table("nasbench201", [part["nasbench201"] for part in parts])


def test_a_surrogate_stands_alone(tmp_path: Path) -> None:
    def surrogate(manifest: dict[str, Any]) -> None:
        manifest["tasks"][TASKS[1]].update(surrogate=True, held_out=[{"kendall_tau": 0.514}])

    folder = played(tmp_path, suite(METHODS[:1], TASKS, {"queries": 8}, repeats=2), surrogate)
    assert list(spaces_of(load(folder))) == [
        "nasbench201",
        f"nasbench_graph: surrogate {TASKS[1]} (held-out Kendall tau 0.51)",
        "nasbench_graph",
    ]


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
