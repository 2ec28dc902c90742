"""`equipoise.run` and `equipoise.load`: suites from Python, here and in other processes, and their results."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import plugins_for_tests
import pytest
from plugins_for_tests import Good

import equipoise as eq
from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.core.registry import load_task
from equipoise.reports.load import load

SUITE = {
    "name": "mine",
    "budget": {"queries": 60},
    "protocol": {"repeats": 3, "seed": 4},
    "tasks": ["nasbench201/cifar10", "nasbench_graph/cora"],
    "methods": ["random_search", {"name": "local_search", "label": "LS"}, "hyperband"],
}
VALUES = ["task", "method", "repeat", "query", "architecture", "validation_error", "charge", "cost_seconds", "status"]
SCRIPT = """
import equipoise as eq

print("the script runs", flush=True)
WIDTH = 1

def draw(space, rng):
    return space.sample(rng, WIDTH)[0]

class Mine(eq.Method):
    family, source = "baseline", "me"

    def ask(self):
        return eq.Query(draw(self.space, self.rng))

    def tell(self, observation):
        pass

suite = {
    "name": "script",
    "budget": eq.Budget(queries=30),
    "protocol": {"repeats": 4, "seed": 4},
    "tasks": ["nasbench201/cifar10"],
    "methods": ["random_search", Mine],
}
results = eq.run(suite, "out", workers=WORKERS, progress=False)
print(results.frame()[COLUMNS].to_csv("rows.csv", index=False))
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> eq.Results:
    return eq.run(SUITE, tmp_path_factory.mktemp("results") / "mine", progress=False)


def test_it_prints_nothing_and_stores_the_rows(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    results = eq.run(SUITE, tmp_path, tasks=["nasbench201/*"], only=["LS"], queries=10, repeats=2)
    assert capfd.readouterr() == ("", "")
    assert len(results.frame()) == 20
    assert len(eq.load(tmp_path).frame()) == 20


def test_without_a_folder_it_goes_where_the_command_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = eq.run("quick", only=["random_search"], tasks=["*/cora"], queries=5, repeats=1)
    assert results.folder == tmp_path / "results" / "quick"
    assert repr(eq.load("results/quick")) == (
        "<Results of quick in results/quick: 1 method on 1 task, 5 queries per run, 1 of 1 runs stored>"
    )


def test_its_title_tells_every_budget(tmp_path: Path) -> None:
    results = eq.run({**SUITE, "budget": {"queries": [2, 4]}}, tmp_path, tasks=["*/cora"], only=["LS"], repeats=1)
    assert "2 queries or 4 queries per run, 2 of 2 runs stored" in repr(results)


def test_a_script_without_a_guard_gives_the_same_rows_on_any_number_of_workers(tmp_path: Path) -> None:
    frames = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        text = SCRIPT.replace("WORKERS", str(workers)).replace("COLUMNS", repr(VALUES))
        (folder / "script.py").write_text(text)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "script.py"]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.count("the script runs") == 1
        frames.append(pd.read_csv(folder / "rows.csv"))
    assert set(frames[0]["method"]) == {"random_search", "Mine"}
    pd.testing.assert_frame_equal(*frames)


def test_a_class_of_a_function_travels_to_workers(tmp_path: Path) -> None:
    class Inner(Good):
        pass

    results = eq.run({**SUITE, "methods": [Inner]}, tmp_path, workers=2, tasks=["*/cora"], queries=5)
    assert set(results.frame()["method"]) == {"Inner"}


def test_a_task_of_the_script_and_a_task_at_hand_are_searched(tmp_path: Path) -> None:
    class Nearby(plugins_for_tests.GoodTask):
        pass

    suite = {**SUITE, "tasks": [Nearby, load_task("nasbench201/cifar10")], "methods": ["random_search"]}
    for workers in (1, 2):
        frame = eq.run(suite, tmp_path / str(workers), workers=workers, queries=5).frame()
        assert [name.rpartition(".")[2] for name in frame["task"].unique()] == ["Nearby/plain", "nasbench201/cifar10"]


def test_failures_warn_and_are_listed(tmp_path: Path) -> None:
    suite = {**SUITE, "methods": ["random_search", {"name": "plugins_for_tests:Raises", "label": "bad"}]}
    with pytest.warns(UserWarning, match=r"3 runs failed, see \.failures\(\); the first: RuntimeError: told too much"):
        results = eq.run(suite, tmp_path, tasks=["*/cora"], queries=5, progress=False)
    failed = results.failures()
    assert failed["method"].tolist() == ["bad"] * 3
    assert failed["repeat"].tolist() == [1, 2, 3]
    assert "Traceback" in failed["traceback"][0]
    assert "3 of 6 runs stored, 3 failed" in repr(results)


def test_regret_is_the_reports(results: eq.Results) -> None:
    found = load(results.folder)
    frame = results.regret(at=[10, 30, 60])
    assert list(frame.columns) == [
        *("task", "method", "queries", "regret", "low", "high", "repeats", "unit", "reference")
    ]
    for column, task in enumerate(found.tasks):
        for row, label in enumerate(found.labels[:2]):
            mine = frame[(frame["task"] == task.name) & (frame["method"] == label)]
            for queries, regret in zip(mine["queries"], mine["regret"], strict=True):
                point = int(np.flatnonzero(found.grid == queries)[0])
                assert regret == found.regrets(point)[row, column].mean()
    assert (frame["low"] <= frame["regret"]).all()
    assert set(frame["reference"]) == {"optimum"}
    assert results.regret()["queries"].unique().tolist() == [10, 30, 60]
    with pytest.raises(SuiteError, match="regret at 61 queries: the runs spent 1 to 60"):
        results.regret(at=[61])


def test_ranks_and_what_did_not_run(results: eq.Results) -> None:
    ranking = results.ranking()
    assert set(ranking["method"]) == {"random_search", "LS"}
    assert ranking["rank"].is_monotonic_increasing
    assert ranking["rank"].sum() == pytest.approx(3)
    assert ranking["tasks"].tolist() == [2, 2]
    excluded = results.excluded()
    assert excluded["method"].tolist() == ["hyperband"] * 2
    assert "needs several fidelities" in excluded["reason"][0]


def test_curves_and_the_report(results: eq.Results, tmp_path: Path) -> None:
    import matplotlib as mpl

    before = mpl.get_backend(), dict(mpl.rcParams)
    figure = results.plot_anytime("nasbench_graph/cora")
    assert (mpl.get_backend(), dict(mpl.rcParams)) == before
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["nasbench_graph/cora"]
    assert figure._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(SuiteError, match="did you mean 'nasbench_graph/cora'"):
        results.plot_anytime("nasbench_graph/corra")
    (written,) = results.report(tmp_path, formats=["md"])
    assert written == tmp_path / "report.md"
    assert "The runs were made from Python with `equipoise.run`" in written.read_text()
    assert list(tmp_path.glob("figures/*.svg"))
    assert not (results.folder / "report.md").exists()


def test_a_notebook_shows_the_runs_of_each_method(results: eq.Results) -> None:
    html = results._repr_html_()
    assert "<td>6 of 6</td>" in html
    assert html.count("<tr>") == html.count("</tr>") == 4


def test_a_name_stands_for_a_list_of_one(tmp_path: Path) -> None:
    ran = eq.run(SUITE, tmp_path, only="LS", tasks="nasbench_graph/cora", repeats=1, queries=5, progress=False)
    assert "1 method on 1 task," in repr(ran)
    assert eq.run(SUITE, tmp_path, only="LS", redo="LS", tasks="*/cora", repeats=1, queries=5, progress=False)
    assert [path.name for path in ran.report(formats="md")] == ["report.md"]
    with pytest.raises(SuiteError, match="--task nasbench_graph/core: the suite has no such task"):
        eq.compare("random_search", tasks="nasbench_graph/core", out=tmp_path / "compared")
    with pytest.raises(StoreError, match="referense"):
        eq.load(tmp_path, beside="referense")
    with pytest.raises(SuiteError, match=r"no task to draw; accepted: nasbench_graph/cora"):
        ran.plot_anytime([])


def test_mistakes_are_told() -> None:
    with pytest.raises(SuiteError, match="no suite file 'quik'"):
        eq.run("quik")
    with pytest.raises(SuiteError, match="'budget' is missing"):
        eq.run({"tasks": ["nasbench201/cifar10"], "methods": ["random_search"]})
    with pytest.raises(SuiteError, match="must be one or more tables"):
        eq.run({**SUITE, "methods": [3]})
    with pytest.raises(SuiteError, match="workers = 0"):
        eq.run(SUITE, workers=0)
    with pytest.raises(StoreError, match=r"manifest\.json"):
        eq.load("nowhere")


def test_stopping_it_stores_what_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def ask(self: Good) -> eq.Query:
        nonlocal asked
        asked += 1
        if asked == 25:
            signal.raise_signal(signal.SIGINT)
        return eq.Query(self.space.sample(self.rng, 1)[0])

    monkeypatch.setattr(Good, "ask", ask)
    suite = {**SUITE, "methods": ["plugins_for_tests:Good"]}
    with pytest.raises(KeyboardInterrupt, match="2 of 3 runs stored; stopped: the same command goes on from here"):
        eq.run(suite, tmp_path, tasks=["*/cora"], queries=10)
    assert len(eq.search("random_search", "nasbench_graph/cora", queries=5)) == 5  # a later search was told nothing
    assert len(eq.run(suite, tmp_path, tasks=["*/cora"], queries=10).frame()) == 30


def test_shards_and_a_time_are_those_of_the_command(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"shard = 4/3: write for example 3/20"):
        eq.run(SUITE, tmp_path / "out", shard="4/3", progress=False)
    for number in (1, 2):
        results = eq.run(SUITE, tmp_path / "out", only=["LS"], shard=f"{number}/2", seconds=600, progress=False)
    whole = eq.run(SUITE, tmp_path / "whole", only=["LS"], progress=False)
    values = [column for column in whole.frame() if column != "overhead_seconds"]
    pd.testing.assert_frame_equal(results.frame()[values], whole.frame()[values])


def test_a_run_whose_time_is_over_goes_on_with_the_next_call(tmp_path: Path) -> None:
    suite = SUITE | {"methods": [plugins_for_tests.Slow], "tasks": ["nasbench201/cifar10"]}
    suite["protocol"] = {"repeats": 40, "seed": 4}
    with pytest.raises(TimeoutError, match="stopped before its time was over: the same command goes on from here"):
        eq.run(suite, tmp_path, seconds=6, progress=False)
    assert 0 < len(eq.load(tmp_path).frame()) < 40 * 60


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), 1e30])
def test_a_time_that_cannot_be_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(SuiteError, match="is not a positive number of seconds"):
        eq.run(SUITE, tmp_path, seconds=seconds, progress=False)


def test_a_time_in_a_thread_is_refused(tmp_path: Path) -> None:
    def run() -> None:
        with pytest.raises(SuiteError, match=r"seconds = 5 needs the main thread"):
            eq.run(SUITE, tmp_path, seconds=5, progress=False)
        refused.append(True)

    refused: list[bool] = []
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert refused == [True]
