import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import equipoise
from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.scheduler import execute_all
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.shard import Shard
from equipoise.harness.engine.walltime import parse_time
from equipoise.harness.store.join import join
from equipoise.harness.store.locks import alone, as_shard
from equipoise.harness.store.run_store import RunStore

TESTS = Path(__file__).resolve().parents[1]
VALUES = ["task", "method", "repeat", "query", "architecture", "fidelity", "validation_error", "charge", "status"]


def suite(
    methods: int | tuple[str, ...] = 3, tasks: tuple[str, ...] = ("nasbench201/cifar10",), repeats: int = 4, **more
) -> Suite:
    named = (
        [{"name": "random_search", "label": f"m{number}"} for number in range(methods)]
        if isinstance(methods, int)
        else [{"name": name, "label": name.split(":")[-1]} for name in methods]
    )
    return Suite.from_dict(
        {
            "name": "made",
            "budget": {"queries": 30},
            "protocol": {"repeats": repeats, "seed": 3},
            "tasks": [{"name": task} for task in tasks],
            "methods": named,
            **more,
        }
    )


def rows(folder: Path) -> pd.DataFrame:
    frame = RunStore(folder).frame(VALUES)
    frame = frame.astype(dict.fromkeys(("task", "method", "architecture", "status"), str))
    return frame.sort_values(VALUES[:4], ignore_index=True)  # whatever the manifest says of their order


def write(path: Path, *methods: str, queries: int = 30, repeats: int = 6) -> Path:
    tables = "".join(f'[[methods]]\nname = "{method}"\nlabel = "{method.split(":")[-1]}"\n' for method in methods)
    path.write_text(
        f'name = "made"\n[budget]\nqueries = {queries}\n[protocol]\nrepeats = {repeats}\nseed = 3\n'
        f'[[tasks]]\nname = "nasbench201/cifar10"\n[[tasks]]\nname = "nasbench_graph/cora"\n{tables}'
    )
    return path


def start(*arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [sys.executable, "-m", "equipoise", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize(
    ("methods", "tasks", "repeats", "of"), [(7, 5, 3, 7), (7, 12, 1, 7), (3, 2, 50, 20), (1, 1, 3, 8)]
)
def test_shards_hold_each_run_once_and_are_alike(methods: int, tasks: int, repeats: int, of: int) -> None:
    whole = suite(methods, tuple(f"made/{number}" for number in range(tasks)), repeats)
    shares = [Shard(number, of).runs(whole) for number in range(1, of + 1)]
    assert Counter(spec for share in shares for spec in share) == Counter(whole.runs())
    for key in (lambda spec: 0, lambda spec: spec.label, lambda spec: spec.task):
        counts = [Counter(map(key, share)) for share in shares]
        for name in map(key, whole.runs()):
            assert max(count[name] for count in counts) - min(count[name] for count in counts) <= 2


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/5"])
def test_a_shard_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(SuiteError, match="write for example 3/20"):
        Shard.parse(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 5400), ("1:30", 90), ("2:00:00", 7200), ("1-0", 86400), ("1-2:30", 95400), ("1-00:00:01", 86401)],
)
def test_a_time_is_read_as_slurm_does(text: str, seconds: int) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["0", "soon", "1:2:3:4", "", "-5", "2h"])
def test_another_time_is_refused(text: str) -> None:
    with pytest.raises(SuiteError, match=r"--time .*: write minutes, H:MM:SS"):
        parse_time(text)


@pytest.mark.slow
def test_shards_at_once_fill_one_folder_like_a_single_run(tmp_path: Path) -> None:
    path, out = (
        write(tmp_path / "made.toml", "regularized_evolution", "random_search", "plugins_for_tests:Raises"),
        tmp_path / "out",
    )
    processes = [start("run", path, "--out", out, "--workers", 1, "--shard", f"{number}/3") for number in (1, 2, 3)]
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [1, 1, 1], said  # the failing method
    assert "runs of shard 2/3 stored" in said[1]
    whole = Suite.load(path)
    execute_all(list(whole.runs()), RunStore(tmp_path / "alone"), 1)
    pd.testing.assert_frame_equal(rows(out), rows(tmp_path / "alone"))
    store = RunStore(out)
    assert len(store.failures()) == 12
    manifest = store.manifest()
    assert manifest["ended"] is not None
    assert len(manifest["sessions"]) <= 2  # the first, and the shards
    assert manifest["suite"]["protocol"]["repeats"] == 6
    again = start("run", path, "--out", out, "--only", "random_search")
    assert "12 of 12 runs stored" in again.communicate()[1]


@pytest.mark.faults
def test_a_shard_that_was_killed_leaves_the_others_alone_and_goes_on(tmp_path: Path) -> None:
    path, out = write(tmp_path / "made.toml", "plugins_for_tests:Slow", repeats=20), tmp_path / "out"
    first, second = (start("run", path, "--out", out, "--workers", 1, "--shard", f"{number}/2") for number in (1, 2))
    until = time.monotonic() + 60
    while len(list((out / "runs").glob("*.parquet"))) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    first.kill()
    first.communicate()
    assert second.wait() == 0
    assert RunStore(out).manifest()["ended"] is None
    second.communicate()
    more = start("run", path, "--out", out, "--workers", 1, "--shard", "1/2")
    more.communicate()
    assert more.returncode == 0
    assert len(RunStore(out).summaries()) == 40
    assert RunStore(out).manifest()["ended"] is not None


def test_who_may_write_beside_whom(tmp_path: Path) -> None:
    with as_shard(tmp_path, 1, 3), as_shard(tmp_path, 2, 3):
        with pytest.raises(StoreError, match="shard 2/3 is running there already"), as_shard(tmp_path, 2, 3):
            pass
        with pytest.raises(StoreError, match="divide by 3 too"), as_shard(tmp_path, 1, 4):
            pass
        with pytest.raises(StoreError, match="another run is writing there"), alone(tmp_path):
            pass
    with alone(tmp_path), pytest.raises(StoreError, match="run of the whole suite"), as_shard(tmp_path, 1, 3):
        pass
    with as_shard(tmp_path, 1, 4):
        pass


@pytest.mark.slow
def test_a_run_stops_before_its_time_is_over_and_goes_on(tmp_path: Path) -> None:
    path, out = write(tmp_path / "made.toml", "plugins_for_tests:Slow", queries=100, repeats=40), tmp_path / "out"
    process = start("run", path, "--out", out, "--workers", 1, "--shard", "1/2", "--time", "0:16")
    while not (out / "manifest.json").exists() and process.poll() is None:
        time.sleep(0.02)
    began = time.monotonic()  # once it has loaded, which takes as long as the machine is busy
    said = process.communicate()[1]
    assert process.returncode == 75, said
    assert time.monotonic() - began < 16
    assert "stopped before its time was over: the same command goes on from here" in said
    done = len(RunStore(out).summaries())
    assert 0 < done < 40
    more = start("run", path, "--out", out, "--workers", 2, "--shard", "1/2")
    said = more.communicate()[1]
    assert more.returncode == 0, said
    assert "40 of 40 runs of shard 1/2 stored" in said


@pytest.mark.faults
def test_sigusr1_stops_a_run_that_knows_its_time(tmp_path: Path) -> None:
    path, out = write(tmp_path / "made.toml", "plugins_for_tests:Slow", queries=100, repeats=100), tmp_path / "out"
    process = start("run", path, "--out", out, "--workers", 1, "--time", "10:00")
    until = time.monotonic() + 60
    while not list((out / "runs").glob("*.parquet")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(10)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 75, said
    assert RunStore(out).summaries()


@pytest.mark.faults
def test_time_that_gains_nothing_is_not_asked_for_for_ever(tmp_path: Path) -> None:
    path, out = write(tmp_path / "made.toml", "plugins_for_tests:Slow", queries=3000, repeats=1), tmp_path / "out"
    codes = []
    for _ in range(3):
        process = start("run", path, "--out", out, "--workers", 1, "--shard", "1/1", "--time", "0:12")
        said = process.communicate()[1]
        codes.append(process.returncode)
    assert codes == [75, 75, 1]
    assert "not one evaluation ended within its time, 3 times in a row: give it more time" in said


def test_folders_are_joined(tmp_path: Path) -> None:
    whole = suite(("random_search", "plugins_for_tests:Raises"), repeats=5)
    for number in (1, 2, 3):
        run_suite(whole, tmp_path / str(number), workers=1, cluster="in-process", shard=Shard(number, 3))
    folders = [tmp_path / str(number) for number in (1, 2, 3)]
    (folders[0] / "journal").mkdir()
    (folders[0] / "journal" / "0123.jsonl").write_text("[]\n")
    before = {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
    said = join(folders[:2], tmp_path / "all")
    assert "ended" in RunStore(tmp_path / "all").manifest()
    assert RunStore(tmp_path / "all").manifest()["ended"] is None
    said = join(folders[1:], tmp_path / "all")
    assert said.endswith("5 stored, 5 failed")
    assert {path: path.read_bytes() for path in before} == before
    store = RunStore(tmp_path / "all")
    assert store.manifest()["ended"] is not None
    assert (store.path / "journal" / "0123.jsonl").read_text() == "[]\n"
    run_suite(whole, tmp_path / "alone", workers=1, cluster="in-process")
    pd.testing.assert_frame_equal(rows(tmp_path / "all"), rows(tmp_path / "alone"))
    failed = [{failure["run_id"] for failure in one.failures()} for one in (store, RunStore(tmp_path / "alone"))]
    assert failed[0] == failed[1]
    assert join(folders, tmp_path / "all").startswith(f"{tmp_path / 'all'}: 0 runs added, 5 stored")
    again = [folders[1], tmp_path / "link", folders[1]]
    (tmp_path / "link").symlink_to(folders[1])
    assert " runs added" in join(again, tmp_path / "twice")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (
            lambda manifest: manifest["tasks"]["nasbench201/cifar10"].update(digest="0" * 64),
            "they differ in the data of nasbench201/cifar10;",
        ),
        (lambda manifest: manifest["suite"]["protocol"].update(seed=4), "they differ in protocol.seed;"),
        (
            lambda manifest: manifest["suite"].update(name="other", budget={"epochs": 1}),
            "they differ in name and budget;",
        ),
    ],
)
def test_folders_that_do_not_go_together_are_refused(tmp_path: Path, change, word: str) -> None:
    whole = suite(("random_search",))
    for number in (1, 2):
        run_suite(whole, tmp_path / str(number), workers=1, cluster="in-process", shard=Shard(number, 2))
        store = RunStore(tmp_path / str(number))
        manifest = store.manifest()
        if number == 2:
            change(manifest)
        store.write_manifest(manifest)
    with pytest.raises(StoreError, match=word) as refused:
        join([tmp_path / "1", tmp_path / "2"], tmp_path / "all")
    assert str(refused.value).startswith(f"{tmp_path / '2'} does not go with {tmp_path / '1'}")
    assert not (tmp_path / "all").exists()


def test_runs_of_other_code_are_refused(tmp_path: Path) -> None:
    for number, error in ((1, "0.0"), (2, "0.5")):
        (tmp_path / "mine.py").write_text(
            "from equipoise import Method, Query\n\n\nclass Mine(Method):\n"
            '    """Proposes the first."""\n\n    family = "baseline"\n    source = "the tests"\n\n'
            f"    def ask(self):\n        assert {error} < 1\n        return Query((0,) * 6)\n\n"
            "    def tell(self, observation):\n        pass\n"
        )
        whole = suite((str(tmp_path / "mine.py"),), repeats=2)
        run_suite(whole, tmp_path / str(number), workers=2, shard=Shard(number, 2))
    with pytest.raises(StoreError, match=r"they differ in the code of .*mine.*; nothing was merged"):
        join([tmp_path / "1", tmp_path / "2"], tmp_path / "all")


def test_the_same_run_with_other_rows_is_refused(tmp_path: Path) -> None:
    whole = suite(("random_search",), repeats=2)
    for name in ("1", "2"):
        run_suite(whole, tmp_path / name, workers=1, cluster="in-process")
    part = sorted((tmp_path / "2" / "runs").glob("*.parquet"))[0]
    table = pq.read_table(part)
    place = table.column_names.index("validation_error")
    values = table["validation_error"].to_pylist()
    part.unlink()
    other = table.set_column(place, "validation_error", pa.array([values[0] + 0.5, *values[1:]]))
    pq.write_table(other, part.with_name("made-up.parquet"))
    with pytest.raises(StoreError, match=r"repeat . of random_search on nasbench201/cifar10 has other rows there"):
        join([tmp_path / "1", tmp_path / "2"], tmp_path / "all")


def test_sessions_of_shards_are_kept_once(tmp_path: Path) -> None:
    whole = suite(("random_search",), repeats=3)
    for number in (1, 2, 3):
        command = ["run", "made.toml", "--shard", f"{number}/3"]
        run_suite(whole, tmp_path, workers=1, cluster="in-process", shard=Shard(number, 3), command=command)
    sessions = RunStore(tmp_path).manifest()["sessions"]
    assert [session["command"] for session in sessions] == [["run", "made.toml", "--shard", "I/N"]]
    assert all(one["started"] <= other["started"] for one, other in pairwise(sessions))
    assert json.dumps(sessions)


@pytest.mark.parametrize("method", ["ends_time:EndsTime", "ends_time:Swallows"])
def test_time_that_is_over_before_a_run_begins_is_an_interruption_like_any_other(tmp_path: Path, method: str) -> None:
    whole = suite((method,), repeats=2)
    said = []
    for stalls in (1, 2, 3):
        ran = run_suite(whole, tmp_path, workers=1, cluster="in-process", seconds=1000)
        assert (ran.interrupted, ran.out_of_time, ran.stalled, ran.goes_on) == (True, True, stalls, stalls < 3)
        assert ran.exit_status == (75 if stalls < 3 else 1)
        said.append(str(ran))
    assert said[0] == f"{tmp_path}: no run began; stopped before its time was over: the same command goes on from here"
    assert said[2].endswith(
        "no run began; not one evaluation ended within its time, 3 times in a row: give it more time"
    )
    assert not RunStore(tmp_path).parts()
    with pytest.raises(TimeoutError, match="no run began"):
        equipoise.run(whole, tmp_path, seconds=1000, progress=False)


def test_sigusr1_stops_a_run_that_knows_no_time(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    ran = run_suite(suite(("ends_time:EndsTime",)), tmp_path, workers=1, cluster="in-process")
    assert (ran.interrupted, ran.out_of_time, ran.goes_on, ran.exit_status) == (True, True, True, 75)
    assert signal.getsignal(signal.SIGUSR1) is before


def test_a_handler_of_sigusr1_that_the_caller_has_stays_where_no_time_is_given(tmp_path: Path) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    try:
        ran = run_suite(suite(("ends_time:EndsTime",), repeats=2), tmp_path, workers=1, cluster="in-process")
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard
    assert (ran.interrupted, ran.stored, ran.exit_status) == (False, 2, 0)


def test_time_that_is_over_while_methods_are_tried_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "made.toml", "ends_time:SlowToMake")
    process = start("run", path, "--out", tmp_path / "out", "--workers", 1, "--time", "0:02")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 75, said
    assert said.count("\n") == 1
    assert "no run began; stopped before its time was over: the same command goes on from here" in said


def test_time_that_is_over_while_a_suite_ends_is_an_interruption_like_any_other(tmp_path: Path) -> None:
    @contextmanager
    def late(_):
        yield lambda _: None
        os.kill(os.getpid(), signal.SIGUSR1)  # all runs are stored, and the files are not yet merged

    whole = suite(("random_search",), repeats=9)
    ran = run_suite(whole, tmp_path, workers=1, cluster="in-process", seconds=1000, progress=late)
    assert (ran.interrupted, ran.out_of_time, ran.goes_on, ran.stored) == (True, True, True, 9)
    assert RunStore(tmp_path).manifest()["ended"] is None
    ran = run_suite(whole, tmp_path, workers=1, cluster="in-process", seconds=1000)
    assert (ran.interrupted, ran.stored, ran.executed) == (False, 9, 0)
    assert RunStore(tmp_path).manifest()["ended"] is not None
