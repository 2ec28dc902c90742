"""Checks of packed runs that somebody else may have written."""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.errors import StoreError, one_line
from equipoise.harness.core.registry import benchmark_names
from equipoise.harness.core.suite import Suite

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_names", "check_numbers", "check_runs"]


def check_names(suite: Suite, where: Path) -> None:
    """Refuses names that lead to files: reading an entry must execute nothing that came with it.

    Raises:
        StoreError: A task is given by path, or a method by more than the name of a file.
    """
    for task in suite.tasks:
        if task.partition("/")[0].replace("-", "_") not in benchmark_names():
            raise StoreError(f"{where}: task '{one_line(task, 80)}'; entries hold tasks of the benchmarks here alone")
    for method in suite.methods:
        if method.name.endswith(".py") and not method.name.removesuffix(".py").isidentifier():
            raise StoreError(f"{where}: method '{one_line(method.name, 80)}'; accepted: the name of a file in code/")


def check_runs(runs: "pd.DataFrame", suite: Suite, where: Path) -> None:
    """Refuses runs that are there twice, or that the suite does not ask for.

    Raises:
        StoreError: There are some.
    """
    names = ["task", "method", "budget", "repeat"]
    most = {method.label: method.repeats or suite.protocol.repeats for method in suite.methods}
    known = (
        runs["task"].isin(suite.tasks)
        & runs["budget"].isin([budget.limit for budget in suite.budgets])
        & runs["repeat"].between(1, runs["method"].map(most).fillna(0))
    )
    if runs.duplicated(names).any() or not known.all() or (runs["queries"] < 0).any():
        raise StoreError(f"{where}: damaged (runs that are there twice, or that its suite does not ask for)")


def check_numbers(numbers: Any, cardinalities: tuple[int, ...], where: Path) -> None:
    """Refuses numbers of architectures beyond the last one.

    Raises:
        StoreError: There are some.
    """
    if len(numbers) and int(np.max(numbers)) >= prod(cardinalities):
        raise StoreError(f"{where}: damaged (a number of an architecture beyond the last one)")
