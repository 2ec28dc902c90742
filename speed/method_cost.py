"""CPU time of the methods: seconds of one run of 300 queries, and the ratio to random search.

Run ``OMP_NUM_THREADS=1 python speed/method_cost.py [--task nasbench201/cifar10] [--queries 300] [--only METHOD ...]``.
CPU is `process_time` of this process, all its threads included; imports and reading the table are excluded.
Cheap methods are run for a second (at most 100 times), and the median counts; costly ones are run once. On a shared
machine, compare ratios, not seconds of two calls.
"""

import argparse
import time
from typing import Any

import numpy as np

from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import (
    load_method,
    load_task,
    method_names,
    missing_packages,
    missing_requirements,
    problem_of,
)
from equipoise.harness.core.task import Task
from equipoise.harness.engine.runner import run_trial

VARIANTS: dict[str, dict[str, Any]] = {
    "npenas, warm start": {"name": "npenas", "warm_start": True},
    "bananas, all passes": {"name": "bananas", "epochs": 150},
    "gp_bo, fewer operations": {"name": "gp_bo", "arithmetic": "lean"},
}
"""Settings that are measured beside the defaults."""


def one_run(cls: type[Method], task: Task, queries: int, seed: int, settings: dict[str, Any]) -> float:
    """CPU seconds of one run, from the constructor of the method to its last query."""
    begin = time.process_time()
    method = cls(problem_of(cls, task, Budget(queries=queries)), np.random.default_rng(seed), **settings)
    run_trial(method, task, Ledger(Budget(queries=queries)), np.random.default_rng)
    return time.process_time() - begin


def cost(cls: type[Method], task: Task, queries: int, settings: dict[str, Any]) -> float:
    """CPU seconds of a run, after a short one that triggers late imports."""
    one_run(cls, task, 3 if cls.costly else 30, 0, settings)
    taken = [one_run(cls, task, queries, 1, settings)]
    while sum(taken) < 1.0 and len(taken) < 100:
        taken.append(one_run(cls, task, queries, 1 + len(taken), settings))
    return float(np.median(taken))


def main() -> None:
    """Prints one line per method, the costly ones last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", default="nasbench201/cifar10")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    task = load_task(given.task)
    task.evaluate(task.space.sample(np.random.default_rng(0), 1)[0], None, np.random.default_rng(0))
    rows: dict[str, dict[str, Any]] = {name: {"name": name} for name in method_names()} | VARIANTS
    if given.only:
        rows = {label: row for label, row in rows.items() if row["name"] in given.only}
    ordered = sorted(rows.items(), key=lambda row: (row[0] != "random_search", load_method(row[1]["name"]).costly))
    yardstick = cost(load_method("random_search"), task, given.queries, {})  # its own line shows the noise
    print(f"CPU seconds of one run of {given.queries} queries on {task.name}, and times random search")
    for label, row in ordered:
        settings = {key: value for key, value in row.items() if key != "name"}
        cls = load_method(row["name"])
        reason = missing_packages(cls) or missing_requirements(cls, task)
        if reason is None:
            seconds = cost(cls, task, given.queries, settings)
            print(f"{label:34} {seconds:9.3f} s {seconds / yardstick:10.1f} x", flush=True)
        else:
            print(f"{label:34} not measured: {reason}", flush=True)


if __name__ == "__main__":
    main()
