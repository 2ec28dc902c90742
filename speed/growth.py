"""Time and memory as a store grows: run, run again with all stored, status, verify and report, at 10^5, 10^6, ... rows.

    python speed/growth.py                    # 10^5 and 10^6 rows
    python speed/growth.py --rows 10000000
    python speed/growth.py --rows 100000 --queries 5     # 20,000 runs

Each step is a command of its own. CPU seconds and the largest resident memory are those of the command; of `run`, of
its workers too (the largest of them). It runs random search and regularised evolution on two tasks, 100 queries each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SUITE = """
name = "growth"
[budget]
queries = {queries}
[protocol]
repeats = {repeats}
seed = 0
[[tasks]]
name = "nasbench201/cifar10"
[[tasks]]
name = "nasbench_graph/cora"
[[methods]]
name = "random_search"
[[methods]]
name = "regularized_evolution"
"""
STEPS = (
    ("run", "run {suite} --out {out} --workers 2"),
    ("run again", "run {suite} --out {out}"),
    ("status", "status {out}"),
    ("verify 10", "verify {out} --sample 10"),
    ("report", "report {out} --formats md"),
)


def measured(command: list[str]) -> tuple[float, float, float]:
    """Runs a command; returns its wall seconds, CPU seconds, and peak memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: {said}")
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Prints one line per size and step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10**5, 10**6])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--skip", nargs="*", default=[], help="steps to leave out")
    asked = parser.parse_args()
    print(f"{'rows':>10} {'runs':>7} {'files':>6} {'MB':>6}  {'step':<10} {'wall s':>8} {'CPU s':>8} {'peak MB':>8}")
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as folder:
            repeats = max(1, round(rows / asked.queries / 4))
            suite, out = Path(folder) / "growth.toml", Path(folder) / "out"
            suite.write_text(SUITE.format(queries=asked.queries, repeats=repeats))
            for step, command in STEPS:
                if step in asked.skip:
                    continue
                words = command.format(suite=suite, out=out).split()
                wall, cpu, peak = measured([sys.executable, "-m", "equipoise", *words])
                parts = list((out / "runs").glob("*.parquet"))
                size = sum(part.stat().st_size for part in parts) / 1e6
                print(
                    f"{4 * repeats * asked.queries:>10} {4 * repeats:>7} {len(parts):>6} {size:>6.1f}  {step:<10} "
                    f"{wall:>8.1f} {cpu:>8.1f} {peak:>8.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
