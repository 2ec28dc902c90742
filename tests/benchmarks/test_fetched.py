"""The tasks made of fetched files: on the files themselves where EQUIPOISE_MIRROR has them, and on made ones."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from equipoise.harness.benchmarks.nasbench_macro import read as read_macro
from equipoise.harness.benchmarks.transnas_macro import TransNasMacroBenchmark
from equipoise.harness.cli.listing import entries
from equipoise.harness.conformance import TASK_CHECKS
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.data.fetch import fetch
from equipoise.harness.data.sources import sources

MIRROR = Path(os.environ.get("EQUIPOISE_MIRROR", "nowhere"))
SEVEN = ("class_scene", "class_object", "jigsaw", "autoencoder", "normal", "room_layout", "segmentsemantic")
MAXIMA = {
    **dict(
        zip((f"transnas_micro/{t}" for t in SEVEN), (54.94, 45.59, 95.37, 0.5772, 0.5873, -0.601, 94.61), strict=True)
    ),
    **dict(
        zip((f"transnas_macro/{t}" for t in SEVEN), (57.41, 47.42, 97.02, 0.7488, 0.6435, -0.5822, 94.86), strict=True)
    ),
    "nasbench_macro/cifar10": 93.127,
}
NEEDED = [entry for name, entry in sources().items() if name in ("transnas-micro", "transnas-macro", "nasbench-macro")]
needs_mirror = pytest.mark.skipif(
    not all((MIRROR / entry.file).is_file() for entry in NEEDED),
    reason="EQUIPOISE_MIRROR is not set to a folder with the upstream files",
)


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fetched")


@pytest.fixture
def fetched(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of this module in a cache of their own: other tests expect that nothing was fetched."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(_folder))
    for entry in NEEDED:
        fetch(entry)


@needs_mirror
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("name", MAXIMA)
def test_maxima_are_those_of_the_source(name: str) -> None:
    task = load_task(name)
    assert task.skip() is None
    optimum = task.optimum()
    assert optimum is not None
    digits = 4 if abs(MAXIMA[name]) < 1 else 3 if name == "nasbench_macro/cifar10" else 2
    assert round(task.info.metric.show(optimum), digits) == MAXIMA[name]


@needs_mirror
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("name", MAXIMA)
def test_they_conform(name: str) -> None:
    for check in TASK_CHECKS:
        check(load_task(name))


@needs_mirror
@pytest.mark.usefixtures("fetched")
def test_disconnected_cells_share_one_value() -> None:
    task = load_task("transnas_micro/class_scene")
    cut = [cell for cell in task.space.enumerate() if task.space.canonical(cell) == (0,) * 6]
    values = {task.expected(cell) for cell in cut}
    landscape = task.landscape()
    assert landscape is not None
    assert values == {landscape.max()}
    assert int((landscape == landscape.max()).sum()) == len(cut) == 169


@needs_mirror
@pytest.mark.usefixtures("fetched")
def test_single_seeds_of_nasbench_macro_are_the_stored_ones() -> None:
    task = load_task("nasbench_macro/cifar10", "single")
    stored = json.loads((MIRROR / "nas-bench-macro_cifar10.json").read_text())["22212220"]["test_acc"]
    rng = np.random.default_rng(0)
    best = task.space.parse("22212220")
    seen = {task.info.metric.show(task.evaluate(best, None, rng).validation_error) for _ in range(60)}
    assert np.allclose(sorted(seen), sorted(stored))
    for check in TASK_CHECKS:
        check(task)


def test_without_their_files_the_tasks_say_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    assert load_task("nasbench_macro/cifar10").skip() == (
        "needs nas-bench-macro_cifar10.json (1.2 MB): equipoise data fetch nasbench-macro"
    )
    assert set(MAXIMA) <= {entry["name"] for entry in entries("tasks") if entry["skip"]}
    with pytest.raises(DataError, match="equipoise data fetch transnas-micro"):
        load_task("transnas_micro/jigsaw").optimum()


def test_the_suite_names_tasks_that_exist(root: Path) -> None:
    assert set(MAXIMA) <= set(Suite.load(str(root / "suites" / "nas_bench_suite.toml")).tasks)


def _archive(path: Path, records: list[dict[str, object]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zen/benchmark--transbench101_macro--jigsaw--0.json", json.dumps(records))
    return path


def _records() -> list[dict[str, object]]:
    space = load_task("transnas_macro/jigsaw").space
    texts = [space.format(network).split("-")[1] for network in space.enumerate()]
    return [{"arch": str(tuple(map(int, text))), "val_accuracy": 50.0 + n / 100} for n, text in enumerate(texts)]


def test_a_made_archive_is_read_in_the_order_of_the_space(tmp_path: Path) -> None:
    task = load_task("transnas_macro/jigsaw")
    columns = TransNasMacroBenchmark().read("jigsaw", _archive(tmp_path / "a.zip", _records()[::-1]))
    assert np.allclose(100 - 100 * columns["validation"][0, :, 0], 50 + np.arange(task.space.size) / 100)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda records: records[:-3], "3 are missing"),
        (lambda records: [*records, records[0]], "listed twice"),
        (lambda records: [*records[1:], {"arch": "(2, 2, 2, 4)", "val_accuracy": 1.0}], "cannot be read"),
        (lambda records: [*records[1:], {"arch": "__import__('os')", "val_accuracy": 1.0}], "cannot be read"),
        (lambda records: [*records[1:], {"arch": records[0]["arch"]}], "cannot be read"),
        (lambda records: [*records[1:], {**records[0], "val_accuracy": float("nan")}], "not a finite number"),
    ],
)
def test_damaged_tables_are_refused(tmp_path: Path, damage, words: str) -> None:
    with pytest.raises(DataError, match=words):
        TransNasMacroBenchmark().read("jigsaw", _archive(tmp_path / "a.zip", damage(_records())))


@pytest.mark.parametrize("content", ["{}", "[]", '{"22222222": 1}', '{"999": {"test_acc": [1]}}', "{"])
def test_damaged_macro_files_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataError):
        read_macro(tmp_path / "a.json")
