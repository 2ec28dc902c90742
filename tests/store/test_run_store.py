import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from made import MadeSpace
from made_manifest import BARE
from made_runs import made_run

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.files import write_whole
from equipoise.harness.engine.worker import failure_of
from equipoise.harness.store.run_file import COLUMNS
from equipoise.harness.store.run_store import RunStore


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    runs = [made_run(repeat=repeat) for repeat in (2, 1)]
    store.write(runs, MadeSpace())
    frame = RunStore(tmp_path).frame()
    assert list(frame.columns) == list(COLUMNS)
    assert frame["repeat"].tolist() == [1, 1, 1, 2, 2, 2]
    assert frame["query"].tolist() == [1, 2, 3, 1, 2, 3]
    assert frame["architecture"].tolist() == ["a,a,a", "a,a,c", "a,a,a"] * 2
    assert frame["validation_error"].tolist() == [1.0, 1.1, 1.2, 2.0, 2.1, 2.2]
    assert frame["charge"].tolist() == [1.0, 2.0, 3.0] * 2
    assert frame["training_charge"].tolist() == [0.0, 1.0, 2.0] * 2
    assert frame["fidelity"].isna().tolist() == [False, True, False] * 2
    assert frame["cost_seconds"].isna().tolist() == [False, True, False] * 2
    assert RunStore(tmp_path).has(runs[0].spec)
    assert not RunStore(tmp_path).has(made_run(repeat=3).spec)


def test_the_format_is_open(tmp_path: Path) -> None:
    RunStore(tmp_path).write([made_run()], MadeSpace())
    assert len(pd.read_parquet(tmp_path / "runs")) == 3


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


@pytest.mark.parametrize("kept", [0, 10, 1000])
def test_a_truncated_part_is_named_and_moved_aside(tmp_path: Path, kept: int) -> None:
    store = RunStore(tmp_path)
    store.write([made_run(repeat=1)], MadeSpace())
    part = store.write([made_run(repeat=2)], MadeSpace())
    part.write_bytes(part.read_bytes()[:kept])
    fresh = RunStore(tmp_path)
    with pytest.raises(StoreError, match=part.name):
        fresh.frame()
    (said,) = fresh.drop_damaged()
    assert part.name in said
    assert len(fresh.frame()) == 3
    assert part.with_suffix(".damaged").exists()


def test_a_flipped_byte_among_the_rows_is_noticed(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    part = store.write([made_run()], MadeSpace())
    content = bytearray(part.read_bytes())
    content[40] ^= 0xFF
    part.write_bytes(content)
    with pytest.raises(StoreError, match=part.name):
        RunStore(tmp_path).frame()
    assert part.name in RunStore(tmp_path).drop_damaged()[0]


def test_two_runs_of_one_name_are_not_read_as_one(tmp_path: Path) -> None:
    store, run = RunStore(tmp_path), made_run()
    store.write([run], MadeSpace())
    store.write([replace(run, spec=replace(run.spec, settings='{"a": 1}'))], MadeSpace())
    with pytest.raises(StoreError, match="repeat 1 of m on made/plain is stored twice"):
        RunStore(tmp_path).frame()


def test_a_foreign_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "runs" / "x.parquet")
    with pytest.raises(StoreError, match=r"x\.parquet"):
        RunStore(tmp_path).summaries()


def test_an_empty_folder_and_a_damaged_manifest_are_named(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    assert store.manifest() is None
    assert store.failures() == []
    with pytest.raises(StoreError, match="no stored runs"):
        store.frame()
    for content in ("{", "{}", "[]", "7"):
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(StoreError, match=r"manifest\.json"):
            store.manifest()


def test_failures_end_when_their_run_is_stored(tmp_path: Path) -> None:
    store, run = RunStore(tmp_path), made_run()
    for error in ("first", "second"):
        store.record_failure(failure_of(run.spec, error))
    with (tmp_path / "failures.jsonl").open("a") as file:
        file.write('{"run_id": "cut by a cra')
    assert [failure["error"] for failure in RunStore(tmp_path).failures()] == ["second"]
    store.record_failure(failure_of(run.spec, "third"))
    assert [failure["error"] for failure in RunStore(tmp_path).failures()] == ["third"]
    store.write([run], MadeSpace())
    assert RunStore(tmp_path).failures() == []


def test_a_file_is_written_whole_or_not_at_all_on_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from equipoise.harness.core.files import write_whole\n"
        "from equipoise.harness.core.errors import StoreError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"try: write_whole(Path({str(path)!r}), b'x' * 5000)\n"
        "except StoreError as error: print(error); sys.exit(3)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert ran.returncode == 3, ran.stderr
    assert "cannot be written" in ran.stdout
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--out"):
        RunStore(tmp_path / "file").write([made_run()], MadeSpace())


def test_summaries_tell_of_early_ends(tmp_path: Path) -> None:
    run = made_run()
    run.trajectory.unspent, run.trajectory.ended = 2.0, "gave up"
    RunStore(tmp_path).write([run], MadeSpace())
    (summary,) = RunStore(tmp_path).summaries().values()
    assert (summary.queries, summary.unspent, summary.ended, summary.process_seconds) == (3, 2.0, "gave up", 0.25)
    assert np.isclose(summary.repeat, 1)
    json.dumps(vars(summary))


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


def test_a_file_states_the_ranges_of_what_tells_runs_apart_alone(tmp_path: Path) -> None:
    part = RunStore(tmp_path).write([made_run(repeat=2)], MadeSpace())
    group = pq.ParquetFile(part).metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    stated = {column.path_in_schema for column in columns if column.is_stats_set}
    assert stated == {"task", "method", "budget", "repeat", "query"}
