"""The page of a results folder: its runs are those of the store, and it stands alone."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from explorer_pages import array, column, description, unpacked
from stores import METHODS, NASTY, played, suite

import equipoise as eq
from equipoise.harness.archive.add import add, complete_repeats
from equipoise.harness.core.registry import load_task
from equipoise.harness.store.description import description_of
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.overview import opened
from equipoise.harness.store.packed_runs import file_of, packed_runs
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.explorer import contents, searches
from equipoise.reports.explorer.page import explore
from equipoise.reports.load import load

TASKS = ("nasbench_graph/proteins",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    methods = (*METHODS[:2], {"name": "random_search", "label": NASTY})
    return played(tmp_path_factory.mktemp("runs") / "made", suite(methods, TASKS, duplicates="charge"))


@pytest.fixture(scope="module")
def page(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return explore(folder, tmp_path_factory.mktemp("page") / "page.html").read_text()


def test_it_needs_nothing_else(page: str) -> None:
    assert not re.findall(r"(?:src|href)\s*=|@import|url\((?!#)|import\(|<link", page)
    assert "default-src 'none'" in page
    assert "connect-src 'none'" in page
    assert "@@" not in page


def test_a_label_that_looks_like_markup_is_text(page: str) -> None:
    assert [method["label"] for method in description(page)["methods"]].count(NASTY) == 1
    assert "<i>" not in page


def test_the_landscape_is_that_of_the_task(page: str) -> None:
    (entry,), task = description(page)["tasks"], load_task(TASKS[0])
    content = unpacked(page, entry["block"])
    read = {one["name"]: (one, column(content, one)) for one in entry["columns"]}
    for name, values, scale in (
        ("validation", task.landscape(), 100),
        ("test", task.test_landscape(), 100),
        ("latency", task.objective_values("latency"), 1),
        ("parameters", task.objective_values("parameters"), 1),
    ):
        one, found = read[name]
        loss = one["loss"] if one["codec"] == "linear" else one["loss"] * values.max() * scale
        assert np.abs(found - scale * values).max() <= loss + 1e-6 * scale * values.max()
    assert (entry["best"], entry["points"], entry["origin"]) == (int(task.landscape().argmin()), 2021, "")
    space = description(page)["spaces"][entry["space"]]
    codes = [array(unpacked(page, space["block"]), one["codes"]) for one in space["decisions"]]
    assert list(zip(*map(list, codes), strict=True)) == list(task.space.enumerate())


def test_graphs_are_those_of_the_space(page: str) -> None:
    (entry,), task = description(page)["tasks"], load_task(TASKS[0])
    space = description(page)["spaces"][entry["space"]]
    content, packed = unpacked(page, space["block"]), space["graph"]
    nodes = [array(content, place) for place in packed["nodes"]]
    edges = [(u, v, array(content, place)) for u, v, place in packed["edges"]]
    for number, architecture in list(enumerate(task.space.enumerate()))[::97]:
        graph = task.space.graph(architecture)
        assert tuple(packed["nodeLabels"][codes[number] - 1] for codes in nodes if codes[number]) == graph.node_labels
        assert {(u, v) for u, v, codes in edges if codes[number]} == set(graph.edges)


def test_replays_are_the_rows_of_the_store(page: str, folder: Path) -> None:
    (entry,), task, methods = description(page)["tasks"], load_task(TASKS[0]), description(page)["methods"]
    content, frame = unpacked(page, entry["runs"]["block"]), RunStore(folder).frame()
    assert len(entry["runs"]["replays"]) == 12
    for replay in entry["runs"]["replays"]:
        rows = frame[(frame["method"] == methods[replay["method"]]["label"]) & (frame["repeat"] == replay["repeat"])]
        numbers = [task.space.index(task.space.parse(text)) for text in rows["architecture"]]
        assert array(content, replay["points"]).tolist() == numbers
        statuses = [searches.STATUSES[code] for code in array(content, replay["status"])]
        assert statuses == rows["status"].astype(str).tolist()
        errors = rows["validation_error"].to_numpy()
        assert (errors[array(content, replay["incumbents"]).astype(int) - 1] == np.minimum.accumulate(errors)).all()
        assert "observed" not in replay  # the landscape tells it


def test_curves_are_the_regret_of_the_report(page: str, folder: Path) -> None:
    entry, results = description(page)["tasks"][0], load(folder)
    content, (task,) = unpacked(page, entry["runs"]["block"]), results.tasks
    for curve in entry["runs"]["curves"]:
        regret = task.runs[results.labels[curve["method"]]].regret
        assert curve["runs"] == 4
        assert array(content, curve["mean"]) == pytest.approx(regret.mean(axis=0), rel=1e-6)
        assert array(content, curve["sd"]) == pytest.approx(regret.std(axis=0, ddof=1), rel=1e-6)
        assert array(content, curve["q25"]) == pytest.approx(np.quantile(regret, 0.25, axis=0), rel=1e-6)
    assert array(content, entry["runs"]["random"]) == pytest.approx(task.random_regret(results.grid), rel=1e-6)


def test_curves_of_a_budget_in_epochs_begin_with_the_first_incumbent(tmp_path: Path) -> None:
    methods = ({"name": "random_search"}, {"name": "hyperband"})
    folder = played(tmp_path / "made", suite(methods, ("nasbench201/fashion14",), {"epochs": 60}, repeats=2))
    page, results = explore(folder, tmp_path / "page.html").read_text(), load(folder)
    runs, (task,) = description(page)["tasks"][0]["runs"], results.tasks
    content = unpacked(page, runs["block"])
    begins = {label: found.begins.max() for label, found in task.runs.items()}
    first = results.grid[min(found.begins.min() for found in task.runs.values())]
    assert first <= runs["grid"][0] < 1.1 * first  # the grid of the page has every few points
    for curve in runs["curves"]:
        known = np.isfinite(array(content, curve["mean"]))
        assert (known == (np.array(runs["grid"]) >= results.grid[begins[results.labels[curve["method"]]]])).all()
    fidelities = [array(content, replay["fidelity"]) for replay in runs["replays"] if "fidelity" in replay]
    assert {3, 8} <= {int(epochs) for one in fidelities for epochs in one}
    assert all("observed" in replay for replay in runs["replays"] if "fidelity" in replay)


def test_a_large_store_replays_fewer_repeats_and_says_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "MOST_PROPOSALS", 250)
    told = description(eq.load(folder).explore(tmp_path / "page.html").read_text())
    runs = told["tasks"][0]["runs"]
    assert {replay["repeat"] for replay in runs["replays"]} == {1, 2}
    assert {curve["runs"] for curve in runs["curves"]} == {4}
    assert any("first 2 of up to 4 repeats" in note for note in told["notes"])


def test_every_budget_is_shown_with_the_runs_of_an_entry_beside(tmp_path: Path) -> None:
    budgets = {"queries": [5, 10]}
    other = played(tmp_path / "field", suite(({"name": "random_search"},), TASKS, budgets, repeats=2))
    store, chosen = opened(other)
    repeats, entry = complete_repeats(store, chosen), tmp_path / "entry"
    entry.mkdir()
    (entry / "runs.parquet").write_bytes(file_of(packed_runs(store, chosen, repeats), store.path))
    described = description_of(store, repeats, "field", "7", ["A. Nonymous"], "")
    (entry / "entry.json").write_text(json.dumps(described))
    mine = played(tmp_path / "mine", suite(METHODS[1:2], TASKS, budgets, repeats=2))
    page = explore(mine, tmp_path / "page.html", [Entry(entry)]).read_text()
    told = description(page)
    assert [method["label"] for method in told["methods"]] == ["climber", "random_search"]
    replays = told["tasks"][0]["runs"]["replays"]
    content = unpacked(page, told["tasks"][0]["runs"]["block"])
    assert [len(array(content, replay["points"])) for replay in replays] == [10] * 4
    assert told["budgets"] == [{"limit": 5.0, "runs": 4}, {"limit": 10.0, "runs": 4}]
    (smaller,) = told["tasks"][0]["smaller"]
    climbs, draws = smaller["replays"][:2], smaller["replays"][2:]
    assert [replay.get("first") for replay in climbs] == [5, 5]  # the beginning of the longer run, not stored again
    less = unpacked(page, smaller["block"])
    assert [len(array(less, replay["points"])) for replay in draws] == [5, 5]  # random search draws for its budget
    assert smaller["grid"][-1] == 5
    assert [curve.get("first") for curve in smaller["curves"]] == [5, None]
    assert "From field 7: random_search." in told["notes"]
    with pytest.raises(eq.SuiteError, match="field is shown beside the runs of a results folder"):
        explore(TASKS[0], tmp_path / "page.html", [Entry(entry)])


def test_tasks_alone_have_landscapes_and_seeds(tmp_path: Path) -> None:
    path = eq.explore(["nasbench201/fashion*", "nasbench_graph/proteins"], tmp_path / "page.html")
    told = description(path.read_text())
    assert [(entry["name"], entry["runs"]) for entry in told["tasks"]] == [
        ("nasbench201/fashion14", None),
        ("nasbench_graph/proteins", None),
    ]
    assert [one["name"] for one in told["tasks"][0]["columns"] if one["kind"] == "seed"] == [
        "seed 1",
        "seed 2",
        "seed 3",
    ]
    assert path.stat().st_size < 300_000


@pytest.mark.slow
def test_all_embedded_tasks_leave_room_for_runs_in_three_megabytes(tmp_path: Path) -> None:
    path = eq.explore(["nasbench201/*", "nasbench_graph/*"], tmp_path / "page.html")
    assert len(description(path.read_text())["tasks"]) == 13
    assert path.stat().st_size < 2_200_000


def test_folders_and_tasks_do_not_mix(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(eq.SuiteError, match="give one results folder alone, or names of tasks"):
        explore([folder, "nasbench201/cifar10"], tmp_path / "page.html")
    with pytest.raises(eq.PluginError, match="no benchmark 'nasbench20'"):
        explore("nasbench20/cifar10", tmp_path / "page.html")
    with pytest.raises(eq.SuiteError, match="nothing to explore"):
        explore([], tmp_path / "page.html")


def test_an_entry_alone_is_shown_with_its_first_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_REPEATS", 1)
    other = played(tmp_path / "field", suite(METHODS[:2], TASKS, {"queries": [5, 10]}, repeats=2))
    add(other, tmp_path / "theirs", "field", authors=["A. Nonymous"])
    told = description(explore(tmp_path / "theirs" / "field", tmp_path / "page.html").read_text())
    assert "Runs of field 1, by A. Nonymous: of up to 2 repeats per method, the first 1." in told["notes"]
    assert [one["limit"] for one in told["budgets"]] == [5.0, 10.0]
    assert [curve["runs"] for curve in told["tasks"][0]["runs"]["curves"]] == [1, 1]
