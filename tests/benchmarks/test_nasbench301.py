"""From an archive of ensembles to a task."""

import re
from pathlib import Path

import numpy as np
import pytest
from nasbench301_archives import SPACE, add_ensemble, drawn, made_model
from typer.testing import CliRunner

from equipoise.harness.benchmarks._official import import_archive
from equipoise.harness.benchmarks.nasbench301 import NasBench301Benchmark
from equipoise.harness.cli.main import app
from equipoise.harness.cli.task_summary import summary, text
from equipoise.harness.conformance import TASK_CHECKS
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import load_task
from equipoise.harness.surrogate.nasbench301.ensembles import Pair, digest_at
from equipoise.harness.surrogate.nasbench301.vector import vectors

NAMES = ["nasbench301/cifar10", "nasbench301/cifar10-lgb"]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path, cache: Path) -> Path:
    root = tmp_path / "nb_models"
    add_ensemble(root, "xgb_v1.0", "xgb", (6, 8))
    add_ensemble(root, "lgb_v1.0", "lgb", (6, 8))
    add_ensemble(root, "lgb_runtime_v1.0", "lgb_time", (5, 5))
    return root


@pytest.mark.parametrize("name", NAMES)
def test_an_absent_archive_is_said_with_how_to_get_it(name: str, cache: Path) -> None:
    task = load_task(name)
    assert "equipoise data import" in (task.skip() or "")
    assert task.info.surrogate.model == "trees"
    assert task.info.data_digest == ""
    assert [scores.kendall_tau for scores in task.info.surrogate.scores] == ([0.817] if name == NAMES[0] else [])
    assert "predictions of trees" in text(summary(task))
    assert ("on held-out architectures, Kendall tau 0.817\n" in text(summary(task))) == (name == NAMES[0])
    with pytest.raises(DataError, match="equipoise data import"):
        task.evaluate(drawn(1)[0], None, np.random.default_rng(0))


@pytest.mark.parametrize("name", NAMES)
def test_an_imported_task_passes_the_checks(name: str, folder: Path) -> None:
    import_archive(folder)
    for check in TASK_CHECKS:
        check(load_task(name))


def test_predictions_are_the_means_of_the_members(folder: Path) -> None:
    import_archive(folder)
    task, asked = load_task("nasbench301/cifar10-lgb"), drawn(30, seed=3)
    told = vectors(asked)
    accuracies = np.mean([made_model("lgb", seed, rounds).predict(told) for seed, rounds in enumerate((6, 8))], axis=0)
    seconds = np.mean([made_model("lgb_time", seed, 5).predict(told) for seed in (0, 1)], axis=0)
    for architecture, accuracy, cost in zip(asked, accuracies, seconds, strict=True):
        found = task.evaluate(architecture, None, np.random.default_rng(0))
        assert found.validation_error == pytest.approx(1 - accuracy / 100, abs=1e-12)
        assert found.cost_seconds == pytest.approx(cost)
        assert task.expected(architecture) == found.validation_error


def test_noise_is_normal_with_the_spread_of_the_members(folder: Path) -> None:
    import_archive(folder)
    task, architecture, rng = load_task("nasbench301/cifar10", "single"), drawn(1)[0], np.random.default_rng(0)
    draws = np.array([task.evaluate(architecture, None, rng).validation_error for _ in range(400)])
    spread = Pair.load(NasBench301Benchmark().place("cifar10")).predict([architecture]).accuracies.std() / 100
    assert draws.mean() == pytest.approx(task.expected(architecture), abs=5 * spread / 20)
    assert draws.std() == pytest.approx(spread, rel=0.2)


def test_a_batch_is_each_alone(folder: Path) -> None:
    import_archive(folder)
    pair, asked = Pair.load(NasBench301Benchmark().place("cifar10")), drawn(40)
    together = pair.predict(asked)
    for number, architecture in enumerate(asked):
        alone = pair.predict([architecture])
        assert alone.accuracies[:, 0].tolist() == together.accuracies[:, number].tolist()
        assert alone.seconds[0] == together.seconds[number]


def test_the_command_imports_and_lists(folder: Path, cache: Path) -> None:
    ran = CliRunner().invoke(app, ["data", "import", str(folder)])
    assert ran.exit_code == 0, ran.output
    assert {file.name for file in (cache / "nasbench301").iterdir()} == {"cifar10.npz", "cifar10-lgb.npz"}
    listed = CliRunner().invoke(app, ["data", "list"]).output
    assert re.search(r"nasbench301_models_v1_0.zip +here", listed)
    assert load_task("nasbench301/cifar10").info.data_digest == digest_at(NasBench301Benchmark().place("cifar10"))
    assert load_task("nasbench301/cifar10").info.data_digest != load_task("nasbench301/cifar10-lgb").info.data_digest
    assert load_task("nasbench301/cifar10").skip() is None


def test_an_archive_without_runtimes_or_with_two_versions_is_refused(tmp_path: Path, cache: Path) -> None:
    add_ensemble(tmp_path / "a", "xgb_v1.0", "xgb", (2,))
    with pytest.raises(DataError, match="no ensemble of runtimes"):
        import_archive(tmp_path / "a")
    add_ensemble(tmp_path / "a", "xgb_v0.9", "xgb", (2,))
    with pytest.raises(DataError, match=r"xgb_v0.9 and xgb_v1.0 are of one kind"):
        import_archive(tmp_path / "a")
    add_ensemble(tmp_path / "b", "lgb_runtime_v1.0", "lgb_time", (2,))
    with pytest.raises(DataError, match="no ensemble of accuracies"):
        import_archive(tmp_path / "b")
    assert not (cache / "nasbench301").exists()


def test_a_damaged_file_in_the_cache_is_said(folder: Path) -> None:
    import_archive(folder)
    place = NasBench301Benchmark().place("cifar10")
    whole = place.read_bytes()
    for damaged in (b"", b"nonsense", whole[:-100], whole.replace(b"reg:squarederror", b"reg:squarederrol")):
        place.write_bytes(damaged)
        with pytest.raises(DataError, match="import the archive again"):
            Pair.load(place)


def test_every_space_of_the_archive_is_the_harness_own() -> None:
    assert load_task("nasbench301/cifar10").space == SPACE
