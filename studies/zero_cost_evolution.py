"""Zero-cost warm-up and moves against plain regularised evolution, prices included.

    python studies/zero_cost_evolution.py [--repeats 20]

Population 15, budget 100, read at 30 and at 100 of what is charged. Tasks without their score files are left out.
"""

import argparse
from typing import Any

import numpy as np

from equipoise.harness.core.registry import load_method, load_task, missing_requirements
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.worker import execute_run

TASKS = ("nasbench201/cifar10", "nasbench201/imagenet16-120", "nasbench201/fashion14", "transnas_micro/class_scene")
ENTRIES: dict[str, tuple[str, dict[str, Any]]] = {
    "evolution": ("regularized_evolution", {}),
    "warm-up by synflow": ("zero_cost_evolution", {}),
    "moves by synflow, too": ("zero_cost_evolution", {"moves": True}),
    "warm-up by parameters": ("zero_cost_evolution", {"score": "parameters"}),
}
AT = (30, 100)


def main(repeats: int) -> None:
    """Prints a line per task and entry: regret at each budget with its standard error, and the price of the scores."""
    for name in TASKS:
        task = load_task(name)
        for label, (method, settings) in ENTRIES.items():
            if task.skip() or missing_requirements(load_method(method), task, settings):
                continue
            suite = Suite.from_dict(
                {
                    "name": "warm-up",
                    "budget": {"queries": AT[-1]},
                    "protocol": {"repeats": repeats, "seed": 5},
                    "tasks": [{"name": name}],
                    "methods": [{"name": method, "settings": {"population": 15, **settings}, "label": label}],
                }
            )
            runs = [execute_run(spec).trajectory for spec in suite.runs()]
            regret = np.array([[_at(run, amount) for amount in AT] for run in runs])
            regret = task.info.metric.regret(1.0) * (regret - (task.optimum() or 0.0))
            error, price = (
                regret.std(axis=0, ddof=1) / np.sqrt(len(runs)),
                np.mean([sum(run.training_charge) for run in runs]),
            )
            told = ", ".join(f"{value:.2f} ({off:.2f})" for value, off in zip(regret.mean(axis=0), error, strict=True))
            print(f"{name:<28} {label:<24} {told}; scores cost {price:.2f}", flush=True)


def _at(run: Trajectory, amount: float) -> float:
    """The least error that was told before more than an amount was charged."""
    charge, errors = np.cumsum(run.charge), np.minimum.accumulate(run.validation_error)
    return float(errors[np.searchsorted(charge, amount, side="right") - 1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    main(parser.parse_args().repeats)
