"""The rows of a store as one frame: in the order of the manifest, each run once, objectives where a run has them."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made import MadeSpace
from made_manifest import BARE
from made_runs import made_run

from equipoise.harness.core.errors import StoreError
from equipoise.harness.store.run_file import COLUMNS
from equipoise.harness.store.run_store import RunStore


def test_rows_are_ordered_as_the_manifest_lists_them(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for label in ("a", "z", "b"):
        for task in ("made/plain", "made/slow"):
            store.write([made_run(label, task=task)], MadeSpace())
    suite = {
        "tasks": [{"name": "made/slow"}, {"name": "made/plain"}],
        "methods": [{"name": "m", "label": label} for label in ("z", "a", "b")],
    }
    store.write_manifest({**BARE, "suite": suite})
    frame = store.frame()
    assert frame["task"].unique().tolist() == ["made/slow", "made/plain"]
    assert frame["method"].unique().tolist() == ["z", "a", "b"]
    one = store.frame(columns=["method", "validation_error"], task="made/plain")
    assert list(one.columns) == ["method", "validation_error"]
    assert len(one) == 9


def test_a_run_stored_twice_counts_once(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.write([made_run()], MadeSpace())
    store.write([made_run(), made_run(repeat=2)], MadeSpace())
    assert len(RunStore(tmp_path).frame()) == 6
    assert len(RunStore(tmp_path).summaries()) == 2


def test_two_runs_of_one_name_are_not_read_as_one(tmp_path: Path) -> None:
    store, run = RunStore(tmp_path), made_run()
    store.write([run], MadeSpace())
    store.write([replace(run, spec=replace(run.spec, settings='{"a": 1}'))], MadeSpace())
    with pytest.raises(StoreError, match="repeat 1 of m on made/plain is stored twice"):
        RunStore(tmp_path).frame()


def test_further_objectives_have_columns_where_a_run_has_them(tmp_path: Path) -> None:
    run = made_run(repeat=2)
    run.trajectory.objectives[:] = [{"latency": 3.5, "parameters": 7}, {}, {"latency": 4.5}]
    store = RunStore(tmp_path)
    store.write([run], MadeSpace())
    store.write([made_run(repeat=1)], MadeSpace())
    frame = store.frame()
    assert list(frame.columns) == [*COLUMNS, "objective:latency", "objective:parameters"]
    assert frame["objective:latency"].dropna().to_dict() == {3: 3.5, 5: 4.5}
    assert frame["objective:parameters"].dropna().to_dict() == {3: 7.0}
    assert "objective:latency" not in store.frame(columns=["charge"])
    assert len(pd.read_parquet(tmp_path / "runs")) == 6
