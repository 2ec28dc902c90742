"""A suite on a real SLURM: jobs that are too short for it, stopped by their time and queued again."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from slurm_cluster import missing, slurm, states

from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.scheduler import execute_all
from equipoise.harness.store.run_store import RunStore

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(bool(missing), reason=f"no {', '.join(missing)} (Debian: apt install slurm-wlm)"),
]

LONG = pytest.mark.skipif("EQUIPOISE_LONG" not in os.environ, reason="takes a quarter of an hour: EQUIPOISE_LONG=1")

TESTS = Path(__file__).resolve().parents[1]
SUITE = """
name = "made"
[budget]
queries = 250
[protocol]
repeats = {repeats}
seed = 3
[[tasks]]
name = "nasbench201/cifar10"
[[methods]]
name = "plugins_for_tests:Slow"
label = "Slow"
[[methods]]
name = "random_search"
"""
VALUES = ["task", "method", "repeat", "query", "architecture", "validation_error", "charge", "cost_seconds", "status"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    with slurm(tmp_path_factory.mktemp("slurm")) as environment:
        yield {**environment, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}


def equipoise(*arguments: object, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "equipoise", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def rows(folder: Path) -> pd.DataFrame:
    """What a run repeats bit for bit, whatever the order of the files."""
    frame = RunStore(folder).frame(VALUES)
    frame = frame.astype(dict.fromkeys(("task", "method", "architecture", "status"), str))
    return frame.sort_values(VALUES[:4], ignore_index=True)


def wait(environment: dict[str, str], seconds: float) -> None:
    """Waits until SLURM has no job of ours left."""
    until = time.monotonic() + seconds
    while jobs := states(environment):
        assert time.monotonic() < until, jobs
        time.sleep(1)


@pytest.mark.parametrize(
    ("limit", "repeats", "seconds"), [("0:30", 50, 400), pytest.param("2:00", 600, 3600, marks=LONG)]
)
def test_a_suite_longer_than_its_jobs_is_done_in_the_end(environment, tmp_path, limit, repeats, seconds) -> None:
    path, out = tmp_path / "made.toml", tmp_path / "out"
    path.write_text(SUITE.format(repeats=repeats))
    said = equipoise("sbatch", path, "--out", out, "--time", limit, "--shards", 2, "--submit", environment=environment)
    assert "Submitted batch job" in said.stdout, said.stderr
    wait(environment, seconds)
    logs = "".join(log.read_text() for log in (out / "slurm").glob("*.log"))
    assert "stopped before its time was over" in logs
    assert "Traceback" not in logs
    assert "TIME LIMIT" not in logs
    assert "Submitted" not in logs
    assert "is running there already" not in logs
    suite = Suite.load(path)
    store = RunStore(out)
    assert all(map(store.has, suite.runs())), logs
    assert store.manifest()["ended"] is not None, logs
    assert len(store.manifest().get("sessions", [1])) == 1  # one command, whatever the number of its jobs
    execute_all(list(suite.runs()), RunStore(tmp_path / "undisturbed"), 2)
    pd.testing.assert_frame_equal(rows(out), rows(tmp_path / "undisturbed"))


def test_sbatch_that_refuses_is_one_line(environment, tmp_path) -> None:
    path = tmp_path / "made.toml"
    path.write_text(SUITE.format(repeats=1))
    said = equipoise(
        "sbatch",
        path,
        "--out",
        tmp_path / "out",
        "--time",
        5,
        "--partition",
        "moon",
        "--submit",
        environment=environment,
    )
    assert said.returncode == 2
    assert said.stderr.startswith("equipoise: sbatch refused")
    assert "invalid partition" in said.stderr
    assert len(said.stderr.splitlines()) == 1


def listening(psutil, pid: int) -> set[tuple[str, int]]:
    """The addresses and ports at which a process listens."""
    try:
        found = psutil.Process(pid).net_connections()
    except psutil.Error:
        return set()
    return {tuple(one.laddr) for one in found if one.status == psutil.CONN_LISTEN}


def test_a_dask_cluster_of_its_own_is_configured_and_listens_on_one_address(environment, tmp_path) -> None:
    psutil = pytest.importorskip("psutil")
    pytest.importorskip("dask_jobqueue")
    path, out, settings = tmp_path / "made.toml", tmp_path / "out", tmp_path / "cluster.toml"
    path.write_text(SUITE.format(repeats=12))
    settings.write_text(
        '[jobqueue.slurm]\nqueue = "short"\nmemory = "700MB"\nwalltime = "00:10:00"\n'
        f'log-directory = "{tmp_path}/logs"\njob-script-prologue = ["touch {tmp_path}/prologue"]\n'
        'job-extra-directives = ["--comment=ours"]\n'
    )
    command = [sys.executable, "-m", "equipoise", "run", str(path), "--out", str(out), "--cluster", "slurm"]
    command += ["--cluster-config", str(settings), "--workers", "2"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    ours, theirs = set(), set()
    while process.poll() is None:
        ours |= listening(psutil, process.pid)
        for worker in psutil.process_iter(["pid", "cmdline"]):
            line = " ".join(worker.info["cmdline"] or ())
            if "distributed.cli.dask_worker" in line and any(f":{port} " in line for _, port in ours):
                theirs |= listening(psutil, worker.info["pid"])
        time.sleep(0.5)
    said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert (tmp_path / "prologue").exists()
    assert ours
    assert theirs
    assert not {address for address, _ in ours | theirs} & {"0.0.0.0", "::"}
    assert len(RunStore(out).summaries()) == 24
    wait(environment, 60)  # its jobs end with it


def test_a_job_of_dask_that_slurm_refuses_is_one_line(environment, tmp_path) -> None:
    pytest.importorskip("dask_jobqueue")
    path, settings = tmp_path / "made.toml", tmp_path / "cluster.yaml"
    path.write_text(SUITE.format(repeats=1))
    settings.write_text("jobqueue:\n  slurm:\n    queue: moon\n")
    options = ("--out", tmp_path / "out", "--cluster", "slurm", "--cluster-config", settings, "--workers", 1)
    said = equipoise("run", path, *options, environment=environment)
    assert said.returncode == 2
    assert said.stderr.startswith("equipoise: --cluster slurm: the job is refused")
    assert "invalid partition" in said.stderr
    assert len(said.stderr.splitlines()) == 1
