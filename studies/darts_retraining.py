"""Retraining of what was found on the DARTS space: from stored searches to networks trained from scratch on images.

    equipoise run suites/darts_space.toml --skip-missing --out results/darts
    python studies/darts_retraining.py results/darts SEARCHED_TASK [--images TRAINING_TASK] [--repeats 3]

DARTS's protocol (Liu, Simonyan and Yang, ICLR 2019): search, then train the architecture found from scratch and test
it. For each method, the incumbent by validation error of each of its first repeats on SEARCHED_TASK is trained on
TRAINING_TASK, once, with a seed of its own; as many uniform draws from the space are trained beside them. The default
trains a reduced network on the digits of scikit-learn (two epochs of three networks: 11 s of one core); as published:
``training/darts/cifar10,epochs=600,channels=36,cells=20,device=cuda`` (days on a GPU; cutout, drop path and the
auxiliary head are not implemented). Printed per method: mean validation and test error with standard errors.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from equipoise.api.run import load
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Task
from equipoise.harness.spaces.darts import Darts

DEFAULT = "training/darts/digits,epochs=10"


def incumbents(folder: Path, task: str, repeats: int, space: SearchSpace) -> dict[str, list[Architecture]]:
    """The best architecture of each method in each of its first repeats."""
    frame = load(folder).frame()
    rows = frame[(frame["task"] == task) & (frame["status"] == "ok")]
    found: dict[str, list[Architecture]] = {}
    for (method, repeat), run in rows.groupby(["method", "repeat"], sort=True):
        if int(str(repeat)) <= repeats:
            best = int(run["validation_error"].to_numpy().argmin())
            found.setdefault(str(method), []).append(space.parse(str(run["architecture"].iloc[best])))
    return found


def errors(task: Task, cell: Architecture) -> tuple[float, float]:
    """Validation and test error of one training, in per cent."""
    told, tested = task.evaluate(cell, None, np.random.default_rng(0)), task.reveal(cell)
    return 100.0 * told.validation_error, float("nan") if tested is None else 100.0 * tested


def main(folder: Path, searched: str, images: str, repeats: int) -> None:
    """Trains, and prints one line per method."""
    task = load_task(images)
    if not isinstance(task.space, Darts):
        sys.exit(f"--images {images}: space {task.space.name}; accepted: training/darts/IMAGES[,FIELD=VALUE]...")
    found = incumbents(folder, searched, repeats, task.space)
    if not found:
        sys.exit(f"{folder}: no rows of {searched}; see equipoise status {folder}")
    found["(uniform draws)"] = task.space.sample(np.random.default_rng(0), repeats)
    print(f"searched on {searched}, trained on {images}: error in per cent (standard error over repeats)", flush=True)
    for method, cells in found.items():
        begin = time.perf_counter()
        values = np.array([errors(task, cell) for cell in cells])
        spread = values.std(axis=0, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.full(2, np.nan)
        means = values.mean(axis=0)
        print(
            f"{method:28} validation {means[0]:6.2f} ({spread[0]:.2f})  test {means[1]:6.2f} ({spread[1]:.2f})  "
            f"{len(cells)} networks, {time.perf_counter() - begin:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("task")
    parser.add_argument("--images", default=DEFAULT)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    main(given.folder, given.task, given.images, given.repeats)
