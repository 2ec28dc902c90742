import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import made_tables
import pandas as pd
import pytest

from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.executors import executor
from equipoise.harness.engine.scheduler import execute_all
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.verify import verify
from equipoise.harness.engine.worker import execute_runs
from equipoise.harness.store.locks import alone
from equipoise.harness.store.manifest import check_same_suite
from equipoise.harness.store.run_store import RunStore

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
VALUES = [
    "task",
    "method",
    "repeat",
    "query",
    "architecture",
    "fidelity",
    "validation_error",
    "charge",
    "cost_seconds",
    "status",
]


def suite_text(
    *methods: str, queries: int = 30, repeats: int = 4, tasks: tuple[str, ...] = ("nasbench201/cifar10",)
) -> str:
    tables = "".join(f'[[tasks]]\nname = "{task}"\n' for task in tasks)
    tables += "".join(f'[[methods]]\nname = "{method}"\nlabel = "{method.split(":")[-1]}"\n' for method in methods)
    return f'name = "made"\n[budget]\nqueries = {queries}\n[protocol]\nrepeats = {repeats}\nseed = 3\n{tables}'


def equipoise(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [sys.executable, "-m", "equipoise", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, **more)  # type: ignore[call-overload]


@pytest.fixture
def write(tmp_path: Path):
    def write(*methods: str, **more: object) -> Path:
        path = tmp_path / "made.toml"
        path.write_text(suite_text(*methods, **more))
        return path

    return write


def rows(folder: Path) -> pd.DataFrame:
    return RunStore(folder).frame(columns=VALUES)


def test_one_and_four_workers_give_the_same_rows(write, tmp_path: Path) -> None:
    suite = Suite.load(
        write("random_search", "regularized_evolution", tasks=("nasbench201/cifar10", "nasbench_graph/cora"))
    )
    for workers in (1, 4):
        execute_all(list(suite.runs()), RunStore(tmp_path / str(workers)), workers)
    pd.testing.assert_frame_equal(rows(tmp_path / "1"), rows(tmp_path / "4"))


def _edited(path: Path, shift: float) -> None:
    made_tables.write(
        path, [{**row, "validation_error": row["validation_error"] + shift} for row in made_tables.rows()]
    )


def test_an_edited_table_is_read_again_by_the_next_suite_of_the_process(write, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    suite = Suite.load(write("random_search", repeats=1, queries=6, tasks=(f"table:{table}",)))
    for name, shift in (("before", 0.0), ("after", 0.25)):
        _edited(table, shift)
        run_suite(suite, tmp_path / name, cluster="in-process")
    before, after = (rows(tmp_path / name)["validation_error"] for name in ("before", "after"))
    assert (after - before).round(9).tolist() == [0.25] * 6
    assert verify(tmp_path / "after", 1, lambda _: None) == 0
    _edited(table, 0.0)
    assert verify(tmp_path / "before", 1, lambda _: None) == 0


def test_a_worker_that_outlives_a_suite_reads_an_edited_table_again(write, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    specs = list(Suite.load(write("random_search", repeats=1, queries=6, tasks=(f"table:{table}",))).runs())
    for name, shift in (("before", 0.0), ("after", 0.25)):
        _edited(table, shift)
        execute_runs(specs, str(tmp_path / name), suite=name)
    before, after = (rows(tmp_path / name)["validation_error"] for name in ("before", "after"))
    assert (after - before).round(9).tolist() == [0.25] * 6


def test_every_row_is_in_order_whatever_the_method_does(write, tmp_path: Path) -> None:
    suite = Suite.load(write("plugins_for_tests:Good"))
    specs = list(suite.runs())
    outcome = execute_runs(specs, str(tmp_path))
    assert (outcome.done, outcome.queries, outcome.failures) == (4, 120, [])
    frame = rows(tmp_path)
    assert frame.groupby("repeat", observed=True)["query"].apply(list).tolist() == [list(range(1, 31))] * 4


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ("Raises", "RuntimeError: told too much"),
        ("Nonsense", "ProposalError"),
        ("OutOfRange", "ProposalError"),
        ("Exits", "SystemExit"),
    ],
)
def test_a_bad_method_is_recorded_and_the_others_go_on(write, tmp_path: Path, bad: str, word: str) -> None:
    path = write(f"plugins_for_tests:{bad}", "random_search")
    ran = equipoise("run", path, "--out", tmp_path / "out", "--workers", 2)
    assert ran.returncode == 1, ran.stderr
    assert word in ran.stderr
    store = RunStore(tmp_path / "out")
    assert set(rows(tmp_path / "out")["method"]) == {"random_search"}
    failures = store.failures()
    assert len(failures) == 4
    assert all(word in failure["error"] and "Traceback" in failure["traceback"] for failure in failures)
    status = equipoise("status", tmp_path / "out")
    assert "0 of 4 runs" in status.stdout
    assert word in status.stdout


def test_a_worker_that_dies_is_recorded_and_replaced(write, tmp_path: Path) -> None:
    path = write("plugins_for_tests:Dies", "random_search", repeats=2)
    ran = equipoise("run", path, "--out", tmp_path / "out", "--workers", 2)
    assert ran.returncode == 1, ran.stderr
    assert set(rows(tmp_path / "out")["method"]) == {"random_search"}
    assert len(rows(tmp_path / "out")) == 60
    assert [failure["method"] for failure in RunStore(tmp_path / "out").failures()] == ["Dies", "Dies"]


def test_an_early_end_is_told(write, tmp_path: Path) -> None:
    ran = equipoise("run", write("plugins_for_tests:Stops", repeats=1), "--out", tmp_path / "out")
    assert ran.returncode == 0
    (summary,) = RunStore(tmp_path / "out").summaries().values()
    assert (summary.queries, summary.unspent, summary.ended) == (5, 25.0, "tired")


def start(path: Path, out: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [sys.executable, "-m", "equipoise", "run", str(path), "--out", str(out), "--workers", "2"]
    return subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 - no thread of the tests holds a lock here
    )


def _heed_interrupts() -> None:
    """A shell that starts the tests in the background lets them ignore SIGINT, and everything they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_rows(write, tmp_path: Path) -> None:
    path = write("plugins_for_tests:Slow", "regularized_evolution", queries=40, repeats=6)
    equipoise("run", path, "--out", tmp_path / "undisturbed", "--workers", 2)
    moments = random.Random(5)
    for _ in range(3):
        process = start(path, tmp_path / "killed")
        time.sleep(moments.uniform(0.5, 1.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    ran = equipoise("run", path, "--out", tmp_path / "killed", "--workers", 2)
    assert ran.returncode == 0, ran.stderr
    pd.testing.assert_frame_equal(rows(tmp_path / "killed"), rows(tmp_path / "undisturbed"))
    assert not list((tmp_path / "killed" / "runs").glob(".*"))
    assert equipoise("verify", tmp_path / "killed", "--sample", 3).returncode == 0


def test_what_a_killed_write_left_is_removed_by_the_next_run(write, tmp_path: Path) -> None:
    path, out = write("random_search", repeats=1), tmp_path / "out"
    assert equipoise("run", path, "--out", out).returncode == 0
    (part,) = (out / "runs").glob("*.parquet")
    left = [part.with_name(f".{part.name}.4711"), out / ".manifest.json.4711"]
    for scratch in left:
        scratch.write_bytes(b"half")
    assert equipoise("run", path, "--out", out).returncode == 0
    assert not any(scratch.exists() for scratch in left)
    assert part.exists()
    assert (out / ".lock").exists()


def test_ctrl_c_stores_what_is_finished_and_says_how_to_go_on(write, tmp_path: Path) -> None:
    path = write("plugins_for_tests:Slow", queries=60, repeats=300)
    process = start(path, tmp_path / "out")
    until = time.monotonic() + 60
    while not list((tmp_path / "out" / "runs").glob("*.parquet")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "goes on from here" in said
    assert "Traceback" not in said
    done = len(RunStore(tmp_path / "out").summaries())
    assert 0 < done < 300
    assert len(rows(tmp_path / "out")) == done * 60


def test_a_second_run_of_a_finished_suite_plays_nothing(write, tmp_path: Path) -> None:
    path = write("random_search")
    equipoise("run", path, "--out", tmp_path / "out")
    before = {part: part.stat().st_mtime_ns for part in (tmp_path / "out" / "runs").iterdir()}
    ran = equipoise("run", path, "--out", tmp_path / "out")
    assert ran.returncode == 0
    assert {part: part.stat().st_mtime_ns for part in (tmp_path / "out" / "runs").iterdir()} == before
    more = equipoise("run", path, "--out", tmp_path / "out", "--repeats", 6)
    assert more.returncode == 0
    assert len(RunStore(tmp_path / "out").summaries()) == 6


def test_a_damaged_part_is_named_and_its_runs_are_played_again(write, tmp_path: Path) -> None:
    path = write("random_search")
    equipoise("run", path, "--out", tmp_path / "out")
    whole = rows(tmp_path / "out")
    part = RunStore(tmp_path / "out").parts()[0]
    part.write_bytes(part.read_bytes()[:100])
    assert equipoise("verify", tmp_path / "out").returncode == 2
    ran = equipoise("run", path, "--out", tmp_path / "out")
    assert ran.returncode == 0
    assert part.name in ran.stderr
    pd.testing.assert_frame_equal(rows(tmp_path / "out"), whole)


def test_the_results_of_another_suite_are_left_alone(write, tmp_path: Path) -> None:
    equipoise("run", write("random_search"), "--out", tmp_path / "out")
    ran = equipoise("run", write("random_search", queries=31), "--out", tmp_path / "out")
    assert ran.returncode == 2
    assert "another suite" in ran.stderr
    assert "budget" in ran.stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["suite"]["budget"] == {"queries": 30}
    check_same_suite(manifest, Suite.load(write("random_search", "local_search", repeats=9)), "x")
    (tmp_path / "other.toml").write_text(suite_text("random_search") + "settings = {replacement = true}\n")
    other = Suite.load(tmp_path / "other.toml")
    with pytest.raises(StoreError, match="settings of random_search"):
        check_same_suite(manifest, other, "x")
    whole = {**manifest, "suite": {**manifest["suite"], "budget": {"queries": 30.0}}}  # another identity of every run
    with pytest.raises(StoreError, match="budget"):
        check_same_suite(whole, Suite.load(write("random_search")), "x")


def test_a_later_command_forgets_nothing_of_an_earlier_one(write, tmp_path: Path) -> None:
    out = tmp_path / "out"
    path = write("random_search", "local_search", "hyperband", repeats=3)
    first = equipoise("run", path, "--out", out)
    assert "not applicable: hyperband on nasbench201/cifar10: needs several fidelities" in first.stderr
    assert equipoise("run", path, "--out", out, "--only", "random_search", "--repeats", 2).returncode == 0
    manifest = RunStore(out).manifest()
    assert [entry["method"] for entry in manifest["left_out"]] == ["hyperband"]
    assert len(manifest["sessions"]) == 2
    assert manifest["sessions"][0]["command"] != manifest["sessions"][1]["command"]
    status = equipoise("status", out).stdout
    assert re.search(r"random_search +3 of 3 runs", status)
    assert re.search(r"local_search +3 of 3 runs", status)
    assert "not applicable: hyperband" in status
    alone = equipoise("run", path, "--out", tmp_path / "alone", "--only", "hyperband")
    assert alone.returncode == 2
    assert "nothing is left to run" in alone.stderr
    some = equipoise("run", "quick", "--out", tmp_path / "some", "--only", "random_search", "--task", "*/cora")
    assert some.returncode == 0, some.stderr
    assert set(rows(tmp_path / "some")["task"]) == {"nasbench_graph/cora"}


def test_a_run_that_no_longer_plays_differs(write, tmp_path: Path) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text((TESTS / "plugins_for_tests.py").read_text().split("class Wanders")[0])
    path = write(str(plugin), repeats=1)
    assert equipoise("run", path, "--out", tmp_path / "out").returncode == 0
    plugin.write_text(
        plugin.read_text().replace("def ask(self) -> Query:\n", "def ask(self) -> Query:\n        {}['gone']\n")
    )
    ran = equipoise("verify", tmp_path / "out")
    assert ran.returncode == 1
    assert "cannot be repeated (KeyError: 'gone')" in ran.stdout
    assert "stored runs were made with" not in ran.stdout
    manifest = RunStore(tmp_path / "out").manifest()
    manifest["machine"]["processor"], manifest["versions"]["numpy"] = "Z80", "1.0"
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest))
    said = equipoise("verify", tmp_path / "out").stdout.splitlines()[-1]
    assert re.match(r"stored runs were made with processor Z80 \(here .+\), numpy 1.0 \(here .+\): what a method", said)


def test_a_folder_that_cannot_be_locked_is_said_and_used(tmp_path: Path, monkeypatch, caplog) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("equipoise.harness.store.locks.fcntl.flock", unsupported)
    with alone(tmp_path):
        assert "cannot be locked (No locks available)" in caplog.text


def test_what_is_left_out_is_recorded(write, tmp_path: Path) -> None:
    path = write("random_search", "plugins_for_tests:Absent")
    refused = equipoise("run", path, "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert "no_such_package" in refused.stderr
    assert not (tmp_path / "out").exists()
    assert equipoise("run", path, "--out", tmp_path / "out", "--skip-missing").returncode == 0
    (left_out,) = RunStore(tmp_path / "out").manifest()["left_out"]
    assert (left_out["method"], left_out["task"]) == ("Absent", "*")
    assert "skipped: Absent" in equipoise("status", tmp_path / "out").stdout


def test_a_task_that_is_not_here_need_not_tell_its_epochs(tmp_path: Path) -> None:
    """Its table would; so a budget in epochs is checked on what is left."""
    text = suite_text("random_search", tasks=("nats_tss/cifar10", "plugins_for_tests:GoodTask/plain"))
    (tmp_path / "suite.toml").write_text(re.sub(r"queries = \d+", "epochs = 40", text))
    assert equipoise("run", tmp_path / "suite.toml", "--out", tmp_path / "out", "--skip-missing").returncode == 0
    refused = equipoise("run", tmp_path / "suite.toml", "--out", tmp_path / "other")
    assert refused.returncode == 2
    assert "nats_tss-cifar10.parquet" in refused.stderr


def test_a_measured_cost_is_not_held_against_a_run(write, tmp_path: Path) -> None:
    path = write("plugins_for_tests:Good", tasks=("plugins_for_tests:TimedTask/plain",))
    ran = equipoise("run", path, "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert set(rows(tmp_path / "out")["task"]) == {"plugins_for_tests:TimedTask/plain"}
    assert equipoise("verify", tmp_path / "out", "--sample", 2).returncode == 0


def test_a_read_only_place_is_refused(write) -> None:
    ran = equipoise("run", write("random_search"), "--out", "/proc/equipoise")
    assert ran.returncode == 2
    assert "--out" in ran.stderr


def test_an_unknown_cluster_is_refused() -> None:
    with pytest.raises(SuiteError, match="tcp://"), executor("moon", 1):
        pass


def test_a_dask_cluster_gives_the_same_rows(write, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    suite = Suite.load(write("random_search", "local_search"))
    execute_all(list(suite.runs()), RunStore(tmp_path / "local"), 1)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        execute_all(
            list(suite.runs()), RunStore(tmp_path / "dask"), 2, cluster.scheduler_address.replace("inproc", "inproc")
        )
    pd.testing.assert_frame_equal(rows(tmp_path / "local"), rows(tmp_path / "dask"))
