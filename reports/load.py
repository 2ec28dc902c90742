"""Reads a results folder into `Results`, task by task: 7.2 million rows become a few arrays."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import EquipoiseError, StoreError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import Noise, Task
from equipoise.harness.store.code_versions import mixtures
from equipoise.harness.store.combined import CombinedStore
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.no_results import no_results
from equipoise.harness.store.run_file import Summary
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.stored_rows import StoredRows
from equipoise.reports.fronts import load_fronts
from equipoise.reports.incumbents import RunRows
from equipoise.reports.results import FAMILIES, Array, MethodInfo, Results, TaskResults
from equipoise.reports.score_worth import score_worths
from equipoise.reports.summarize import Catalogue, mean_seconds, summarize, training_equivalents

__all__ = ["load", "load_entry"]

LOG = logging.getLogger("equipoise")

COLUMNS = (
    "method", "repeat", "query", "architecture", "fidelity", "validation_error", "charge", "cost_seconds",
    "overhead_seconds", "training_charge", "status",
)  # fmt: skip
READ_AT_ONCE = 1_000_000
"""Up to so many rows, a store is read in one go."""
EVERY_QUERY = 1000
"""Up to this many queries, the grid has every one of them."""
STATUSES = {"ok": 0, "duplicate": 1, "invalid": 2}


def load(folder: Path, beside: Sequence[Entry] = (), smaller: bool = True) -> Results:
    """Reads a store.

    Args:
        folder: A results folder.
        beside: Entries of an archive, whose runs under the same rules are put beside those of the folder.
        smaller: Whether to read the runs at smaller budgets too.

    Raises:
        StoreError: It holds no results, or a part is damaged.
    """
    store: StoredRows = RunStore(folder)
    manifest = store.manifest()
    if manifest is None:
        raise no_results(folder)
    if beside:
        combined = CombinedStore(RunStore(folder), beside)
        store, manifest = combined, combined.manifest()
        for remark in combined.remarks:
            LOG.warning("%s", remark)
    if not store.summaries():
        raise StoreError(f"{folder}: no finished run is stored; see failures.jsonl there, or run the suite first")
    suite = Suite.from_dict(manifest["suite"])
    budgets = suite.budgets if smaller else suite.budgets[-1:]
    *others, full = (_at_budget(store, suite, manifest, budget) for budget in budgets)
    return replace(full, smaller=tuple(others))


def load_entry(entry: Entry) -> Results:
    """Reads an entry of an archive by itself, budget by budget: its rows are rebuilt, and large.

    Raises:
        StoreError: It is damaged, or holds no runs.
    """
    suite, manifest = entry.suite, entry.manifest()
    budgets = [(entry.only(suite.tasks, [budget.limit]), budget) for budget in suite.budgets]
    held = [(view, budget) for view, budget in budgets if view.summaries()]
    if not held:
        raise StoreError(f"{entry.path}: it holds no runs")
    *others, full = (_at_budget(view, suite, manifest, budget) for view, budget in held)
    return replace(full, smaller=tuple(others))


def _at_budget(store: StoredRows, suite: Suite, manifest: Mapping[str, Any], budget: Budget) -> Results:
    """The runs of one budget; those that do not tell theirs are of the only one."""
    suite = replace(suite, budget=budget)
    grid, checkpoints = _grid(budget.unit, budget.limit)
    of_budget = [s for s in store.summaries().values() if isnan(s.budget) or s.budget == budget.limit]
    summaries = {(s.task, s.method, s.repeat): s for s in of_budget}
    methods = _methods(manifest, [key[1] for key in summaries])
    catalogue = Catalogue()
    frames = _frames(store, sum(summary.queries for summary in summaries.values()))
    names = list(dict.fromkeys([*suite.tasks, *sorted(key[0] for key in summaries)]))
    return Results(
        manifest=manifest,
        methods=methods,
        tasks=tuple(_task(frames, name, suite, manifest, summaries, grid, checkpoints, catalogue) for name in names),
        unit=suite.budget.unit,
        limit=suite.budget.limit,
        grid=grid,
        checkpoints=checkpoints,
        failures=tuple(store.failures()),
        planned=_planned(suite, manifest),
        mixed=mixtures(store),
        objectives=load_fronts(store, suite, grid),
    )


def _frames(store: StoredRows, rows: int) -> Callable[[str], Any]:
    """Reads the rows of a task: of a small store once for all tasks, of a large one task by task."""
    if rows > READ_AT_ONCE:
        return lambda task: store.frame((*COLUMNS, "budget"), task=task)
    whole = store.frame(("task", *COLUMNS, "budget"))
    parts = {str(task): part for task, part in whole.groupby("task", observed=True)}

    def of_task(task: str) -> Any:
        part = parts[task].drop(columns="task").reset_index(drop=True)
        return part.assign(architecture=part["architecture"].cat.remove_unused_categories())

    return of_task


def _grid(unit: str, limit: float) -> tuple[Array, tuple[int, ...]]:
    """Amounts at which regret is read, and which of them the tables show."""
    if unit == "queries":
        marks = [m for e in range(1, 16) for m in (10**e, 3 * 10**e) if m < limit]
        points = np.arange(1, limit + 1) if limit <= EVERY_QUERY else np.round(np.geomspace(1, limit, 400))
    else:
        marks = [0.03 * limit, 0.1 * limit, 0.3 * limit]
        points = np.geomspace(limit / 1000, limit, 200)
    grid = np.unique(np.concatenate([points, marks, [limit]]))
    grid = grid[grid <= limit]
    return grid, tuple(int(i) for i in np.searchsorted(grid, [*marks, limit]))


def _methods(manifest: Mapping[str, Any], stored: list[str]) -> tuple[MethodInfo, ...]:
    entries = {entry["label"]: entry for entry in manifest["suite"]["methods"]}
    rule, listed = manifest["suite"]["protocol"].get("isomorphism", "own"), list(entries)
    described = []
    for label in dict.fromkeys([*listed, *sorted(stored)]):
        entry = manifest["methods"].get(label, {})
        described.append(
            MethodInfo(
                label,
                entry.get("name", label),
                entry.get("family", "baseline"),
                entry.get("source", ""),
                entry.get("settings", {}),
                entry.get("changed", {}),
                tuple(entry.get("deviations", ())),
                entry.get("origin", ""),
                tuple(entry.get("tuned_on", ())),
                _knowledge(entry.get("knowledge", ()), entries.get(label, {}).get("isomorphism", rule)),
                entry.get("factors", {}),
                entry.get("labels_used", 0),
                entry.get("history", {}),
            )
        )
    for method in described:
        if method.family not in FAMILIES:
            raise StoreError(
                f"manifest.json: methods.{method.label}.family = {method.family!r}; accepted: {', '.join(FAMILIES)}; "
                "correct it there, and in the method's file"
            )
    return tuple(sorted(described, key=lambda method: FAMILIES.index(method.family)))


def _knowledge(declared: Sequence[str], rule: str) -> tuple[str, ...]:
    """Knowledge that a method uses under a rule of isomorphism."""
    hidden = [entry for entry in declared if entry != "isomorphism"]
    if rule == "own" or not declared:
        return tuple(declared)
    return tuple(hidden) if rule == "none" else (*hidden, "isomorphism")


def _planned(suite: Suite, manifest: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    left_out = {(entry["method"], entry["task"]) for entry in manifest.get("left_out", ())}
    return {
        (method.label, task): method.repeats or suite.protocol.repeats
        for method in suite.methods
        for task in suite.tasks
        if (method.label, task) not in left_out
    }


def _task(
    frames: Callable[[str], Any],
    name: str,
    suite: Suite,
    manifest: Mapping[str, Any],
    summaries: Mapping[tuple[str, str, int], Summary],
    grid: Array,
    checkpoints: tuple[int, ...],
    catalogue: Catalogue,
) -> TaskResults:
    task, problem = _open(suite.address(name), suite.protocol.noise)
    described = manifest["tasks"].get(name, {})
    if not any(key[0] == name for key in summaries):
        return summarize(name, task, problem, described, {}, {}, [], grid, checkpoints, {}, catalogue)
    frame = frames(name)
    frame = frame[frame["budget"] == suite.budget.limit]
    architectures = frame["architecture"].cat.categories.tolist()
    rows = dict(_rows(frame))
    seconds = mean_seconds(None if problem else task, rows)
    each = {"queries": 1.0, "epochs": max(described.get("fidelities") or [0]), "cost_seconds": seconds}
    own = {label: training_equivalents(block, each[suite.budget.unit]) for label, block in rows.items()}
    endings = {
        label: np.array([_ending(summaries.get((name, label, int(number)))) for number in rows[label].numbers])
        for label in rows
    }
    views = _views(task, suite) if task is not None and not problem else ()
    found = summarize(
        name, task, problem, described, rows, own, architectures, grid, checkpoints, endings, catalogue, views
    )
    uses_scores = any("scores" in entry.get("knowledge", ()) for entry in manifest["methods"].values())
    return replace(found, scores=score_worths(task)) if uses_scores and task is not None and not problem else found


def _views(task: Task, suite: Suite) -> tuple[Task, ...]:
    """The views of a task from which the repeats are searched in turn; none where no seed is held out."""
    split = suite.protocol.seeds == "split" and task.info.seeds > 1
    return tuple(task.split(held_out) for held_out in range(task.info.seeds)) if split else ()


def _open(name: str, noise: Noise) -> tuple[Task | None, str]:
    """The task, and what keeps this machine from reading its data; empty if nothing does.

    The task is None where not even its space can be told without the data.
    """
    problem = None
    try:
        task = load_task(name, noise)
        problem = task.skip()
        if problem is None:
            task.optimum()  # reads the data
            return task, ""
        described = all(task.space.cardinalities) and np.isfinite(task.info.penalty)  # either may come with the data
    except EquipoiseError as error:
        return None, problem or str(error)
    return task if described else None, problem


def _ending(summary: Summary | None) -> tuple[float, float]:
    return (0.0, 0.0) if summary is None else (summary.unspent, float(bool(summary.ended)))


def _rows(frame: Any) -> Iterator[tuple[str, RunRows]]:
    """Splits the sorted frame of a task into one block of padded arrays per method."""
    code = frame["architecture"].cat.codes.to_numpy(np.int64)
    statuses = np.array([STATUSES[status] for status in frame["status"].cat.categories])
    status = statuses[frame["status"].cat.codes.to_numpy(np.int64)]
    columns = {name: frame[name].to_numpy() for name in COLUMNS[4:10]}
    fidelity = np.nan_to_num(columns["fidelity"].astype(np.float64), nan=0.0).astype(np.int64)
    error = np.where(status == STATUSES["invalid"], np.inf, np.nan_to_num(columns["validation_error"], nan=np.inf))
    method = frame["method"].cat.codes.to_numpy(np.int64)
    repeat = frame["repeat"].to_numpy(np.int64)
    for number, label in enumerate(frame["method"].cat.categories):
        first, last = np.searchsorted(method, [number, number + 1])
        if first == last:
            continue
        part = slice(first, last)
        numbers, starts, lengths = np.unique(repeat[part], return_index=True, return_counts=True)
        run = np.repeat(np.arange(len(numbers)), lengths)
        place = np.arange(last - first) - np.repeat(starts, lengths)
        shape = (len(numbers), int(lengths.max()))

        def padded(
            values: Any,
            fill: float,
            shape: tuple[int, int] = shape,
            part: slice = part,
            run: Any = run,
            place: Any = place,
        ) -> Any:
            block = np.full(shape, fill, dtype=values.dtype)
            block[run, place] = values[part]
            return block

        yield (
            str(label),
            RunRows(
                numbers=numbers,
                lengths=lengths,
                code=padded(code, -1),
                error=padded(error, np.inf),
                fidelity=padded(fidelity, 0),
                charge=padded(columns["charge"], 0),
                seconds=padded(columns["cost_seconds"], 0),
                overhead=padded(columns["overhead_seconds"].astype(np.float64), 0),
                status=padded(status, -1),
                training_charge=padded(np.nan_to_num(columns["training_charge"]), 0),
            ),
        )
