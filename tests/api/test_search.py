"""`equipoise.search`: the trajectory of a suite's run, and regret as the report gives it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from plugins_for_tests import AlwaysInvalid, Good, Stops, Trains
from stores import played, suite

import equipoise as eq
from equipoise.harness.core.registry import load_task
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.load import load


@pytest.mark.parametrize("method", ["local_search", "regularized_evolution"])
@pytest.mark.parametrize("task", ["nasbench201/cifar10", "nasbench_graph/proteins"])
def test_it_is_repeat_one_of_a_suite_and_its_regret_is_the_reports(method: str, task: str, tmp_path: Path) -> None:
    folder = played(tmp_path, suite(({"name": method},), (task,)))
    trajectory = eq.search(method, task, queries=40, seed=7)
    stored = RunStore(folder).frame(task=task)
    stored = stored[stored["repeat"] == 1].reset_index(drop=True)
    ours = trajectory.to_frame()
    for column in ("query", "architecture", "fidelity", "validation_error", "charge", "cost_seconds", "status"):
        assert ours[column].astype(object).equals(stored[column].astype(object)), column
    results = load(folder)
    runs = results.tasks[0].runs[method]
    np.testing.assert_array_equal(trajectory.regret(at=results.grid), runs.regret[0])
    np.testing.assert_array_equal(trajectory.regret(), runs.regret[0])
    best = trajectory.incumbent
    assert best is not None
    metric = load_task(task).info.metric
    assert best.validation == metric.show(best.validation_error)
    assert (best.test is None) == (not results.tasks[0].has_test)


def test_training_of_its_own_is_spent_before_the_first_answer() -> None:
    trajectory = eq.search(Trains, "nasbench201/cifar10", queries=20)
    assert trajectory.spent.tolist() == [2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20]
    regret = trajectory.regret(at=[1, 2.5, 9, 20])
    worst = 100 * (1 - load_task("nasbench201/cifar10").optimum())
    assert regret[0] == pytest.approx(worst)
    assert regret[1:].tolist() == trajectory.regret()[[0, 2, 7]].tolist()


def test_several_fidelities_hand_in_what_was_trained_longest() -> None:
    trajectory = eq.search("hyperband", "nasbench201/fashion14", budget=eq.Budget(epochs=200))
    frame, best = trajectory.to_frame(), trajectory.incumbent
    longest = frame[frame["fidelity"] == frame["fidelity"].max()]
    assert best.validation_error == longest["validation_error"].min()
    assert len(set(frame["fidelity"])) > 1


def test_a_method_is_a_name_a_file_or_a_class(tmp_path: Path) -> None:
    source = Path(sys.modules[Good.__module__].__file__).read_text().split("class Wanders")[0]
    (tmp_path / "climber.py").write_text(source)
    by_path = eq.search(tmp_path / "climber.py", "nasbench201/cifar10", queries=15)
    assert by_path.spec.label == "climber"
    by_class = eq.search(Good, "nasbench201/cifar10", queries=15)
    assert by_class.spec.label == "Good"
    assert by_class.architecture != by_path.architecture  # randomness is seeded over the label
    cls = eq.harness.core.registry.load_method("local_search")
    by_builtin = eq.search(cls, load_task("nasbench201/cifar10"), queries=15)
    assert by_builtin.spec == eq.search("local_search", "nasbench201/cifar10", queries=15).spec


def test_settings_are_the_methods_and_mistakes_are_told() -> None:
    small = eq.search("regularized_evolution", "nasbench201/cifar10", queries=30, population=5, sample=2)
    assert json.loads(small.spec.settings) == {"population": 5, "sample": 2}
    numpy = {"population": np.int64(5), "sample": np.int8(2), "seed": np.int64(0)}
    again = eq.search("regularized_evolution", "nasbench201/cifar10", queries=30, **numpy)
    assert (again.spec, again.architecture) == (small.spec, small.architecture)
    for arguments, settings, error, words in (
        (("regularized_evolution", "nasbench201/cifar10"), {"populaton": 5}, eq.SettingError, "'population'"),
        (("locl_search", "nasbench201/cifar10"), {}, eq.PluginError, "'local_search'"),
        (("local_search", "nasbench201/cifar11"), {}, eq.SuiteError, "'cifar10'"),
        (("hyperband", "nasbench201/cifar10"), {}, eq.PluginError, "cannot search nasbench201/cifar10: it needs"),
        (("local_search", "nats_tss/cifar10"), {}, eq.DataError, "nats_tss-cifar10.parquet"),
        (("local_search", "nasbench201/cifar10"), {"seed": -1}, eq.SuiteError, "seed = -1 is not a whole number"),
        (("local_search", "nasbench201/cifar10"), {"seed": None}, eq.SuiteError, "seed = None is not a whole number"),
        (("local_search", "nasbench201/cifar10"), {"noise": "singl"}, eq.SuiteError, "did you mean 'single'"),
        (("random_search", "nasbench201/cifar10"), {"replacement": {5}}, eq.SettingError, "cannot be stored"),
        ((int, "nasbench201/cifar10"), {}, eq.PluginError, "class 'int'> is no search method"),
        ((eq.Method, "nasbench201/cifar10"), {}, eq.PluginError, "ask and tell must be defined"),
    ):
        with pytest.raises(error, match=words):
            eq.search(*arguments, **settings)


def test_it_is_shown_in_words_in_html_and_drawn() -> None:
    trajectory = eq.search("local_search", "nasbench201/cifar10", queries=40, seed=3)
    best = trajectory.incumbent
    assert repr(trajectory) == (
        f"<local_search on nasbench201/cifar10, seed 3: 40 proposals, best validation accuracy "
        f"{best.validation:.2f} % (regret {trajectory.regret()[-1]:.2f} points)>"
    )
    html = trajectory._repr_html_()
    assert best.text in html
    assert html.count("<tr>") == html.count("</tr>") == 5
    axes = trajectory.plot()
    assert axes.get_xlabel() == "queries"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["local_search", "random search, exact mean"]
    assert axes.lines[0].get_ydata().tolist() == trajectory.regret().tolist()
    shown = [text.get_text() for text in trajectory.plot(axes).get_legend().get_texts()]
    assert shown == ["local_search", "random search, exact mean", "local_search"]


def test_nothing_valid_and_an_early_end_are_told() -> None:
    nothing = eq.search(AlwaysInvalid, "nasbench_graph/cora", queries=5)
    assert nothing.incumbent is None
    assert "nothing valid was proposed" in repr(nothing)
    assert np.isnan(nothing.incumbent_values()).all()
    early = eq.search(Stops, "nasbench201/cifar10", queries=30)
    assert "5 proposals" in repr(early)
    assert ": 1 proposal, " in repr(eq.search("random_search", "nasbench201/cifar10", queries=1))
    assert repr(early).endswith("; ended early: tired>")


def test_a_class_of_a_script_without_a_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import equipoise as eq\n"
        "class Mine(eq.Method):\n"
        "    family, source = 'baseline', 'me'\n"
        "    def ask(self): return eq.Query(self.space.sample(self.rng, 1)[0])\n"
        "    def tell(self, observation): pass\n"
        "print(eq.search(Mine, 'nasbench201/cifar10', queries=10).to_frame().to_csv(index=False))\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path)
    lines = ran.stdout.split()
    assert len(lines) == 11
    assert all(line.startswith("nasbench201/cifar10,Mine,1,") for line in lines[1:])
