"""Summaries of one task: from its rows to `TaskResults` with regret on the grid, totals and other ways to count."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Task
from equipoise.reports.architecture_values import ArchitectureValues, Judge, judged
from equipoise.reports.counting import Counted, full_fidelity, held_at
from equipoise.reports.derived import derived
from equipoise.reports.incumbents import RunRows, incumbents, lookup, reached
from equipoise.reports.opened_task import OpenedTask
from equipoise.reports.results import TaskResults
from equipoise.reports.runs import Recount, Runs
from equipoise.reports.size_bands import given_size
from equipoise.reports.statistics.arrays import Array

__all__ = ["mean_seconds", "summarize", "training_equivalents"]


def summarize(
    opened: OpenedTask,
    values: ArchitectureValues,
    rows: Mapping[str, RunRows],
    own: Mapping[str, Array],
    grid: Array,
    checkpoints: Sequence[int],
    endings: Mapping[str, Array],
) -> TaskResults:
    """Condenses one task at one budget.

    Args:
        opened: The task.
        values: Of the architectures in its rows.
        rows: Of each method that has runs.
        own: Of each method, its own training before each row, in training equivalents.
        grid: g amounts of budget.
        checkpoints: Indices of the grid at which test errors are revealed.
        endings: For each method r x 2: unspent budget, and whether the run ended early.
    """
    task, scale = opened.task, opened.scale
    rows = _with_training_seconds(rows, own, mean_seconds(opened.at_hand, rows))
    fully = rows if values.told else _in_full(rows)
    held = {label: incumbents(block) for label, block in fully.items()}
    judges, unseen, reference = _judges(opened, values, fully)
    penalty = task.info.penalty if task is not None else 1.0
    test_optimum = np.nan if opened.test_values is None else float(opened.test_values.min())

    def regret(block: RunRows, columns: npt.NDArray[np.int64], nothing: float) -> Array:
        return scale * judged(judges, block, columns, nothing)

    counted = Counted(rows, own, values)
    seconds_grid, unique_grid = counted.seconds_grid(), counted.unique_grid()
    runs: dict[str, Runs] = {}
    last: dict[str, list[Architecture]] = {}
    for label, block in rows.items():
        columns = held_at(held[label], reached(np.cumsum(block.charge, axis=1), block.lengths, grid))
        shown = columns[:, list(checkpoints)]
        ends = block.code[np.arange(len(columns)), np.maximum(columns[:, -1], 0)]
        complete = opened.at_hand is not None and (columns[:, -1] >= 0).all()
        last[label] = [values.architectures[code] for code in ends] if complete else []
        by_time = reached(np.cumsum(block.seconds, axis=1), block.lengths, seconds_grid)
        by_unique = reached(counted.distinct.get(label, block.charge), block.lengths, unique_grid)
        runs[label] = Runs(
            numbers=block.numbers,
            regret=regret(block, columns, penalty),
            test=scale * (lookup(shown, block.code, values.test, penalty) - test_optimum),
            held_out=scale * judged(unseen, block, shown, penalty),
            begins=(columns < 0).sum(axis=1),
            seconds_regret=regret(block, held_at(held[label], by_time), np.nan),
            unique_regret=regret(block, held_at(held[label], by_unique), penalty),
            spent=counted.spent(label, endings[label]),
        )
    recounts = {
        unit: Recount(limit, {label: regret(rows[label], column, penalty)[:, 0] for label, column in columns.items()})
        for unit, limit, columns in counted.recounted(held)
    }
    return TaskResults(
        name=opened.name,
        space=opened.space_name,
        metric=opened.metric,
        runs=runs,
        recounts=recounts,
        seconds_grid=seconds_grid,
        unique_grid=unique_grid,
        reference=reference,
        exact=opened.optimum is not None,
        baseline=opened.baseline,
        test_values=opened.test_values,
        test_optimum=test_optimum,
        own_title=opened.title,
        floors=opened.floors,
        caveat=opened.caveat,
        bands=opened.bands,
        sized={} if opened.bands is None or task is None else given_size(opened.bands, task, last),
        derived={
            label: derived(
                block,
                partial(regret, block, nothing=penalty),
                values.architectures,
                None if task is None else task.space,
            )
            for label, block in rows.items()
            if (own[label] > 0)[block.present].mean() > 0.5  # else it trains first, and then judges
        },
    )


def _judges(
    opened: OpenedTask, values: ArchitectureValues, rows: Mapping[str, RunRows]
) -> tuple[list[Judge], list[Judge], float]:
    """Who judges what is searched, who judges by held-out seeds, and the error that regret is measured from."""
    observed = _observed_table(rows, len(values.key))
    best = min((float(np.min(block.error, initial=np.inf)) for block in rows.values()), default=np.nan)
    reference = best if opened.optimum is None else opened.optimum

    def error_in(codes: npt.NDArray[np.int64], view: Task | None = None) -> Array:
        for judge in (view, None):
            expected = values.expected(codes, judge)
            if expected is not None:
                return expected
        return observed[codes]

    def least(optimum: float | None) -> float:
        return np.nan if optimum is None else optimum

    judges = [Judge(partial(error_in, view=view), least(view.optimum())) for view in opened.views]
    unseen = [Judge(partial(values.held_out, view=view), least(view.held_out_optimum())) for view in opened.views]
    return judges or [Judge(error_in, reference)], unseen, reference


def training_equivalents(block: RunRows, each: float) -> Array:
    """The method's own training before each row, r x n, in trainings of a mean architecture.

    Args:
        block: Of one method.
        each: The charge of one such training in the unit of the budget.
    """
    if block.training_charge is None:
        return np.zeros(block.charge.shape)
    return np.where(block.training_charge > 0, block.training_charge / (each or np.nan), 0.0)


def mean_seconds(task: Task | None, rows: Mapping[str, RunRows]) -> float:
    """The mean time of a full training: as the task tells it, or else over those in the rows; NaN if unknown."""
    told = None if task is None else task.mean_cost_seconds
    if told is not None:
        return told
    full = full_fidelity(rows)
    asked = [block.seconds[(block.status == 0) & (block.fidelity == full)] for block in rows.values()]
    trained = np.concatenate([np.zeros(0), *asked])
    return float(trained.mean()) if trained.size else float("nan")


def _with_training_seconds(rows: Mapping[str, RunRows], own: Mapping[str, Array], seconds: float) -> dict[str, RunRows]:
    """The rows with the time of the method's own training added to the simulated training time."""
    return {
        label: replace(block, seconds=block.seconds + np.where(own[label] > 0, own[label] * seconds, 0.0))
        if own[label].any()
        else block
        for label, block in rows.items()
    }


def _in_full(rows: Mapping[str, RunRows]) -> dict[str, RunRows]:
    """Only what was observed after full training counts: a short training says nothing certain of a full one."""
    full = full_fidelity(rows)
    return {
        label: replace(block, error=np.where(block.fidelity < full, np.inf, block.error))
        for label, block in rows.items()
    }


def _observed_table(rows: Mapping[str, RunRows], count: int) -> Array:
    """The first observed error of each architecture, for tasks whose data is not at hand."""
    table = np.full(count, np.nan)
    for block in rows.values():
        valid = np.isfinite(block.error)
        codes, errors = block.code[valid], block.error[valid]
        table[codes[::-1]] = errors[::-1]
    return table
