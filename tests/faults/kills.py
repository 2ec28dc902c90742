"""Kills a suite again and again, and compares what is stored in the end with an undisturbed run.

    python tests/faults/kills.py --kills 200

Each attempt is the command in a process of its own, with real workers. SIGKILL comes at a random moment to the command,
to one of its workers, or to all of them at once. The same command is started again until it comes to its end; its rows
are compared, and the next folder begins. The suite has runs on a table, and runs of more than a second that keep a
journal. Attempts are forked from this process, which has loaded the engine and started no thread.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pandas as pd

from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.session import run_suite
from equipoise.harness.store.run_store import RunStore

VALUES = ["task", "method", "repeat", "query", "architecture", "fidelity", "validation_error", "charge", "status"]
VICTIMS = ("command", "worker", "all")
SUITE = Suite.from_dict(
    {
        "name": "kills",
        "budget": {"queries": 40},
        "protocol": {"repeats": 8, "seed": 7},
        "tasks": [{"name": "nasbench201/cifar10"}, {"name": "plugins_for_tests:SlowTask/plain"}],
        "methods": [{"name": "random_search"}, {"name": "plugins_for_tests:Slow", "label": "slow"}],
    }
)


def rows(folder: Path) -> pd.DataFrame:
    """The values that a run repeats bit for bit, in a fixed order."""
    frame = RunStore(folder).frame(VALUES).astype(dict.fromkeys(("task", "method", "architecture", "status"), str))
    return frame.sort_values(VALUES[:4], ignore_index=True)


def command(folder: Path, workers: int) -> int:
    """Starts the suite in a process of its own."""
    process = os.fork()
    if process:
        return process
    status = 3
    try:
        ran = run_suite(SUITE, folder, workers=workers)
        status = ran.exit_status
    finally:
        os._exit(status)


def workers_of(process: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == process:
                found.append(int(folder.name))
    return found


def kill(process: int, victim: str, rng: random.Random, seconds: float) -> bool:
    """Waits for a random moment and kills; returns whether there was somebody to kill."""
    if rng.random() < 0.8:  # most of the time while something runs, else while it starts
        until = time.monotonic() + 20
        while not workers_of(process) and ended(process) is None and time.monotonic() < until:
            time.sleep(0.01)
    time.sleep(rng.random() * seconds)
    if ended(process) is not None:
        return False
    workers = workers_of(process)
    if victim == "worker" and not workers:
        victim = "command"
    for number in {"command": [process], "worker": rng.sample(workers, min(1, len(workers)))}.get(
        victim, [process, *workers]
    ):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    return True


def ended(process: int) -> int | None:
    """The exit status of a child that has ended, and that is still to be waited for."""
    found = os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return None if found is None else found.si_status


def attack(folder: Path, kills: int, seed: int, seconds: float) -> tuple[dict[str, int], int, int, int]:
    """Kills so many times.

    Args:
        folder: For the results.
        kills: How many.
        seed: Of the moments and victims.
        seconds: From the start of a worker to a kill, at most.

    Returns:
        Kills by victim, finished folders, rows compared, and rows that differ, are lost or are there twice.
    """
    rng = random.Random(seed)
    run_suite(SUITE, folder / "undisturbed", workers=2)
    wanted = rows(folder / "undisturbed")
    done = dict.fromkeys(VICTIMS, 0)
    finished = compared = differences = 0
    while sum(done.values()) < kills or finished == 0:
        out, ends = folder / f"attacked-{finished}", False
        while not ends:
            process = command(out, rng.choice((1, 1, 2)))
            victim = rng.choice(VICTIMS)
            if sum(done.values()) < kills and kill(process, victim, rng, seconds):
                done[victim] += 1
            ends = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
        found = rows(out)
        compared += len(wanted)
        differences += abs(len(found) - len(wanted)) or int((found != wanted).any(axis=1).sum())
        differences += len(RunStore(out).failures()) + len(list(out.glob("runs/*.damaged")))
        finished += 1
        print(f"{sum(done.values())} kills, {finished} folders, {compared} rows, {differences} differences", flush=True)
    return done, finished, compared, differences


def main() -> None:
    """Prints what was killed and what differs; exits with 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=2.5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        done, finished, compared, differences = attack(Path(name), asked.kills, asked.seed, asked.seconds)
    told = ", ".join(f"{count} of {victim}" for victim, count in done.items())
    print(f"{sum(done.values())} kills ({told}); {finished} suites finished; {compared} rows compared; ", end="")
    print(f"{differences} differences")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
