"""From records of an official archive to a task, and what is said while the archive is missing."""

import math
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from official_archives import made_asr_file
from typer.testing import CliRunner

from equipoise.harness.benchmarks import _official
from equipoise.harness.benchmarks._official import OfficialTables, import_archive
from equipoise.harness.benchmarks.nasbench101 import NasBench101Benchmark
from equipoise.harness.benchmarks.nasbench_asr import NasBenchAsrBenchmark
from equipoise.harness.benchmarks.nats_tss import NatsTssBenchmark
from equipoise.harness.cli.main import app
from equipoise.harness.conformance import TASK_CHECKS
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.space import Decision
from equipoise.harness.core.task import Metric
from equipoise.harness.data.official.record import Record
from equipoise.harness.spaces._declared import DeclaredProduct
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.tables.header import TableHeader

SPACE = DeclaredProduct("three", tuple(Decision(f"d{number}", ("a", "b", "c")) for number in range(3)))
OFFICIAL = [
    *(
        f"{benchmark}/{dataset}"
        for benchmark in ("nats_tss", "nats_sss", "nasbench201_full")
        for dataset in ("cifar10", "cifar100", "imagenet16-120", "cifar10-curve")
    ),
    "nasbench101/cifar10",
    "nasbench_asr/timit",
    "nasbench_asr/timit-curve",
]


def made_records(curves: bool) -> Iterator[Record]:
    for number, cell in enumerate(SPACE.enumerate()):
        for seed in (3, 5)[: 1 + number % 2]:
            for epochs in (1, 9):
                error = 0.9 - 0.01 * number - 0.02 * epochs - 0.001 * seed
                yield Record("plain", cell, epochs, seed, error, error + 0.05, 10.0 * epochs, math.nan)
        for epoch in range(1, 10 if curves else 1):
            yield Record("plain-curve", cell, epoch, 3, 0.9 - 0.02 * epoch, math.nan, 10.0 * epoch, 1.0)


class MadeOfficial(OfficialTables):
    name = "made_official"
    datasets = ("plain", "plain-curve")
    source = "the tests"
    licence = "none"
    archive = "nothing from nowhere"
    imported = "made.archive"
    space = SPACE
    metric = Metric.accuracy()
    pitfalls = ("Made.",)
    splits: ClassVar = {"plain": ("v", "t"), "plain-curve": ("v", "")}

    def recognises(self, path: Path) -> bool:
        return path.suffix == ".archive"

    def records(self, path: Path, curves: bool) -> Iterator[Record]:
        for number, record in enumerate(made_records(curves)):
            if path.read_text() == "ends early" and number == 9:
                raise DataError(f"{path}: ends early")
            if path.read_text() == "incomplete" and number == 0:
                continue
            yield record

    def headers(self, path: Path) -> Mapping[str, TableHeader]:
        plain = self.header_of("plain", path, cost="made", fidelities=(1, 9), seeds=(3, 5))
        curve = self.header_of("plain-curve", path, cost="made", fidelities=tuple(range(1, 10)), seeds=(3,))
        return {"plain": plain, "plain-curve": curve}


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(_official, "benchmarks", lambda: [MadeOfficial()])
    path = tmp_path / "made.archive"
    path.write_text("good")
    return path


def test_an_archive_becomes_a_task(archive: Path) -> None:
    assert import_archive(archive) == [MadeOfficial().place("plain")]
    assert not MadeOfficial().place("plain-curve").exists()
    task, single = MadeOfficial().task("plain"), MadeOfficial().task("plain", "single")
    assert task.skip() is None
    for check in TASK_CHECKS:
        check(task)
        check(single)
    assert task.info.fidelities == (1, 9)
    stored = [r for r in made_records(False) if r.architecture == (0, 0, 1)]
    for epochs in (1, 9):
        expected = [r for r in stored if r.fidelity == epochs]
        answer = task.evaluate((0, 0, 1), epochs, np.random.default_rng(0))
        assert answer.validation_error == pytest.approx(np.mean([r.validation_error for r in expected]))
        assert answer.cost_seconds == 10.0 * epochs
    assert task.reveal((0, 0, 1)) == pytest.approx(np.mean([r.test_error for r in expected]))
    assert task.info.pitfalls == ("Made.",)


def test_curves_are_made_on_request(archive: Path) -> None:
    assert import_archive(archive, curves=True) == [MadeOfficial().place("plain"), MadeOfficial().place("plain-curve")]
    curve = MadeOfficial().task("plain-curve")
    assert curve.info.fidelities == tuple(range(1, 10))
    assert curve.evaluate((0, 0, 0), 4, np.random.default_rng(0))[:2] == pytest.approx((0.82, 41.0))
    assert curve.reveal((0, 0, 0)) is None


@pytest.mark.parametrize(("content", "words"), [("ends early", "ends early"), ("incomplete", "no row|missing")])
def test_a_damaged_archive_leaves_no_table(archive: Path, content: str, words: str) -> None:
    archive.write_text(content)
    with pytest.raises(DataError, match=words):
        import_archive(archive)
    folder = MadeOfficial().place("plain").parent
    assert not folder.exists() or list(folder.iterdir()) == []
    assert MadeOfficial().task("plain").skip() == (
        "needs made_official-plain.parquet: download nothing from nowhere, then: equipoise data import made.archive"
    )


def test_the_command_lists_and_imports(archive: Path) -> None:
    line = "{:<33} {:<8} by hand: equipoise data import; nothing from nowhere"
    assert line.format("made.archive", "missing") in CliRunner().invoke(app, ["data", "list"]).output
    answer = CliRunner().invoke(app, ["data", "import", "--curves", str(archive)])
    assert answer.exit_code == 0, answer.output
    assert "made_official-plain.parquet" in answer.output
    assert MadeOfficial().task("plain-curve").skip() is None
    assert line.format("made.archive", "here") in CliRunner().invoke(app, ["data", "list"]).output


def test_what_is_no_archive_is_named(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such archive; accepted by name: made\.archive"):
        import_archive(tmp_path)
    with pytest.raises(DataError, match="no such file; accepted"):
        import_archive(tmp_path / "nothing.archive")


@pytest.mark.parametrize("name", OFFICIAL)
def test_without_its_archive_a_task_says_how_to_get_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    task = load_task(name)
    assert task.info.validation_split
    assert bool(task.info.test_split) == (not name.endswith("-curve"))
    reason = task.skip()
    assert reason is not None
    assert reason.startswith(f"needs {name.replace('/', '-')}.parquet: download ")
    assert "equipoise data import " in reason
    assert reason.endswith(" --curves") == name.endswith("-curve")
    with pytest.raises(DataError, match="equipoise data import"):
        task.evaluate(next(task.space.enumerate()), None, np.random.default_rng(0))


def test_headers_of_all_archives_are_valid(tmp_path: Path) -> None:
    full, last = tmp_path / "nasbench_full.tfrecord", tmp_path / "nasbench_only108.tfrecord"
    full.touch()
    last.touch()
    assert NasBench101Benchmark().headers(full)["cifar10"].fidelities == (4, 12, 36, 108)
    assert NasBench101Benchmark().headers(last)["cifar10"].fidelities == (108,)
    headers = NatsTssBenchmark().headers(tmp_path)
    assert headers["cifar100"].test == "x-test of cifar100"
    assert headers["cifar10"].validation == "x-valid of cifar10-valid"
    assert headers["cifar10-curve"].test is None


def nats_records(path: Path, curve: bool = False) -> Iterator[Record]:
    rng = np.random.default_rng(0)
    for cell in NasBench201().enumerate():
        for epochs, seed in ((12, 777), (200, 777), (200, 999)):
            low, high = rng.uniform(0.1, 0.4, 2).tolist()
            yield Record("cifar100", cell, epochs, seed, low + 6 / epochs / 10, high, 3.0 * epochs, math.nan)


def test_a_whole_space_conforms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    monkeypatch.setattr(_official, "benchmarks", lambda: [NatsTssBenchmark()])
    monkeypatch.setattr(NatsTssBenchmark, "recognises", lambda self, path: True)
    header = NatsTssBenchmark().headers(tmp_path)["cifar100"]
    monkeypatch.setattr(NatsTssBenchmark, "headers", lambda self, path: {"cifar100": header})
    monkeypatch.setattr("equipoise.harness.data.official.nats_bench.records", nats_records)
    import_archive(tmp_path)
    for noise in ("mean", "single"):
        task = load_task("nats_tss/cifar100", noise)
        for check in TASK_CHECKS:
            check(task)
    errors = [r.validation_error for r in nats_records(tmp_path) if r.fidelity == 200]
    assert task.optimum() == pytest.approx(min(map(sum, zip(errors[::2], errors[1::2], strict=True))) / 2)


def test_the_penalty_of_the_speech_task_is_its_worst_error(tmp_path: Path) -> None:
    made_asr_file(tmp_path, 3, 1234, NasBenchAsrBenchmark.space.sample(np.random.default_rng(0), 4))
    assert {header.penalty for header in NasBenchAsrBenchmark().headers(tmp_path).values()} == {1.0}
    path = made_asr_file(tmp_path, 3, 1235, NasBenchAsrBenchmark.space.sample(np.random.default_rng(0), 4))
    with path.open("rb") as file:
        header, rows = pickle.load(file), pickle.load(file)
    rows[0][1][0] = 1.25
    path.write_bytes(pickle.dumps(header) + pickle.dumps(rows))
    headers = NasBenchAsrBenchmark().headers(tmp_path)
    assert {header.penalty for header in headers.values()} == {1.25}
    assert headers["timit"].seeds == (1234, 1235)
    assert headers["timit"].fidelities == (3,)
    assert headers["timit-curve"].fidelities == (1, 2, 3)
