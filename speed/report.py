"""Time and memory of a report, on synthetic stores of real architectures.

    python speed/report.py              # 12 tasks, 7 methods, 30 repeats of 300 queries
    python speed/report.py --large      # 12 tasks, 10 methods, 200 repeats of 300 queries: 7.2 million rows

Methods draw from the ranking of the table, better ones with higher numbers, so that anytime curves look realistic;
their runs are written through `RunStore.write` like real ones. Times are those of ``equipoise report`` in a separate
process.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.store.manifest import manifest_of
from equipoise.harness.store.run_file import Run
from equipoise.harness.store.run_store import RunStore

FAMILIES = ("baseline", "nas", "nas", "hpo", "hpo", "hpo", "hpo", "nas", "hpo", "hpo")


def main() -> None:
    """Writes a store, reports it, and prints time and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="24,000 runs instead of 2,520")
    parser.add_argument("--keep", type=Path, help="Folder to keep the store in; reused if it is there.")
    options = parser.parse_args()
    methods, repeats = (10, 200) if options.large else (7, 30)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        if not (folder / "manifest.json").exists():
            rows = synthesise(folder, methods, repeats)
            print(f"wrote {rows:,} rows to {folder}")
        started = time.perf_counter()
        command = [sys.executable, "-m", "equipoise", "report", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        wall, used = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20
        print(f"equipoise report: {wall:.1f} s wall, {cpu:.1f} s CPU, {memory:.2f} GiB at most")


def synthesise(folder: Path, methods: int, repeats: int, queries: int = 300) -> int:
    """Writes a store of synthetic runs over all embedded tasks; returns its number of rows."""
    suite = Suite.from_dict(
        {
            "name": "synthetic",
            "budget": {"queries": queries},
            "protocol": {"repeats": repeats, "seed": 1},
            "tasks": [{"name": "nasbench201/*"}, {"name": "nasbench_graph/*"}],
            "methods": [
                {"name": "random_search", "label": f"method_{number}", "family": FAMILIES[number]}
                for number in range(methods)
            ],
        }
    )
    store, rng, rows = RunStore(folder), np.random.default_rng(0), 0
    for name in suite.tasks:
        task = load_task(name)
        cells = list(task.space.enumerate())
        errors = task.landscape()
        assert errors is not None
        order = np.argsort(errors)
        for number, method in enumerate(suite.methods):
            runs = []
            for spec in suite.runs_of(name, method):
                luck = rng.random(queries) ** (1 + 0.3 * number * np.linspace(0, 1, queries))
                chosen = order[(luck * len(order)).astype(int)].tolist()
                trajectory = Trajectory(
                    architecture=[cells[row] for row in chosen],
                    fidelity=[task.info.fidelities[-1] if task.info.fidelities else None] * queries,
                    validation_error=errors[chosen].tolist(),
                    charge=[1.0] * queries,
                    cost_seconds=[100.0 if task.info.has_cost else float("nan")] * queries,
                    overhead_seconds=[0.001] * queries,
                    status=["ok"] * queries,
                )
                runs.append(Run(spec, trajectory, 0.1))
            store.write(runs, task.space)
            rows += len(runs) * queries
    store.write_manifest({**manifest_of(suite, ["synthetic"], []), "ended": None})
    return rows


if __name__ == "__main__":
    main()
