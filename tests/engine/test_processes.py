"""Worker processes: what they run, how they end, and what they do not import."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from worker_calls import kill_itself, refuse, runs_are_told, sleep_until_interrupted

from equipoise.harness.engine.limits import Limits, memory_of_group
from equipoise.harness.engine.processes import DeadWorkerError, WorkerProcesses


@pytest.fixture
def pool():
    pool = WorkerProcesses(2)
    yield pool
    pool.shutdown(cancel_futures=True)


def test_calls_are_answered_and_errors_handed_back(pool: WorkerProcesses) -> None:
    assert [future.result() for future in [pool.submit(divmod, number, 3) for number in range(5)]][4] == (1, 1)
    with pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()
    with pytest.raises(RuntimeError, match="TwoArgumentsError cannot be handed back"):
        pool.submit(refuse).result()
    assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert pool.submit(os.getpid).result() != os.getpid()


def test_a_worker_that_dies_fails_its_call_and_is_replaced(pool: WorkerProcesses) -> None:
    with pytest.raises(DeadWorkerError, match="exit status 9"):
        pool.submit(os._exit, 9).result()
    with pytest.raises(DeadWorkerError, match="signal 9; out of memory"):
        pool.submit(kill_itself).result()
    assert [pool.submit(abs, -1).result() for _ in range(4)] == [1] * 4


def test_a_worker_that_dies_is_noticed_where_the_system_cannot_wait_without_taking_its_number(
    pool: WorkerProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "waitid")
    with pytest.raises(DeadWorkerError, match="exit status 9"):
        pool.submit(os._exit, 9).result(timeout=60)
    assert pool.submit(abs, -1).result(timeout=60) == 1


def test_a_worker_tells_of_each_run_only_where_it_has_limits(pool: WorkerProcesses) -> None:
    assert not pool.submit(runs_are_told).result()
    with WorkerProcesses(1, Limits(seconds=60.0)) as limited:
        assert limited.submit(runs_are_told).result()


def test_an_interrupt_reaches_what_runs_and_no_idle_worker(pool: WorkerProcesses) -> None:
    assert [pool.submit(abs, -1).result() for _ in range(4)] == [1] * 4
    pool.interrupt()
    future = pool.submit(sleep_until_interrupted)
    while not pool._busy:
        time.sleep(0.01)
    time.sleep(1.0)
    pool.interrupt()
    assert future.result(timeout=30) == "interrupted"
    assert pool.submit(abs, -1).result() == 1


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom equipoise.harness.engine.processes import WorkerProcesses\n"
        "from worker_calls import be_known_and_sleep\n"
        "WorkerProcesses(1).submit(be_known_and_sleep, sys.argv[1]).result()"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "pid")], env=environment)
    until = time.monotonic() + 60
    while not (tmp_path / "pid").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    worker = int((tmp_path / "pid").read_text())
    parent.kill()
    parent.wait()
    while Path(f"/proc/{worker}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_memory_that_forked_children_share_counts_once() -> None:
    code = (
        "import os, time\nheld = bytearray(os.urandom(1 << 20)) * 150\nfor _ in range(4):\n"
        "    os.fork() or time.sleep(60)\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, process_group=0)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert 150e6 < memory_of_group(process.pid) < 300e6  # five processes, each of which has 150 MB
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
