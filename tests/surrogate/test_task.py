"""Surrogates as tasks, and what is never judged by them alone."""

from pathlib import Path

import numpy as np
import pytest
from made_samples import table

from equipoise.harness.cli.surrogate_command import fit_named
from equipoise.harness.conformance import TASK_CHECKS
from equipoise.harness.core.errors import DataError, PluginError
from equipoise.harness.core.method import Method, Query
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import SurrogateInfo
from equipoise.harness.engine.session import run_suite
from equipoise.harness.store.run_store import RunStore


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Surrogates of a space that can be listed, and of one that cannot."""
    folder = tmp_path_factory.mktemp("surrogates")
    listed = table(folder / "listed.parquet", "transnas_micro", 200)
    unlisted = table(folder / "unlisted.parquet", "darts", 150)
    for sample, model in ((listed, "gp"), (listed, "trees"), (unlisted, "trees")):
        fit_named(str(sample), folder / f"{sample.stem}-{model}.npz", model, None, lambda _: None)
    return folder


@pytest.mark.parametrize("noise", ["mean", "single"])
@pytest.mark.parametrize("name", ["listed-gp", "listed-trees", "unlisted-trees"])
def test_they_conform(folder: Path, name: str, noise) -> None:
    for check in TASK_CHECKS:
        check(load_task(f"surrogate:{folder}/{name}.npz", noise))


def test_it_says_what_it_is(folder: Path) -> None:
    task = load_task(f"surrogate:{folder}/listed-gp.npz")
    assert task.skip() is None
    surrogate = task.info.surrogate
    assert (surrogate.model, task.info.fidelities, task.info.has_cost) == ("gp", (5, 50), True)
    assert [scores.fidelity for scores in surrogate.scores] == [5, 50]
    assert surrogate.scores[-1].kendall_tau > 0.6
    assert surrogate.scores[-1].to_dict().keys() == {"fidelity", "architectures", "r2", "kendall_tau", "spearman_rho"}
    assert task.space.name == "transnas_micro"
    assert "made" in task.info.source
    assert load_task("surrogate:absent.npz").skip() == "needs absent.npz: no such file"


def test_the_table_is_what_the_model_predicts(folder: Path) -> None:
    task = load_task(f"surrogate:{folder}/listed-trees.npz")
    some = task.space.sample(np.random.default_rng(0), 20)
    rng = np.random.default_rng(0)
    for level, epochs in enumerate(task.info.fidelities):
        predicted = task.model.header.levels[level].transform.inverse(task.model.predict(some, level).centre)
        assert [task.evaluate(a, epochs, rng).validation_error for a in some] == pytest.approx(predicted)
    seconds = [task.evaluate(a, 50, rng).cost_seconds for a in some]
    assert seconds == pytest.approx(task.model.seconds(task.model.features.of(some)))
    assert [task.evaluate(a, 5, rng).cost_seconds for a in some] == pytest.approx(np.array(seconds) / 10)


@pytest.mark.parametrize("name", ["listed-gp", "unlisted-trees"])
def test_single_answers_scatter_as_the_ensemble_says(folder: Path, name: str) -> None:
    task = load_task(f"surrogate:{folder}/{name}.npz", "single")
    (architecture,) = task.space.sample(np.random.default_rng(5), 1)
    rng = np.random.default_rng(1)
    transform = task.model.header.levels[-1].transform
    drawn = transform.transform(np.array([task.evaluate(architecture, None, rng).validation_error for _ in range(300)]))
    centre, spread = (found.item() for found in task.model.predict([architecture]))
    assert abs(drawn.mean() - centre) < 4 * spread / 300**0.5
    assert 0.8 < drawn.std() / spread < 1.2
    assert task.expected(architecture) == pytest.approx(transform.inverse(np.array([centre])).item())


def test_a_hyphen_in_a_name_is_an_underscore_in_its_file() -> None:
    assert load_task("nasbench101-surrogate/cifar10").name == "nasbench101-surrogate/cifar10"
    with pytest.raises(PluginError, match="did you mean 'nasbench101-surrogate'"):
        load_task("nasbench101_surrogate/cifar10")
    with pytest.raises(PluginError, match="did you mean 'nasbench_macro'"):
        load_task("nasbench-macro/cifar10")


class Tree(Method):
    """Random search that claims to model the task by trees."""

    family = "hpo"
    source = "made"
    surrogate_models = ("trees",)

    def ask(self) -> Query:
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation: object) -> None:
        pass


def _ran(folder: Path, out: Path, tasks: list[str], method: str) -> list[tuple[str, str]]:
    text = '[budget]\nqueries = 3\n[protocol]\nrepeats = 1\nseed = 1\n[[methods]]\nname = "random_search"\n'
    text = f'name = "judges"\n{text}[[methods]]\nname = "{method}"\nlabel = "mine"\n'
    text += "".join(f'[[tasks]]\nname = "{task}"\n' for task in tasks)
    (out / "suite.toml").write_text(text)
    assert not run_suite(Suite.load(out / "suite.toml"), out / "out", workers=1).failures
    return [(entry["method"], entry["reason"]) for entry in RunStore(out / "out").manifest()["left_out"]]


def test_no_method_is_judged_by_its_own_model_alone(folder: Path, tmp_path: Path) -> None:
    own, other = (f"surrogate:{folder}/listed-{model}.npz" for model in ("trees", "gp"))
    mine = f"{Path(__file__)}"
    (tmp_path / "alone").mkdir()
    (tmp_path / "beside").mkdir()
    ((label, reason),) = _ran(folder, tmp_path / "alone", [own], mine)
    assert label == "mine"
    assert "own model (trees)" in reason
    assert _ran(folder, tmp_path / "beside", [own, other], mine) == []


def test_missing_files_are_told_by_the_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    task = load_task("nasbench101-surrogate/cifar10-gp")
    assert task.skip() == (
        "needs data-20k.json (2.9 MB): equipoise data fetch nasbench101-sample, "
        "then: equipoise surrogate nasbench101-surrogate/cifar10-gp"
    )
    assert (task.info.surrogate, task.info.data_digest) == (SurrogateInfo("gp"), "")
    assert task.space.size == 423_624
    with pytest.raises(DataError, match="equipoise data fetch nasbench101-sample"):
        task.evaluate(task.space.representative(0), None, np.random.default_rng(0))
