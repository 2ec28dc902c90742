"""What fetched files add to NAS-Bench-201: on made files, and on the real ones where EQUIPOISE_MIRROR has them."""

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from made_frames import write_frame
from typer.testing import CliRunner

from equipoise.harness.benchmarks import _nasbench201_cells as numbering
from equipoise.harness.benchmarks import _nasbench201_further as further
from equipoise.harness.benchmarks.nasbench201 import FURTHER
from equipoise.harness.cli.main import app
from equipoise.harness.conformance import TASK_CHECKS
from equipoise.harness.core.errors import DataError, StoreError
from equipoise.harness.core.registry import load_method as method
from equipoise.harness.core.registry import load_task, missing_requirements
from equipoise.harness.core.suite import Suite
from equipoise.harness.data.archive import json_members
from equipoise.harness.data.fetch import fetch
from equipoise.harness.data.sources import source
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.verify import verify
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.reports.load import load

SPACE = NasBench201()
CELLS = list(SPACE.enumerate())
MIRROR = Path(os.environ.get("EQUIPOISE_MIRROR", "nowhere"))
EARLY, CIFAR10_TEST = (names["cifar10"] for names in FURTHER.values())
FILES = (EARLY, CIFAR10_TEST, FURTHER["test"]["cifar100"])
needs_mirror = pytest.mark.skipif(
    not all((MIRROR / source(name).file).is_file() for name in FILES),
    reason="EQUIPOISE_MIRROR is not set to a folder with the files that extend NAS-Bench-201",
)


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("extended")


@pytest.fixture
def fetched(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All three files in a cache of their own: other tests expect that nothing was fetched."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(_folder))
    for name in FILES:
        fetch(source(name))


@needs_mirror
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize(
    ("dataset", "best", "at_best"),
    [("cifar10", 94.3733, 94.3733), ("cifar100", 73.26, 73.18), ("imagenet16-120", 47.3333, 45.4667)],
)
def test_the_real_files_conform_and_have_their_known_maxima(dataset: str, best: float, at_best: float) -> None:
    task = load_task(f"nasbench201/{dataset}")
    for check in TASK_CHECKS:
        check(task)
    assert task.info.fidelities == (12, 200)
    tests = [task.reveal(cell) for cell in CELLS]
    assert task.info.metric.show(min(tests)) == pytest.approx(best, abs=5e-5)
    assert task.info.metric.show(tests[int(task.landscape().argmin())]) == pytest.approx(at_best, abs=5e-5)


@needs_mirror
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize(("dataset", "published"), [("cifar100", 70.86), ("imagenet16-120", 43.63)])
def test_the_residual_cell_has_its_published_test_accuracy(dataset: str, published: float) -> None:
    """Dong and Yang 2020, table 5, ResNet."""
    cell = SPACE.parse("|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|")
    task = load_task(f"nasbench201/{dataset}")
    assert round(task.info.metric.show(task.reveal(cell)), 2) == published


@needs_mirror
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("noise", ["mean", "single"])
def test_the_full_fidelity_is_what_it_was(noise: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extended = load_task("nasbench201/cifar100", noise)
    cells = SPACE.sample(np.random.default_rng(0), 100)
    told = [extended.evaluate(cell, None, np.random.default_rng(n)) for n, cell in enumerate(cells)]
    early = [extended.evaluate(cell, 12, np.random.default_rng(n)) for n, cell in enumerate(cells)]
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    plain = load_task("nasbench201/cifar100", noise)
    assert told == [plain.evaluate(cell, None, np.random.default_rng(n)) for n, cell in enumerate(cells)]
    assert [one.cost_seconds for one in early] == pytest.approx([one.cost_seconds * 12 / 200 for one in told])
    assert np.corrcoef([one.validation_error for one in early], [one.validation_error for one in told])[0, 1] > 0.8


@needs_mirror
@pytest.mark.usefixtures("fetched")
def test_no_other_order_of_operations_and_edges_explains_the_data_as_well() -> None:
    errors = load_task("nasbench201/cifar100").landscape()
    members = json_members(MIRROR / source("nasbench201-test").file, r"zen/benchmark--nasbench201--cifar100--\d+\.json")
    records = [record for member in members for record in member]
    numbers = np.array([json.loads(record["arch"].replace("(", "[").replace(")", "]")) for record in records])
    accuracy = np.array([record["val_accuracy"] for record in records])

    def agreement(operations: tuple[int, ...], edges: tuple[int, ...]) -> float:
        options = np.array(operations)[numbers][:, list(edges)]
        return float(np.corrcoef(1 - errors[np.ravel_multi_index(tuple(options.T), (5,) * 6)], accuracy)[0, 1])

    known = tuple(SPACE.decisions[0].options.index(name) for name in numbering.OPERATIONS)
    assert max(permutations(range(5)), key=lambda order: agreement(order, numbering.EDGES)) == known
    assert max(permutations(range(6)), key=lambda order: agreement(known, order)) == numbering.EDGES
    assert agreement(known, numbering.EDGES) > 0.998


@needs_mirror
def test_each_file_adds_what_it_holds_and_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    seen = {}
    for names in ((), FILES[:1], FILES[1:2], FILES[:2]):
        shutil.rmtree(tmp_path / "downloads", ignore_errors=True)
        for name in names:
            fetch(source(name))
        task = load_task("nasbench201/cifar10")
        assert task.info.fidelities == ((12, 200) if EARLY in names else (200,))
        assert (task.reveal(CELLS[7]) is not None) == (CIFAR10_TEST in names)
        assert tuple(task.info.further_digests) == names
        assert ("test is n/a" in " ".join(task.info.pitfalls)) == (CIFAR10_TEST not in names)
        assert (missing_requirements(method("hyperband"), task) is None) == (EARLY in names)
        seen[names] = task.info.data_digest
    assert len(set(seen.values())) == 4
    assert load_task("nasbench201/cifar100").info.further_digests.keys() == {EARLY}


@needs_mirror
def test_runs_on_other_data_are_neither_added_to_nor_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    suite, out = tmp_path / "s.toml", tmp_path / "out"
    suite.write_text(
        'name = "s"\n[budget]\nqueries = 5\n[protocol]\nrepeats = 2\nseed = 1\n'
        '[[tasks]]\nname = "nasbench201/cifar10"\n[[methods]]\nname = "random_search"\n'
    )
    assert not run_suite(Suite.load(suite), out, workers=1).failures
    assert verify(out, 2, lambda _: None) == 0
    fetch(source(EARLY))
    with pytest.raises(StoreError, match=r"on data 2f6f8dcb4c6c8d12; here .* \(with nasbench201-12-epochs\)"):
        run_suite(Suite.load(suite).changed(repeats=3), out, workers=1)
    with pytest.raises(StoreError, match="Bring the same files"):
        verify(out, 2, lambda _: None)
    assert CliRunner().invoke(app, ["status", str(out)]).exit_code == 0
    (task,) = load(out).tasks
    assert "are not those of the runs (2f6f8dcb4c6c8d12)" in task.caveat
    assert task.exact


def test_without_the_files_nothing_that_reads_them_is_loaded() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from equipoise.harness.core.registry import load_task; "
        "task = load_task('nasbench201/cifar10'); task.optimum(); "
        "task.info.data_digest; task.info.fidelities; task.info.source; "
        "print([m for m in sys.modules if 'further' in m "
        "or m in ('equipoise.harness.data.frame', 'equipoise.harness.data.sources')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


ACCURACY = [10.0 + n % 800 / 10 for n in range(len(CELLS))]


def _frame(path: Path, change: Callable[[dict[str, list]], object] = lambda _: None) -> Path:
    columns: dict[str, list] = {"cellstr": [SPACE.format(cell) for cell in CELLS][::-1], "imagenet-val": ACCURACY[::-1]}
    change(columns)
    return write_frame(path, columns)


def test_a_made_frame_is_read_in_the_order_of_the_space(tmp_path: Path) -> None:
    read = further.early_errors(_frame(tmp_path / "a.pd"), "imagenet16-120")
    assert np.allclose(100 - 100 * read, ACCURACY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda columns: columns.pop("imagenet-val"), "with the columns cellstr, imagenet-val"),
        (lambda columns: [values.pop() for values in columns.values()], "1 are missing"),
        (lambda columns: columns["cellstr"].__setitem__(0, columns["cellstr"][1]), "15625 rows for 15624 cells"),
        (lambda columns: columns["cellstr"].__setitem__(0, "|none~0|"), "a row of imagenet-val cannot be read"),
        (lambda columns: columns["imagenet-val"].__setitem__(0, float("nan")), "not a finite number"),
        (lambda columns: columns["imagenet-val"].__setitem__(0, 100.5), "outside 0 to 100"),
    ],
)
def test_damaged_frames_are_refused(tmp_path: Path, change: Callable[[dict[str, list]], object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        further.early_errors(_frame(tmp_path / "a.pd", change), "imagenet16-120")


def _archive(path: Path, change: Callable[[list[dict]], object] = lambda _: None) -> Path:
    numbers = [[0] * 6 for _ in CELLS]
    for row, cell in zip(numbers, CELLS, strict=True):
        for edge, option in zip(numbering.EDGES, cell, strict=True):
            row[edge] = numbering.OPERATIONS.index(SPACE.decisions[0].options[option])
    records = [{"arch": str(tuple(n)), "val_accuracy": a} for n, a in zip(numbers, ACCURACY, strict=True)]
    change(records)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zen/benchmark--nasbench201--cifar100--0.json", json.dumps(records[:9000]))
        archive.writestr("zen/benchmark--nasbench201--cifar100--9000.json", json.dumps(records[9000:]))
    return path


def test_a_made_archive_is_read_in_the_order_of_the_space(tmp_path: Path) -> None:
    read = further.test_errors(_archive(tmp_path / "a.zip"), "cifar100")
    assert np.allclose(100 - 100 * read, ACCURACY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda records: records.pop(), "1 are missing"),
        (lambda records: records.append(records[0]), "listed twice"),
        (lambda records: records[0].update(arch="(0, 1, 2, 3, 4, 5)"), "cannot be read"),
        (lambda records: records[0].update(arch="(0, 1)"), "cannot be read"),
        (lambda records: records[0].update(arch="open('x')"), "cannot be read"),
        (lambda records: records[0].pop("val_accuracy"), "cannot be read"),
        (lambda records: records[0].update(val_accuracy=-0.1), "outside 0 to 100"),
    ],
)
def test_damaged_archives_are_refused(tmp_path: Path, change: Callable[[list[dict]], object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        further.test_errors(_archive(tmp_path / "a.zip", change), "cifar100")
    with pytest.raises(DataError, match="no member matches"):
        further.test_errors(tmp_path / "a.zip", "imagenet16-120")
