"""Repeats of one method on one task as arrays: regret on grids, resources spent, derived architectures."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["Derived", "Recount", "Runs", "Spent"]


@dataclass(frozen=True)
class Spent:
    """Resources of each of r runs; every attribute is an array of r numbers.

    Attributes:
        proposals: Rows: everything that was proposed.
        charge: The amount the ledger charged, in the unit of the budget.
        own_trainings: What the method trained itself, in trainings of a mean architecture; part of the charge.
        unique: Distinct architectures, as the benchmark tells them apart.
        classes: Distinct networks by ``space.canonical``; NaN where the space is not at hand.
        duplicates: Proposals that repeated an earlier one of the run.
        invalid: Proposals outside the space.
        cost_seconds: Simulated training time; NaN where the task does not report it.
        overhead_seconds: The method's own time, measured.
        unspent: Budget left at the end.
        ended: 1 where the run ended early, else 0.
    """

    proposals: Array
    charge: Array
    own_trainings: Array
    unique: Array
    classes: Array
    duplicates: Array
    invalid: Array
    cost_seconds: Array
    overhead_seconds: Array
    unspent: Array
    ended: Array


@dataclass(frozen=True)
class Runs:
    """The repeats of one method on one task: r runs.

    Attributes:
        numbers: Repeat numbers, ascending.
        regret: r x g: regret of the incumbent at each point of ``Results.grid``, in the shown unit of the metric.
        test: r x c: test regret of the validation incumbent at each checkpoint; NaN where there is no test split.
        held_out: r x c: regret of the validation incumbent under the training seed that was held out of its repeat; NaN
            where none was.
        begins: r: index on the grid from which on the run has an incumbent; g if it never has.
        seconds_regret: r x s: regret at each point of ``TaskResults.seconds_grid``; NaN before the first answer.
        unique_regret: r x u: regret at each point of ``TaskResults.unique_grid``.
        spent: Totals of each run.
    """

    numbers: npt.NDArray[np.int64]
    regret: Array
    test: Array
    held_out: Array
    begins: npt.NDArray[np.int64]
    seconds_regret: Array
    unique_regret: Array
    spent: Spent


@dataclass(frozen=True)
class Recount:
    """Regret when the budget is counted in another unit.

    Attributes:
        limit: The largest amount that every run of the task reached.
        regret: For each method, r regrets at that amount.
    """

    limit: float
    regret: Mapping[str, Array]


@dataclass(frozen=True)
class Derived:
    """Architectures that a weight-sharing method derived at k places of its r runs.

    Attributes:
        marks: The places, from 1.
        regret: r x k: regret of the architecture there, in the shown unit of the metric.
        counts: For each label of a graph, how often it occurs there: means over runs, k.
    """

    marks: tuple[int, ...]
    regret: Array
    counts: Mapping[str, Array]
