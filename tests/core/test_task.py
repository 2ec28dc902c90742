"""Data sheets, tasks and the benchmarks that offer them."""

import pickle
from dataclasses import FrozenInstanceError, replace
from functools import partial
from pathlib import Path

import pytest
from made import MadeTask

from equipoise.harness.core.errors import PluginError, SuiteError
from equipoise.harness.core.registry import benchmarks, load_benchmark, load_task, locate_task, task_names
from equipoise.harness.core.task import Metric, Objective, SurrogateScores, TaskInfo

SIMPLE = """
from equipoise.harness.core.task import Evaluation, Metric, Task, TaskInfo
from equipoise.harness.spaces.nasbench201 import NasBench201
class Count(Task):
    info = TaskInfo(
        name="convolutions/count", source="me", licence="CC0", metric=Metric.accuracy(), data_digest="none: computed",
        noises=("mean", "single"),
    )
    space = NasBench201()
    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(1 - architecture.count(3) / 6, 1.0)
"""
SEVERAL = (
    SIMPLE
    + """
from dataclasses import replace
from equipoise.harness.core.task import Benchmark
class Share(Count):
    def __init__(self, dataset, noise, ignore_cache):
        self.info = replace(Count.info, name=f"convolutions/{dataset}")
        self.ignore_cache = ignore_cache
        super().__init__(noise)
class Convolutions(Benchmark):
    name = "convolutions"
    datasets = ("one", "three")
    def task(self, dataset, noise="mean", ignore_cache=False):
        return Share(dataset, noise, ignore_cache)
"""
)


def info(**changes) -> TaskInfo:
    told = {"name": "a/b/c", "source": "me", "licence": "CC0", "metric": Metric.accuracy(), "data_digest": "0"}
    return TaskInfo(**told | changes)


def test_a_field_given_as_a_function_is_read_once_and_when_asked() -> None:
    read: list[str] = []

    def value(what: str, found: object) -> object:
        read.append(what)
        return found

    asked = info(
        data_digest=partial(value, "digest", "1"),
        penalty=partial(value, "penalty", 2.0),
        fidelities=partial(value, "epochs", (1, 2)),
    )
    assert (repr(asked), asked.benchmark, asked.dataset, read) == ("TaskInfo('a/b/c')", "a", "b/c", [])
    assert (asked.penalty, asked.penalty, read) == (2.0, 2.0, ["penalty"])
    assert (asked.fidelities, asked.data_digest) == ((1, 2), "1")
    assert read == ["penalty", "epochs", "digest"]
    plain = info(data_digest="1", penalty=2.0, fidelities=(1, 2))
    assert asked == plain == pickle.loads(pickle.dumps(plain))
    assert replace(asked, penalty=3.0).penalty == 3.0


def test_a_data_sheet_is_frozen_and_its_defaults_are_plain() -> None:
    sheet = info()
    with pytest.raises(FrozenInstanceError):
        sheet.penalty = 2.0
    with pytest.raises(TypeError, match="data_digest"):
        TaskInfo(name="a/b", source="me", licence="CC0", metric=Metric.accuracy())
    assert (sheet.fidelities, sheet.penalty, sheet.objectives, sheet.noise_floor) == ((), 1.0, (), None)
    assert info(objectives=(Objective("latency", "ms", reference=9.0),)).objectives[0].minimise


def test_scores_that_are_not_known_are_absent() -> None:
    assert SurrogateScores(fidelity=None, kendall_tau=0.5).to_dict() == {"fidelity": None, "kendall_tau": 0.5}
    assert SurrogateScores(fidelity=9, kendall_tau=0.5, r2=0.0).to_dict() == {
        "fidelity": 9,
        "kendall_tau": 0.5,
        "r2": 0.0,
    }


def test_a_shown_value_is_turned_back_into_its_error() -> None:
    for metric in (Metric.accuracy(), Metric("loss", "", 0.5, -2.0)):
        assert metric.error(metric.show(0.25)) == pytest.approx(0.25)


def test_one_simple_class_is_a_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(SIMPLE)
    benchmark = load_benchmark(str(path))
    assert task_names(benchmark) == ["convolutions/count"]
    task = load_task(f"{path}/count", "single")
    assert (task.name, task.noise) == ("convolutions/count", "single")
    with pytest.raises(SuiteError, match="convolutions has no data set 'cont'; did you mean 'count'"):
        load_task(f"{path}/cont")
    assert locate_task("plugins_for_tests:GoodTask/plain")[0].name == "good"
    with pytest.raises(PluginError, match="has no class 'Good' derived from Benchmark or Task"):
        load_task("plugins_for_tests:Good/plain")


def test_a_benchmark_class_offers_its_tasks_and_passes_on_how_they_are_asked(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(SEVERAL)
    assert task_names(load_benchmark(str(path))) == ["convolutions/one", "convolutions/three"]
    task = load_task(f"{path}/three", "single", ignore_cache=True)
    assert (task.name, task.noise, task.ignore_cache) == ("convolutions/three", "single", True)
    assert load_task(f"{path}/one").ignore_cache is False
    with pytest.raises(SuiteError, match="no data set 'count'"):
        load_task(f"{path}/count")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    info = TaskInfo(", "    sheet = TaskInfo(", "'info' is no TaskInfo; write info = TaskInfo"),
        ("convolutions/count", "convolutions", "a name is benchmark/dataset"),
        ("    def evaluate", "    def __init__(self): pass\n    def evaluate", "is not made with the noise alone"),
        ("class Count(Task)", "class _Count(Task)", "exactly one public Task; found none"),
    ],
)
def test_a_class_that_is_no_task_is_one_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(SIMPLE.replace(old, new))
    with pytest.raises(PluginError, match=words) as raised:
        load_task(f"{path}/count")
    assert "\n" not in str(raised.value)


def test_a_noise_that_is_not_stored_is_refused() -> None:
    class Silent(MadeTask):
        info = replace(MadeTask.info, noises=("mean",))

    with pytest.raises(SuiteError, match=r"made/plain cannot answer with noise = 'single'.*set noise = 'mean'"):
        Silent("single")


def test_every_data_sheet_is_there_without_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "nothing"))
    tasks = [load_task(name) for benchmark in benchmarks() for name in task_names(benchmark)]
    assert len(tasks) > 50
    for task in tasks:
        told = task.info
        assert told.source
        assert told.licence
        assert task.skip() is None or (told.fidelities is not None and told.penalty > 0)
    missing = [task.info for task in tasks if task.skip() is not None]
    assert {"nats_tss/cifar10", "nasbench301/cifar10"} <= {told.name for told in missing if told.data_digest == ""}
    assert {entry.name for entry in (tmp_path / "nothing").iterdir()} == {"seen"}  # headers, no columns
