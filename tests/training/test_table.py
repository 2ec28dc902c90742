"""From pieces of training to a table: what is written, what its summary says, and when it is reproduced."""

import shutil
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")

from equipoise.harness.benchmarks import nasbench201
from equipoise.harness.core.errors import DataError, StoreError, SuiteError
from equipoise.harness.core.registry import benchmarks, load_task, task_names
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.tables.table import open_table
from equipoise.harness.tables.writer import TableWriter
from equipoise.harness.training import nasbench201 as networks
from equipoise.harness.training import publish as publishing
from equipoise.harness.training import retrain as retraining
from equipoise.harness.training import tabulate as module
from equipoise.harness.training.configuration import TrainingConfiguration
from equipoise.harness.training.retrain import retrain
from equipoise.harness.training.table_summary import table_summary
from equipoise.harness.training.tabulate import pieces, tabulate

SPACE = NasBench201()
QUICK = TrainingConfiguration(epochs=2, batch_size=500, learning_rate=0.1)


@pytest.fixture(scope="module", autouse=True)
def _quick():
    """A skeleton and a configuration that train in a tenth of a second."""
    before = networks.settings
    networks.settings = lambda side: (replace(networks.EMBEDDED, channels=2), QUICK)
    yield
    networks.settings = before


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pieces of eight architectures, made in this process."""
    out, said = tmp_path_factory.mktemp("made"), []
    original = module.executor
    module.executor = _here
    try:
        assert tabulate("nasbench201", "fashion14", out, 8, replicas=2, say=said.append) == 0
    finally:
        module.executor = original
    assert said[-1].endswith("MB, a sample of 8")
    return out


class _here:  # noqa: N801
    """Runs at once what is submitted: the quick configuration is known in this process only."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def submit(self, function, *arguments):
        from concurrent.futures import Future

        future = Future()
        future.set_result(function(*arguments))
        return future


def test_the_table_of_a_sample_holds_what_was_trained_as_counts_of_images(folder):
    table = open_table(folder / "table.parquet")
    assert (table.header.coverage, table.header.fidelities, table.header.seeds) == ("sample", (1, 2), (1, 2))
    assert table.header.name == "nasbench201/fashion14"
    frame = pd.concat(pd.read_parquet(piece) for piece in pieces(folder))
    assert len(table.architectures) == 8
    for row, cell in enumerate(table.architectures):
        own = frame[frame.architecture == SPACE.format(cell)].sort_values(["epoch", "seed"])
        for level, epoch in enumerate((1, 2)):
            trained = own[own.epoch == epoch].validation_error.to_numpy()
            stored = np.asarray(table.validation[level, row])
            np.testing.assert_allclose(stored, trained, rtol=0, atol=1e-12)
            assert (stored == np.round(stored * 2000) / 2000).all()
        assert table.columns["test"][row] == pytest.approx(own[own.epoch == 2].test_error.mean(), abs=1e-12)
    assert "is a sample of nasbench201" in load_task(f"table:{folder / 'table.parquet'}").skip()


def test_seconds_are_divided_by_the_slowness_of_their_piece(folder, tmp_path, monkeypatch):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    monkeypatch.setattr(publishing, "speeds", lambda *_: np.array([2.0]))
    assert tabulate("nasbench201", "fashion14", copy, 8, replicas=2, say=lambda _: None) == 0
    before, after = (pd.read_parquet(at / "table.parquet").cost_seconds for at in (folder, copy))
    np.testing.assert_allclose(after, before / 2, rtol=0, atol=0.0011)


def test_a_damaged_or_foreign_piece_is_one_clear_error(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (piece,) = pieces(copy)
    piece.write_bytes(piece.read_bytes()[:-50])
    with pytest.raises(StoreError, match="damaged"):
        tabulate("nasbench201", "fashion14", copy, 8, replicas=2, say=lambda _: None)
    shutil.rmtree(copy)
    shutil.copytree(folder, copy)
    pq.write_table(pq.read_table(piece).replace_schema_metadata({"equipoise": '{"digest": "another"}'}), piece)
    with pytest.raises(StoreError, match="belongs to another table"):
        tabulate("nasbench201", "fashion14", copy, 8, replicas=2, say=lambda _: None)


def whole(path, errors):
    """A table of the whole space: each class of equal networks has an error a seed."""
    header = open_table(path.parent / "sample.parquet").header
    header = replace(header, coverage="space", keyed_by="canonical", fidelities=(1,))
    classes = dict.fromkeys(SPACE.canonical(cell) for cell in SPACE.enumerate())
    with TableWriter(path, header) as table:
        for number, cell in enumerate(classes):
            for seed in header.seeds:
                error = errors(number, seed)
                table.add(cell, fidelity=1, seed=seed, validation_error=error, test_error=error / 2, cost_seconds=1.0)


@pytest.fixture(scope="module")
def shipped(folder, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    shutil.copy(folder / "table.parquet", home / "sample.parquet")
    whole(home / "nasbench201-fashion14.parquet", lambda number, seed: (number % 1000 + seed) / 2000)
    return home / "nasbench201-fashion14.parquet"


def test_the_shipped_table_is_a_task_of_the_benchmark(shipped, monkeypatch):
    monkeypatch.setattr(nasbench201, "TRAINED_HERE", {"fashion14": shipped})
    task = load_task("nasbench201/fashion14")
    assert task.skip() is None
    assert task.name == "nasbench201/fashion14"
    assert len(task.landscape()) == 15_625
    twin = SPACE.canonical((1, 2, 3, 4, 0, 0))
    assert task.expected((1, 2, 3, 4, 0, 0)) == task.expected(twin)
    assert len(task.resource("images").y["test"]) == 0
    assert task.resource("graph") is None
    assert load_task("nasbench201/cifar10").info.fidelities == (200,)


def test_the_table_that_ships_is_small_whole_and_of_this_setup():
    task = load_task("nasbench201/fashion14")
    assert nasbench201.TRAINED_HERE["fashion14"].stat().st_size < 3_000_000
    assert task.skip() is None
    assert task.info.fidelities == tuple(range(1, 9))
    (benchmark,) = (found for found in benchmarks() if found.name == "nasbench201")
    assert "nasbench201/fashion14" in task_names(benchmark)
    written = nasbench201.TRAINED_HERE["fashion14"].with_suffix(".md").read_text()
    assert written.splitlines() == table_summary("nasbench201/fashion14", "nasbench201/cifar10").splitlines()
    assert "Seed noise 0.83 points" in " ".join(task.info.pitfalls)
    assert "@misc{xiao2017fashion" in task.info.citation


def test_the_summary_of_a_synthetic_table_says_what_was_made(shipped):
    said = table_summary(str(shipped), "nasbench201/cifar10")
    assert "5,260 distinct networks (space), 2 seeds" in said
    assert "Kendall correlation between two seeds 1.00" in said
    assert "Seed noise 0.04 points" in said  # two seeds one image apart: 0.05 / sqrt(2) points
    assert "of validation with test 1.00" in said
    with pytest.raises(DataError, match="its space is"):
        table_summary(str(shipped), "nasbench_graph/cora")
    with pytest.raises(DataError, match="has no table in the open format"):
        table_summary("nasbench201/cifar10", "nasbench201/cifar100")


@pytest.mark.parametrize(
    ("seeds", "said"),
    [((1,), "- The table has one seed: seed noise is unknown"), ((1, 2), "within one seed deviation of the best: 0, ")],
    ids=["one seed", "equal seeds"],
)
def test_the_summary_of_a_table_without_seed_noise_has_no_nan(folder, tmp_path, seeds, said):
    source = open_table(folder / "table.parquet")
    with TableWriter(
        tmp_path / "made.parquet", replace(source.header, fidelities=(1,), seeds=seeds, test=None)
    ) as made:
        for number, cell in enumerate(source.architectures):
            for seed in seeds:
                made.add(cell, fidelity=1, seed=seed, validation_error=0.2 + number / 100, cost_seconds=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary = table_summary(str(tmp_path / "made.parquet"), "nasbench201/cifar10")
    assert said in summary
    assert "nan" not in summary
    assert f"{len(seeds)} seed{'s' * (len(seeds) > 1)}, epochs 1\n" in summary


@pytest.mark.slow
def test_a_table_is_believed_if_it_repeats_and_not_if_it_was_changed(folder, tmp_path, monkeypatch):
    said = []
    path = folder / "table.parquet"
    assert retrain(str(path), 3, said.append) == 0
    assert said[-1] == "all 3 architectures repeat exactly"
    table = open_table(path)
    with TableWriter(tmp_path / "wrong.parquet", table.header) as wrong:
        for row, cell in enumerate(table.architectures):
            for level, epochs in enumerate((1, 2)):
                for seed in (1, 2):
                    error = 0.3 + (row + seed - level) / 2000
                    test = float(table.columns["test"][row]) if epochs == 2 else None
                    wrong.add(
                        cell,
                        fidelity=epochs,
                        seed=seed,
                        validation_error=error,
                        test_error=test,
                        cost_seconds=float(epochs),
                    )
    assert retrain(str(tmp_path / "wrong.parquet"), 8, said.append) == 1
    assert "MORE than seed noise" in said[-1]
    with pytest.raises(SuiteError, match="two architectures"):
        retrain(str(path), 1, said.append)
    monkeypatch.setattr(networks, "settings", lambda side: (networks.EMBEDDED, QUICK))
    with pytest.raises(DataError, match="trains with another setup than the one"):
        retrain(str(path), 2, said.append)


def test_seed_noise_alone_rarely_raises_an_alarm_and_a_shift_does():
    rng = np.random.default_rng(4)
    truth = rng.normal(0.25, 0.04, (300, 20, 1))
    alarms = {0.0: 0, 0.006: 0}
    for shift in alarms:
        for one in truth:
            stored, again = (one + rng.normal(0.0, 0.008, (20, 3)) for _ in range(2))
            alarms[shift] += retraining._verdict(stored, again + shift, lambda _: None)
    assert alarms[0.0] <= 3
    assert alarms[0.006] > 150
