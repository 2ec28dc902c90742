"""Section: what each method reached on each task."""

from collections.abc import Sequence

import numpy as np

from reports.document import Cell, Column, Section, Table, Text
from reports.intervals import mean_interval
from reports.results import Array, Results, TaskResults
from reports.words import amount, decimals, interval, name, number

__all__ = ["checkpoints_table", "regret_section"]


def regret_section(results: Results) -> Section:
    """The tables of regret, one a task."""
    return Section(
        "regret",
        "Task by task",
        (),
        tuple(
            Section(f"task-{task.name.replace('/', '-')}", task.name, (checkpoints_table(results, task),))
            for task in results.tasks
            if task.runs
        ),
    )


def checkpoints_table(results: Results, task: TaskResults) -> Table:
    """Mean regret with its interval at each checkpoint, one row a method, and the exact line of random search."""
    points = results.grid[list(results.checkpoints)]
    estimates = {
        label: mean_interval(task.runs[label].regret[:, list(results.checkpoints)])
        for label in results.labels
        if label in task.runs
    }
    digits = decimals([mean for mean, _, _ in estimates.values()])
    means = np.array([mean for mean, _, _ in estimates.values()])
    best = np.nanmin(means, axis=0)
    rows = [
        (
            name(label),
            *(_cell(m, lo, hi, digits, best=m == b) for m, lo, hi, b in zip(*estimates[label], best, strict=True)),
        )
        for label in estimates
    ]
    law = task.random_regret(points) if results.unit == "queries" else None
    if law is not None:
        rows.append((Cell("random search, exact"), *(Cell(number(value, digits), value) for value in law.tolist())))
    return Table(
        f"regret-{task.name.replace('/', '-')}",
        f"Validation regret on {task.name} [{task.unit}]",
        (Column("method", "l"), *(Column(_heading(results, point)) for point in points)),
        tuple(rows),
        _notes(task),
    )


def _cell(mean: float, low: float, high: float, digits: int, best: bool) -> Cell:
    return Cell(f"{number(mean, digits)} {interval(low, high, digits)}".strip(), float(mean), best=best)


def _heading(results: Results, point: float) -> str:
    return f"{amount(point)} {'queries' if results.unit == 'queries' else results.unit.replace('_', ' ')}"


def _notes(task: TaskResults) -> tuple[Text, ...]:
    notes: list[Text] = [("Mean over runs with a 95 % bootstrap interval; the best mean of each column in bold.",)]
    if task.caveat:
        notes.append((f"On this task {task.caveat}.",))
    return tuple(notes)


def mean_ranks(cube: Array) -> Array:
    """Average rank of each method: ranks of the mean regret within each task, ties shared, then the mean over tasks.

    Args:
        cube: methods x tasks x repeats.
    """
    from scipy.stats import rankdata

    with np.errstate(all="ignore"):
        means = np.array([[np.nanmean(c) if np.isfinite(c).any() else np.nan for c in row] for row in cube])
    complete = np.isfinite(means).all(axis=0)
    return (
        np.asarray(rankdata(means[:, complete], axis=0).mean(axis=1)) if complete.any() else np.full(len(cube), np.nan)
    )


def overview_table(results: Results) -> Table:
    """Mean regret at the budget, tasks by methods, and the average rank."""
    cube = results.regrets()
    rows = []
    for place, task in enumerate(results.tasks):
        with np.errstate(all="ignore"):
            means = [float(np.nanmean(c)) if np.isfinite(c).any() else np.nan for c in cube[:, place]]
        rows.append((name(task.name), *_compared(means)))
    ranks = mean_ranks(cube)
    rows.append((Cell("average rank"), *_compared(ranks.tolist(), 2)))
    return Table(
        "overview",
        f"Mean validation regret at {_heading(results, results.limit)}",
        (Column("task", "l"), *(Column(label) for label in results.labels)),
        tuple(rows),
        (("In the unit of each task's metric, accuracy points for accuracies; the best of each row in bold.",),),
    )


def _compared(values: Sequence[float], digits: int | None = None) -> list[Cell]:
    digits = decimals(values) if digits is None else digits
    least = np.nanmin(values) if np.isfinite(values).any() else np.nan
    return [Cell(number(value, digits), value, best=value == least) for value in values]
