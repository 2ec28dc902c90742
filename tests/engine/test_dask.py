"""Dask clusters as people run them: a scheduler and workers of their own, on this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from equipoise.harness.core.errors import ClusterError, SuiteError
from equipoise.harness.engine.dask_pool import CONNECT_SECONDS, DaskPool
from equipoise.harness.engine.dask_settings import ClusterSettings, slurm_arguments
from equipoise.harness.engine.executors import executor
from equipoise.harness.store.run_file import Summary
from equipoise.harness.store.run_store import RunStore

pytest.importorskip("distributed")

TESTS = Path(__file__).resolve().parents[1]
VALUES = ["task", "method", "repeat", "query", "architecture", "validation_error", "status"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS / "faults"), *sys.path])}
MINE = '''
from equipoise import Method, Query


class Mine(Method):
    """Samples."""

    family = "baseline"
    source = "the tests"

    def ask(self):
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation):
        pass
'''


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "equipoise", "run", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=ENVIRONMENT, check=False)


def write(folder: Path, *methods: str, queries: int = 20, repeats: int = 3) -> Path:
    tables = "".join(f'[[methods]]\nname = "{method}"\nlabel = "m{n}"\n' for n, method in enumerate(methods))
    path = folder / "made.toml"
    path.write_text(
        f'name = "made"\n[budget]\nqueries = {queries}\n[protocol]\nrepeats = {repeats}\nseed = 3\n'
        f'[[tasks]]\nname = "nasbench201/cifar10"\n{tables}'
    )
    return path


def rows(folder: Path) -> pd.DataFrame:
    frame = RunStore(folder).frame(VALUES).astype(dict.fromkeys(("task", "method", "architecture", "status"), str))
    return frame.sort_values(VALUES[:4], ignore_index=True)


def summaries(folder: Path) -> list[Summary]:
    return list(RunStore(folder).summaries().values())


@contextmanager
def dask(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments], cwd=folder, env=ENVIRONMENT, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    file = folder / "scheduler.json"
    arguments = (
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--dashboard-address",
        "127.0.0.1:0",
    )
    with dask(folder, *arguments, "--scheduler-file", str(file)) as process:
        until = time.monotonic() + 60
        while not (told := _content(file)) and time.monotonic() < until:
            time.sleep(0.1)
        yield told["address"], process


def _content(file: Path) -> dict[str, Any]:
    """The file of the scheduler once it is written whole; it is there, empty, before."""
    try:
        return dict(json.loads(file.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


WORKER = ("--nthreads", "1", "--nworkers", "1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")


@pytest.mark.slow
def test_what_is_given_by_path_reaches_workers_that_stand_elsewhere(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    (here / "mine.py").write_text(MINE)
    (here / "beside.py").write_text(MINE.replace("Mine", "Beside"))  # imported from where the command is called
    path = write(here, "mine.py", "beside:Beside")
    with scheduler(there) as (address, _), dask(there, "worker", address, *WORKER):
        ran = run(here, path.name, "--out", "out", "--cluster", address, "--workers", 2)
    assert ran.returncode == 0, ran.stderr
    assert run(here, path.name, "--out", "alone", "--workers", 1).returncode == 0
    pd.testing.assert_frame_equal(rows(here / "out"), rows(here / "alone"))
    codes = [{summary.method: summary.code for summary in summaries(here / name)} for name in ("out", "alone")]
    assert codes[0] == codes[1]
    assert all(codes[0].values())


@pytest.mark.faults
def test_a_suite_without_workers_stops_in_one_line(tmp_path: Path) -> None:
    path, settings = write(tmp_path, "random_search"), tmp_path / "cluster.toml"
    settings.write_text("[equipoise]\nminutes-without-worker = 0.1\n")
    with scheduler(tmp_path) as (address, _):
        ran = run(tmp_path, path, "--out", "out", "--cluster", address, "--cluster-config", settings)
    assert ran.returncode == 2
    assert f"equipoise: {address}: no worker for 0.1 minutes; look for its jobs (squeue)" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.faults
def test_a_scheduler_that_dies_is_one_line_and_nothing_is_lost(tmp_path: Path) -> None:
    path = write(tmp_path, "plugins_for_tests:Slow", queries=100, repeats=100)
    with scheduler(tmp_path) as (address, process), dask(tmp_path, "worker", address, *WORKER):
        command = [sys.executable, "-m", "equipoise", "run", str(path), "--out", "out", "--cluster", address]
        ours = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 60
        while not list((tmp_path / "out" / "runs").glob("*.parquet")) and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        _, said = ours.communicate(timeout=120)
    assert ours.returncode == 2, said
    assert "the Dask scheduler is gone; the same command goes on from here" in said
    assert "Traceback" not in said
    stored = len(RunStore(tmp_path / "out").summaries())
    assert 0 < stored < 100
    assert len(rows(tmp_path / "out")) == 100 * stored
    assert RunStore(tmp_path / "out").failures() == []


def test_a_call_that_is_cancelled_is_no_lost_scheduler() -> None:
    from distributed import Client

    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        pool = DaskPool(client, "here", 1.0)
        future, done = pool.submit(time.sleep, 0.5), pool.submit(len, "three")
        assert future.cancel()
        assert future.cancelled()
        assert done.result() == 5
        assert not done.cancel()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGUSR1])
def test_a_suite_that_is_told_to_stop_says_so_and_goes_on(tmp_path: Path, number: int) -> None:
    path = write(tmp_path, "plugins_for_tests:Slow", queries=50, repeats=40)
    with scheduler(tmp_path) as (address, _), dask(tmp_path, "worker", address, *WORKER):
        arguments = ["run", str(path), "--out", "out", "--cluster", address, "--time", "1:00:00"]
        # A job in the background ignores Ctrl-C.
        heeded = f"import signal; signal.signal({number:d}, signal.default_int_handler)"
        command = [sys.executable, "-c", f"{heeded}; from equipoise.__main__ import main; main()", *arguments]
        ours = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        until = time.monotonic() + 60
        while not list((tmp_path / "out" / "runs").glob("*.parquet")) and time.monotonic() < until:
            time.sleep(0.1)
        ours.send_signal(number)
        _, said = ours.communicate(timeout=60)
        assert ours.returncode == (130 if number == signal.SIGINT else 75), said
        assert "the same command goes on from here" in said
        assert "scheduler is gone" not in said
        assert RunStore(tmp_path / "out").failures() == []
        assert 0 < len(summaries(tmp_path / "out")) < 40
        ran = run(tmp_path, *arguments[1:])
    assert ran.returncode == 0, ran.stderr
    assert len(rows(tmp_path / "out")) == 50 * 40


@pytest.mark.faults
def test_a_lost_worker_is_made_up_for(tmp_path: Path) -> None:
    path = write(tmp_path, "plugins_for_tests:Slow", queries=50, repeats=40)
    with scheduler(tmp_path) as (address, _):
        command = [sys.executable, "-m", "equipoise", "run", str(path), "--out", "out", "--cluster", address]
        ours = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        with dask(tmp_path, "worker", address, *WORKER, "--no-nanny") as worker:
            until = time.monotonic() + 60
            while not list((tmp_path / "out" / "runs").glob("*.parquet")) and time.monotonic() < until:
                time.sleep(0.1)
            worker.send_signal(signal.SIGKILL)
        with dask(tmp_path, "worker", address, *WORKER):
            _, said = ours.communicate(timeout=120)
    assert ours.returncode == 0, said
    assert len(rows(tmp_path / "out")) == 50 * 40


@pytest.mark.faults
def test_limits_of_a_run_hold_on_the_workers_of_a_cluster(tmp_path: Path) -> None:
    path = write(tmp_path, "hostile:Endless", "hostile:Hungry", "hostile:Plain", repeats=1)
    path.write_text(path.read_text().replace("seed = 3", 'seed = 3\nseconds_per_run = 25\nmemory_per_run = "800MB"'))
    with scheduler(tmp_path) as (address, _), dask(tmp_path, "worker", address, *WORKER):
        ran = run(tmp_path, path, "--out", "out", "--cluster", address, "--workers", 1)
    assert ran.returncode == 1, ran.stderr
    assert {summary.method for summary in summaries(tmp_path / "out")} == {"m2"}
    said = {one["method"]: one["error"] for one in RunStore(tmp_path / "out").failures()}
    assert "seconds_per_run = 25" in said["m0"]
    assert "memory_per_run = 0.8 GB" in said["m1"]
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False)
    assert left.stdout == ""


def test_an_address_where_nobody_answers_is_one_line_at_once(tmp_path: Path) -> None:
    path, lasted = write(tmp_path, "random_search"), []
    for cluster in ("moon", "tcp://127.0.0.1:9"):  # the first is refused without a look at the network
        began = time.monotonic()
        ran = run(tmp_path, path, "--out", "out", "--cluster", cluster)
        lasted.append(time.monotonic() - began)
    assert ran.returncode == 2
    assert ran.stderr.startswith("equipoise: --cluster tcp://127.0.0.1:9: nobody answers there (ConnectionRefusedError")
    assert len(ran.stderr.splitlines()) == 1
    assert lasted[1] < CONNECT_SECONDS + 4 * lasted[0]  # however busy the machine is
    with pytest.raises(ClusterError, match="write tcp://HOST:PORT"), executor("tcp://", 1):
        pass


def test_without_sbatch_slurm_is_one_line_at_once(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="no sbatch on this machine"), executor("slurm", 2):
        pass


def test_what_is_configured_stays_and_ours_is_appended() -> None:
    configured = {
        "memory": "16GB",
        "cores": 2,
        "walltime": "02:00:00",
        "job-script-prologue": ["module load python"],
        "worker_extra_args": ["--resources", "GPU=1"],
        "scheduler-options": {"port": 8786},
        "queue": "short",
        "account": "abc",
        "job-extra-directives": ["--gres=gpu:1"],
    }
    arguments = slurm_arguments(configured, "10.0.0.7")
    assert arguments["job_script_prologue"][0] == "module load python"
    assert "export OMP_NUM_THREADS=1" in arguments["job_script_prologue"]
    assert (arguments["memory"], arguments["cores"], arguments["processes"]) == ("16GB", 2, 2)
    extra = arguments["worker_extra_args"]
    assert extra[:2] == ["--resources", "GPU=1"]
    lifetime = int(extra[extra.index("--lifetime") + 1].removesuffix("s"))
    stagger = int(extra[extra.index("--lifetime-stagger") + 1].removesuffix("s"))
    assert 0.8 * 7200 < lifetime < lifetime + stagger < 7200
    assert arguments["scheduler_options"] == {
        "port": 8786,
        "host": "10.0.0.7",
        "dashboard": False,
        "dashboard_address": "127.0.0.1:0",
    }
    assert not {"queue", "account", "job_extra_directives", "walltime"} & set(arguments)  # Dask reads its own


def test_what_is_configured_of_ours_is_not_replaced() -> None:
    configured = {
        "worker-extra-args": ["--lifetime", "5m", "--dashboard"],
        "walltime": "00:30:00",
        "interface": "ib0",
        "scheduler-options": {"dashboard_address": ":8787"},
    }
    arguments = slurm_arguments(configured, "10.0.0.7")
    assert arguments["worker_extra_args"] == ["--lifetime", "5m", "--dashboard"]
    assert arguments["scheduler_options"] == {"dashboard_address": ":8787"}
    assert arguments["memory"] == "4GB"


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("a.toml", "[equipoise]\nminimum = 3\n", "unknown key 'minimum'; did you mean 'minimum-jobs'"),
        ("a.toml", "[equipoise]\nminimum-jobs = -1\n", "minimum-jobs = -1 is not a whole number"),
        ("a.toml", "[equipoise]\nminutes-without-worker = true\n", "minutes-without-worker = True"),
        ("a.toml", "equipoise = 3\n", "not a table"),
        ("a.toml", "a = \n", "not valid TOML"),
        ("a.yaml", "a: [\n", "not valid YAML"),
        ("a.yaml", "- 1\n", "not a table of settings"),
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path: Path, name: str, text: str, word: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SuiteError) as refused:
        ClusterSettings.load(tmp_path / name)
    assert word in str(refused.value)
    with pytest.raises(SuiteError, match="cannot be read"):
        ClusterSettings.load(tmp_path / "absent.toml")


def test_toml_and_yaml_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[jobqueue.slurm]\nqueue = "short"\n[equipoise]\nminimum-jobs = 2\n')
    (tmp_path / "a.yaml").write_text("jobqueue:\n  slurm:\n    queue: short\nequipoise:\n  minimum-jobs: 2\n")
    settings = ClusterSettings.load(tmp_path / "a.toml")
    assert settings == ClusterSettings.load(tmp_path / "a.yaml")
    assert settings.dask == {"jobqueue": {"slurm": {"queue": "short"}}}
    assert settings.minimum_jobs == 2
