"""A table as a task: written, read back from every form, and refused when it is not what it says."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from made_tables import CELLS, HEADER, SPACE, Row, changed, rows, write

from equipoise.harness.benchmarks._open_table import PlacedTables
from equipoise.harness.conformance import SPACE_CHECKS, TASK_CHECKS, failures_of
from equipoise.harness.core.errors import DataError, SuiteError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.task import Metric
from equipoise.harness.spaces._stored import StoredSpace
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.transnas_micro import TransNasMicro
from equipoise.harness.tables.table import open_table
from equipoise.harness.tables.writer import TableWriter


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def expected(some: list[Row]) -> np.ndarray:
    values = {(row["architecture"], row["fidelity"], row["seed"]): row["validation_error"] for row in some}
    return np.array([[[values[SPACE.format(a), f, s] for s in (7, 9)] for a in SPACE.enumerate()] for f in (12, 200)])


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz"])
def test_every_form_gives_the_same_task(tmp_path: Path, name: str) -> None:
    shuffled = [rows()[n] for n in np.random.default_rng(0).permutation(len(CELLS))]
    path = write(tmp_path / name, shuffled)
    table = open_table(path)
    assert np.array_equal(table.validation, expected(shuffled))
    task = load_task(f"table:{path}")
    assert task.skip() is None
    assert (task.info.fidelities, task.info.noises, task.info.has_cost) == ((12, 200), ("mean", "single"), True)
    assert (task.info.source, task.info.licence, task.info.citation) == ("me", "CC0", "@misc{me}")
    best = SPACE.parse("1e-1,2")
    assert task.optimum() == task.expected(best) == pytest.approx((0.302 + 0.303) / 2)
    assert task.reveal(best) == pytest.approx(0.35 + 0.0011 * 2.5)
    rng = np.random.default_rng(0)
    assert task.evaluate(best, 12, rng)[:2] == pytest.approx((0.5005, 12 * 1.5))
    assert task.evaluate(best, None, rng)[:2] == pytest.approx((0.3025, 200 * 3.5))
    assert all(reason is None for _, reason in failures_of(f"table:{path}"))
    for check in TASK_CHECKS:
        check(load_task(f"table:{path}", "single"))


def test_the_writer_writes_what_the_reader_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("equipoise.harness.tables.writer.GROUP_ROWS", 5)
    path = tmp_path / "deep" / "a.parquet"
    with TableWriter(path, HEADER) as writer:
        for row in rows():
            writer.add(SPACE.parse(row.pop("architecture")), **row)
    assert np.array_equal(open_table(path).validation, expected(rows()))
    assert pq.ParquetFile(path).num_row_groups > 1
    assert [found.name for found in path.parent.iterdir()] == ["a.parquet"]


def test_values_that_people_read_are_turned_into_errors(tmp_path: Path) -> None:
    shown = [
        {
            **{key: row[key] for key in ("architecture", "fidelity", "seed", "cost_seconds")},
            "validation": 100 - 100 * row["validation_error"],
            "test": None if row["test_error"] is None else 100 - 100 * row["test_error"],
        }
        for row in rows()
    ]
    table = open_table(write(tmp_path / "a.csv", shown))
    assert np.allclose(table.validation, expected(rows()))
    assert table.columns["test"][0] == pytest.approx(0.35 + 0.0011 * 2.5)


def test_a_declared_product_may_have_a_column_a_decision(tmp_path: Path) -> None:
    split = []
    for row in rows():
        lr, depth = str(row.pop("architecture")).split(",")
        split.append({"lr": lr, "depth": depth, **row})
    for name in ("a.csv", "a.parquet"):
        assert np.array_equal(open_table(write(tmp_path / name, split)).validation, expected(rows()))


def test_a_header_beside_a_csv(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", rows())
    text = "".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("#"))
    path.write_text(text)
    with pytest.raises(DataError, match=r"a\.csv\.json"):
        load_task(f"table:{path}")
    (tmp_path / "a.csv.json").write_text(HEADER.to_json())
    first = load_task(f"table:{path}")
    digests = [first.info.data_digest]
    (tmp_path / "a.csv.json").write_text(replace(HEADER, licence="MIT").to_json())
    second = load_task(f"table:{path}")
    assert second.info.licence == "MIT"
    assert second.info.data_digest not in digests


def test_declared_gaps_leave_their_fidelity_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", rows()[2:], replace(HEADER, missing={12: 1}))
    task = load_task(f"table:{path}")
    assert task.info.fidelities == (200,)
    for check in TASK_CHECKS:
        check(task)


def test_one_value_an_architecture_is_the_plainest_table(tmp_path: Path) -> None:
    header = replace(HEADER, fidelities=(), seeds=(), test=None, cost=None)
    some = [
        {"architecture": SPACE.format(a), "validation_error": 0.1 + n / 99} for n, a in enumerate(SPACE.enumerate())
    ]
    path = write(tmp_path / "a.csv", some, header)
    task = load_task(f"table:{path}")
    assert (task.info.fidelities, task.info.has_cost, task.info.noises) == ((), False, ("mean",))
    assert task.reveal((0, 0)) is None
    assert all(reason is None for _, reason in failures_of(f"table:{path}"))
    with pytest.raises(SuiteError, match="noise = 'mean'"):
        load_task(f"table:{path}", "single")


def test_a_part_of_a_space_is_searched_within_or_not_at_all(tmp_path: Path) -> None:
    space, rng = NasBench201(), np.random.default_rng(1)
    cells = sorted(set(space.sample(rng, 40)))
    header = replace(HEADER, space=space, fidelities=(), seeds=(), test=None, cost=None, coverage="closed")
    some = [{"architecture": space.format(cell), "validation_error": 0.1 + n / 99} for n, cell in enumerate(cells)]
    task = load_task(f"table:{write(tmp_path / 'a.parquet', some, header)}")
    assert isinstance(task.space, StoredSpace)
    assert list(task.space.enumerate()) == cells
    for check in TASK_CHECKS:
        check(task)
    for check in SPACE_CHECKS:
        check(task.space)
    sample = write(tmp_path / "b.parquet", some, replace(header, coverage="sample"))
    assert "fit a surrogate" in (load_task(f"table:{sample}").skip() or "")
    table = open_table(sample)
    assert table.architectures == cells
    assert np.allclose(table.validation[0, :, 0], 0.1 + np.arange(len(cells)) / 99)


def test_a_class_of_equal_networks_may_be_stored_once(tmp_path: Path) -> None:
    space = TransNasMicro()
    header = replace(HEADER, space=space, fidelities=(), seeds=(), test=None, cost=None, keyed_by="canonical")
    classes = sorted({space.canonical(cell) for cell in space.enumerate()})
    with TableWriter(tmp_path / "a.parquet", header) as writer:
        for number, cell in enumerate(classes):
            writer.add(cell, validation_error=number / 9999)
    task = load_task(f"table:{tmp_path / 'a.parquet'}")
    for cell in space.sample(np.random.default_rng(0), 50):
        assert task.expected(cell) == classes.index(space.canonical(cell)) / 9999


class Placed(PlacedTables):
    name = "placed"
    datasets = ("data",)
    space = SPACE
    metric = Metric.accuracy()
    source = "me"
    licence = "CC0"

    def get(self, dataset: str) -> str:
        return "equipoise data import ARCHIVE"


def test_a_benchmark_is_a_few_lines_on_a_placed_table() -> None:
    task = Placed().task("data")
    assert task.skip() == "needs placed-data.parquet: equipoise data import ARCHIVE"
    with pytest.raises(DataError, match="equipoise data import ARCHIVE"):
        task.optimum()
    with TableWriter(Placed().place("data"), HEADER) as writer:
        for row in rows():
            writer.add(**row)
    task = Placed().task("data")
    assert task.skip() is None
    assert task.info.fidelities == (12, 200)
    for check in TASK_CHECKS:
        check(task)
    with TableWriter(Placed().place("data"), replace(HEADER, metric=Metric.accuracy("other"))) as writer:
        for row in rows():
            writer.add(**row)
    with pytest.raises(DataError, match="its metric is"):
        Placed().task("data").optimum()


def test_an_opened_table_needs_no_reader(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", rows())
    open_table(path)
    code = "import sys; from equipoise.harness.core.registry import load_task; "
    code += f"print(load_task('table:{path}').optimum()); "
    code += "sys.exit('pyarrow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True)


def test_a_changed_file_is_another_table(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", rows())
    first = load_task(f"table:{path}")
    before, digest = first.optimum(), first.info.data_digest
    write(path, changed(2, validation_error=0.1))
    second = load_task(f"table:{path}")
    assert second.optimum() != before
    assert second.info.data_digest != digest
