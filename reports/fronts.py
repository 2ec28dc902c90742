"""Several objectives in a report: the fronts of the runs, and the exact ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.harness.core.errors import EquipoiseError
from equipoise.harness.core.objective_scale import Scale, scale_of, values_of
from equipoise.harness.core.objectives import Constraint, spread_of
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import Task
from equipoise.harness.store.stored_rows import StoredRows
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.hypervolume import hypervolume, hypervolume_curve, non_dominated
from equipoise.reports.statistics.indicators import additive_epsilon, igd_plus, r2
from equipoise.reports.statistics.random_hypervolume import RandomHypervolume

__all__ = ["FrontRuns", "SeveralObjectives", "TaskFronts", "load_fronts"]

COLUMNS = ("method", "repeat", "query", "architecture", "fidelity", "validation_error", "charge", "status", "budget")


@dataclass(frozen=True)
class FrontRuns:
    """The repeats of one method on one task: r runs.

    Attributes:
        numbers: Repeat numbers, ascending.
        fronts: The non-dominated points of each run at the budget, normalised.
        volumes: r x g: hypervolume at each point of the grid.
        igd_plus: r: distance to the exact front; NaN where that is unknown.
        epsilon: r: additive epsilon to the exact front, likewise.
        r2: r: R2 less that of the exact front, likewise; NaN unless there are two objectives.
        constrained: r: error of the incumbent, the architecture of least observed error among those that keep the
            constraints; NaN where a run has none.
    """

    numbers: Array
    fronts: tuple[Array, ...]
    volumes: Array
    igd_plus: Array
    epsilon: Array
    r2: Array
    constrained: Array


@dataclass(frozen=True)
class TaskFronts:
    """One task.

    Attributes:
        name: ``benchmark/dataset``.
        scales: How each objective is normalised; empty where a reference point is not known, or not asked for.
        front: The exact front, normalised; None where the values of the space are not known.
        volume: Hypervolume of the exact front; NaN if unknown.
        random: Random search without replacement; None if unknown.
        optimum: The least error in the space that keeps the constraints; NaN if unknown, or if none does.
        feasible: Share of the space that keeps the constraints; NaN if unknown.
        runs: By label.
        caveat: Why there is less here than elsewhere; empty if nothing is missing.
    """

    name: str
    scales: tuple[Scale, ...]
    front: Array | None
    volume: float
    random: RandomHypervolume | None
    optimum: float
    feasible: float
    runs: Mapping[str, FrontRuns]
    caveat: str = ""


@dataclass(frozen=True)
class SeveralObjectives:
    """The objectives of a suite.

    Attributes:
        names: The validation error and the others; empty where the suite has constraints alone.
        constraints: Bounds.
        tasks: As the suite lists them.
    """

    names: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    tasks: tuple[TaskFronts, ...]


def load_fronts(store: StoredRows, suite: Suite, grid: Array) -> SeveralObjectives | None:
    """Reads the objectives of a store; None where its suite asks for the validation error alone.

    Args:
        store: Of the suite.
        suite: With the budget to report.
        grid: Amounts of budget, ascending.
    """
    if not suite.measured:
        return None
    constraints = tuple(map(Constraint.parse, suite.constraints))
    stored = {summary.task for summary in store.summaries().values()}
    tasks = tuple(_task(store, suite, name, constraints, grid) for name in suite.tasks if name in stored)
    return SeveralObjectives(suite.objectives, constraints, tasks)


def _task(store: StoredRows, suite: Suite, name: str, constraints: tuple[Constraint, ...], grid: Array) -> TaskFronts:
    caveat, task, scales, known = "", None, list[Scale | None](), list[Array | None]()
    try:
        task = load_task(suite.address(name), suite.protocol.noise)
        scales = [scale_of(task, one) for one in suite.objectives]
        known = [values_of(task, one) for one in suite.objectives]
        keeps = _keeps(task, constraints)
    except EquipoiseError as error:
        caveat, scales, known, keeps = str(error), [], [], None
    found = tuple(scale for scale in scales if scale is not None)
    if len(found) < len(scales):
        caveat, found = "no hypervolume: the task states no reference point, and not all values of its space", ()
    front = random = None
    listed = [values for values in known if values is not None]
    if found and len(listed) == len(found):
        points = np.stack([scale(values) for scale, values in zip(found, listed, strict=True)], axis=1)
        front, random = non_dominated(points), RandomHypervolume(points)
    errors = None if task is None or caveat else task.landscape()
    feasible = optimum = np.nan
    if errors is not None and keeps is not None:
        feasible = float(keeps.mean())
        optimum = float(errors[keeps].min()) if keeps.any() else np.nan
    frame = store.frame((*COLUMNS, *(f"objective:{one}" for one in suite.measured)), task=name)
    frame = frame[(frame["budget"] == suite.budget.limit)]
    caveat = "; ".join(filter(None, (caveat, *_measured(store, task, suite, name))))
    table = _noiseless(frame, task, errors)
    runs = {
        str(label): _runs(rows, table, suite, found, front, constraints, grid)
        for label, rows in frame.groupby("method", observed=True)
    }
    volume = np.nan if front is None else hypervolume(front)
    return TaskFronts(name, found, front, volume, random, optimum, feasible, runs, caveat)


def _measured(store: StoredRows, task: Task | None, suite: Suite, name: str) -> Iterator[str]:
    """Says of each measured objective that it is, and how much its measurements spread."""
    for one in () if task is None else task.info.objectives:
        if one.measured and one.name in suite.measured:
            columns = [f"objective:{one.name}", f"objective:{spread_of(one.name)}"]
            value, spread = store.frame(tuple(columns), task=name)[columns].to_numpy(np.float64).T
            share = 100 * float(np.nanmedian(spread / value)) if np.isfinite(spread).any() else np.nan
            told = f": quartiles of one query lie {share:.2g} % of its value apart, median" if share == share else ""
            yield f"{one.name} was measured on the machine of the run, and does not repeat{told}"


def _keeps(task: Task, constraints: tuple[Constraint, ...]) -> Any:
    """Which architectures of the space keep the constraints; None if unknown, or without constraints."""
    kept = None
    for one in constraints:
        values = task.objective_values(one.name)
        if values is None:
            return None
        holds = np.asarray(values) <= one.bound if one.at_most else np.asarray(values) >= one.bound
        kept = holds if kept is None else kept & holds
    return kept


def _noiseless(frame: Any, task: Task | None, errors: Array | None) -> Array | None:
    """Errors without query noise of the architectures of the frame, by their codes; None where they are unknown."""
    if task is None or errors is None:
        return None
    texts, found = frame["architecture"].cat.categories, np.full(len(frame["architecture"].cat.categories), np.nan)
    for code in frame["architecture"].cat.codes[frame["status"] != "invalid"].unique():  # others need not be readable
        found[code] = errors[task.space.index(task.space.parse(texts[code]))]
    return found


def _runs(
    rows: Any,
    table: Array | None,
    suite: Suite,
    scales: tuple[Scale, ...],
    front: Array | None,
    constraints: tuple[Constraint, ...],
    grid: Array,
) -> FrontRuns:
    numbers, fronts, volumes, distances, epsilons, losses, constrained = [], [], [], [], [], [], []
    for number, run in rows.groupby("repeat"):
        counts = (run["status"] != "invalid").to_numpy() & (run["fidelity"].isna() | _full(run, rows)).to_numpy()
        told = run["validation_error"].to_numpy(np.float64)
        error = np.where(counts, told if table is None else table[run["architecture"].cat.codes], np.nan)
        values = {one: run[f"objective:{one}"].to_numpy(np.float64) for one in suite.measured}
        values["validation_error"] = error
        numbers.append(int(number))
        keeps = counts.copy()
        for one in constraints:
            keeps &= values[one.name] <= one.bound if one.at_most else values[one.name] >= one.bound
        incumbent = np.where(keeps, told, np.inf).argmin()
        constrained.append(float(error[incumbent]) if constraints and keeps.any() else np.nan)
        points = np.zeros((len(run), 0))
        if scales:
            points = np.stack([scale(values[scale.objective.name]) for scale in scales], axis=1)
            points[~counts] = np.nan
        curve = np.concatenate([[0.0], hypervolume_curve(points)]) if scales else np.zeros(len(run) + 1)
        spent = np.cumsum(run["charge"].to_numpy(np.float64))
        volumes.append(curve[np.searchsorted(spent, grid + 1e-9, side="right")])
        own = non_dominated(points[counts]) if scales else points[:0]
        fronts.append(own)
        distances.append(np.nan if front is None else igd_plus(own, front))
        epsilons.append(np.nan if front is None else additive_epsilon(own, front))
        losses.append(np.nan if front is None or len(scales) != 2 else r2(own) - r2(front))
    arrays = (np.array(distances), np.array(epsilons), np.array(losses), np.array(constrained))
    return FrontRuns(np.array(numbers), tuple(fronts), np.array(volumes), *arrays)


def _full(run: Any, rows: Any) -> Any:
    return run["fidelity"] == rows["fidelity"].max()
