import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import pytest

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.worker import execute_runs
from equipoise.harness.store import compaction, run_store
from equipoise.harness.store.compaction import Compaction, Part, merge_parts
from equipoise.harness.store.run_store import RunStore

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def small_parts(tmp_path_factory) -> Path:
    """A store of 40 runs of two tasks in 40 files."""
    folder = tmp_path_factory.mktemp("parts")
    suite = made()
    run_suite(suite, folder, workers=1, cluster="in-process")
    shutil.rmtree(folder / "runs")
    for spec in suite.runs():
        execute_runs([spec], str(folder))
    assert len(RunStore(folder).parts()) == 40
    return folder


def made() -> Suite:
    return Suite.from_dict(
        {
            "name": "made",
            "budget": {"queries": 12},
            "protocol": {"repeats": 10, "seed": 3},
            "tasks": [{"name": "nasbench201/cifar10"}, {"name": "nasbench_graph/cora"}],
            "methods": [{"name": "random_search"}, {"name": "local_search"}],
        }
    )


@pytest.fixture
def store(small_parts: Path, tmp_path: Path) -> RunStore:
    shutil.copytree(small_parts, tmp_path / "store")
    return RunStore(tmp_path / "store")


def rows(folder: Path) -> pd.DataFrame:
    return RunStore(folder).frame()


def test_merging_changes_no_row_and_no_summary(store: RunStore, small_parts: Path) -> None:
    Compaction(store).finish()
    assert len(store.parts()) == 2
    pd.testing.assert_frame_equal(rows(store.path), rows(small_parts))
    assert RunStore(store.path).summaries() == RunStore(small_parts).summaries()
    assert RunStore(store.path).drop_damaged() == []
    for task in ("nasbench201/cifar10", "nasbench_graph/cora"):
        pd.testing.assert_frame_equal(RunStore(store.path).frame(task=task), RunStore(small_parts).frame(task=task))


def test_files_of_a_size_are_merged_as_they_come(store: RunStore, small_parts: Path) -> None:
    whole = store.path.with_name("growing")
    shutil.copytree(store.path, whole, ignore=shutil.ignore_patterns("*.parquet"))
    growing = RunStore(whole)
    growing.runs.mkdir(exist_ok=True)
    merging = Compaction(growing)
    most = 0
    for part in store.parts():
        shutil.copy(part, growing.runs)
        merging.part_added()
        most = max(most, len(growing.parts()))
    assert most < compaction.STEP + compaction.FAN
    assert len(growing.parts()) < compaction.FAN
    pd.testing.assert_frame_equal(rows(whole), rows(small_parts))


def test_what_is_not_owned_is_left_alone(store: RunStore) -> None:
    own = {spec.run_id for spec in made().runs() if spec.repeat <= 5}
    before = {part.name for part in store.parts()}
    Compaction(store, own.__contains__).finish()
    kept = {part.name for part in store.parts()} & before
    assert len(kept) == 20
    assert len(store.parts()) == 22


def test_a_merge_that_was_cut_off_counts_each_run_once(store: RunStore, small_parts: Path) -> None:
    parts = [Part.read(path) for path in store.parts()]
    cora = [part for part in parts if part.entries[0]["task"] == "nasbench_graph/cora"]
    merge_parts(store, cora, seen=set())  # as if killed before the old files went
    assert len(store.parts()) == 41
    pd.testing.assert_frame_equal(rows(store.path), rows(small_parts))
    Compaction(store).merge(1000)
    assert len(store.parts()) == 21
    pd.testing.assert_frame_equal(rows(store.path), rows(small_parts))


def test_a_large_file_is_not_written_again(store: RunStore, monkeypatch) -> None:
    monkeypatch.setattr(compaction, "MOST_ROWS", 60)  # five runs
    Compaction(store).finish()
    sizes = [Part.read(path).rows for path in store.parts()]
    assert max(sizes) <= 60
    before = set(store.parts())
    Compaction(store).finish()
    assert set(store.parts()) == before


def test_at_the_end_only_small_files_are_written_again(store: RunStore, monkeypatch) -> None:
    monkeypatch.setattr(compaction, "ENOUGH_ROWS", 12)  # one run
    before = set(store.parts())
    Compaction(store).finish()
    assert set(store.parts()) == before
    monkeypatch.setattr(compaction, "ENOUGH_ROWS", 13)
    Compaction(store).finish()
    assert len(store.parts()) == 2


def test_a_damaged_file_does_not_stop_a_suite(store: RunStore, caplog) -> None:
    part = store.parts()[3]
    part.write_bytes(part.read_bytes()[:-100])
    Compaction(store).finish()
    assert f"small files are left as they are: {part}: damaged" in caplog.text
    assert len(store.drop_damaged()) == 1
    Compaction(store).finish()
    assert len(RunStore(store.path).summaries()) == 39


def test_killed_at_any_moment_nothing_is_lost(store: RunStore, small_parts: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    code = (
        "import sys; from equipoise.harness.store.compaction import Compaction; "
        "from equipoise.harness.store.run_store import RunStore; import pyarrow.parquet; print('here', flush=True); "
        "Compaction(RunStore(sys.argv[1])).finish()"
    )
    for delay in (0.0, 0.01, 0.02, 0.03, 0.05, 0.08):
        folder = tmp_path / f"{delay}"
        shutil.copytree(store.path, folder)
        process = subprocess.Popen([sys.executable, "-c", code, folder], env=environment, stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert RunStore(folder).drop_damaged() == []
        pd.testing.assert_frame_equal(rows(folder), rows(small_parts))


def test_a_merge_between_listing_and_reading_loses_no_run(store: RunStore, monkeypatch) -> None:
    reader, read = RunStore(store.path), run_store.read_part

    def racing(part: Path, how):
        if len(store.parts()) > 2:
            Compaction(store).merge(2)
            store.forget()
        return read(part, how)

    wanted = set(reader.summaries())
    monkeypatch.setattr(run_store, "read_part", racing)
    assert set(dict(reader.rows_of(wanted))) == wanted
    with pytest.raises(StoreError, match="runs none are not stored"):
        dict(reader.rows_of(["none"]))


def test_who_reads_while_files_are_merged_sees_every_row(store: RunStore, small_parts: Path) -> None:
    expected, problems, ended = rows(small_parts), [], threading.Event()

    def read() -> None:
        while not ended.is_set():
            try:
                reader = RunStore(store.path)
                assert len(reader.summaries()) == 40
                pd.testing.assert_frame_equal(reader.frame(), expected)
                assert len(dict(RunStore(store.path).rows_of(reader.summaries()))) == 40
            except BaseException as error:
                problems.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for fan in (6, 5, 4, 3, 2):
        Compaction(store).merge(fan, of_a_size=False)
        time.sleep(0.05)
    ended.set()
    for thread in threads:
        thread.join()
    assert not problems
    assert len(store.parts()) == 2
