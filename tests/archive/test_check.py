"""The checks of one entry: values against tables, and a sample of runs."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stores import suite

from equipoise.harness.archive.add import add
from equipoise.harness.archive.check import reasons_of
from equipoise.harness.engine.session import run_suite
from equipoise.harness.store.entry import Entry

METHODS = ({"name": "regularized_evolution"},)
TASKS = ("nasbench201/cifar10",)


@pytest.fixture(params=["charge", "free"])
def entry(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    rules = {"repeats": 2, "duplicates": request.param, "invalid": "redraw"}
    run_suite(suite(METHODS, TASKS, budget={"queries": 100}, **rules), tmp_path / "out", cluster="in-process")
    add(tmp_path / "out", tmp_path / "archive", "mine")
    return tmp_path / "archive" / "mine"


def test_what_repeats_has_no_reason_and_the_runs_again_are_counted(entry: Path) -> None:
    said: list[str] = []
    assert "duplicate" in set(Entry(entry).frame()["status"])  # else it shows little
    assert reasons_of(entry, 20, said.append) == []
    assert said[0].startswith("mine: 2 runs again, ")
    assert said[-1] == "2 of 2 runs repeat bit for bit"


def test_errors_that_no_table_holds_are_seen_whatever_a_duplicate_costs(entry: Path) -> None:
    table = pq.read_table(entry / "runs.parquet")
    errors = [np.full(queries, 0.01).tolist() for queries in table["queries"].to_pylist()]
    table = table.append_column("validation_error", pa.array(errors, pa.list_(pa.float64())))
    pq.write_table(table, entry / "runs.parquet")
    values, repeated = reasons_of(entry, 20, lambda _: None)
    assert values == "2 runs hold values of validation_error that the tables do not"
    assert repeated.startswith("2 of 2 runs do not repeat (")
