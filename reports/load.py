"""Reads a results folder into `Results`, task by task: 7.2 million rows become a few arrays."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.code_versions import mixtures
from equipoise.harness.store.combined import CombinedStore
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.no_results import no_results
from equipoise.harness.store.run_file import Summary
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.stored_rows import StoredRows
from equipoise.reports.architecture_values import ArchitectureValues
from equipoise.reports.catalogue import Catalogue
from equipoise.reports.fronts import load_fronts
from equipoise.reports.incumbents import RunRows
from equipoise.reports.opened_task import OpenedTask
from equipoise.reports.results import FAMILIES, MethodInfo, Results, TaskResults
from equipoise.reports.run_rows import COLUMNS, run_rows
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.summarize import mean_seconds, summarize, training_equivalents

__all__ = ["load", "load_entry"]

LOG = logging.getLogger("equipoise")

READ_AT_ONCE = 1_000_000
"""Up to so many rows, a store is read in one go."""
EVERY_QUERY = 1000
"""Up to this many queries, the grid has every one of them."""


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
    *others, full = _Reading(store, manifest, suite, budgets).results()
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
    *others, full = (_Reading(view, manifest, suite, (budget,)).results()[0] for view, budget in held)
    return replace(full, smaller=tuple(others))


class _Reading:
    """The runs of a store, task by task and budget by budget.

    Args:
        store: The rows.
        manifest: What stands beside them.
        suite: As the manifest has it.
        budgets: To be read; the largest last.
    """

    def __init__(self, store: StoredRows, manifest: Mapping[str, Any], suite: Suite, budgets: Sequence[Budget]) -> None:
        self._store, self._manifest, self._suite, self._budgets = store, manifest, suite, budgets
        self._summaries = [
            {(s.task, s.method, s.repeat): s for s in store.summaries().values() if _is_of(s, budget)}
            for budget in budgets
        ]
        self._catalogue = Catalogue()
        self._uses_scores = any("scores" in entry.get("knowledge", ()) for entry in manifest["methods"].values())

    def results(self) -> list[Results]:
        """The results at each budget."""
        names = [
            list(dict.fromkeys([*self._suite.tasks, *sorted(key[0] for key in summaries)]))
            for summaries in self._summaries
        ]
        frames = _frames(self._store, sum(s.queries for each in self._summaries for s in each.values()))
        tasks = {name: self._task(name, frames) for name in dict.fromkeys(name for each in names for name in each)}
        return [
            self._at_budget(place, tuple(tasks[name][place] for name in names[place]))
            for place in range(len(self._budgets))
        ]

    def _at_budget(self, place: int, tasks: tuple[TaskResults, ...]) -> Results:
        budget = self._budgets[place]
        suite = replace(self._suite, budget=budget)
        grid, checkpoints = _grid(budget.unit, budget.limit)
        return Results(
            manifest=self._manifest,
            methods=_methods(self._manifest, [key[1] for key in self._summaries[place]]),
            tasks=tasks,
            unit=budget.unit,
            limit=budget.limit,
            grid=grid,
            checkpoints=checkpoints,
            failures=tuple(one for one in self._store.failures() if one.get("budget", budget.limit) == budget.limit),
            planned=_planned(suite, self._manifest),
            mixed=mixtures(self._store),
            objectives=load_fronts(self._store, suite, grid),
        )

    def _task(self, name: str, frames: Callable[[str], Any]) -> list[TaskResults]:
        """One task at each budget."""
        opened = OpenedTask(name, self._suite, self._manifest["tasks"].get(name, {}))
        texts, rows = self._rows(name, frames)
        values = ArchitectureValues(opened.task, opened.at_hand is not None, texts, self._catalogue)
        return [
            self._summarized(opened, values, block, budget, summaries)
            for block, budget, summaries in zip(rows, self._budgets, self._summaries, strict=True)
        ]

    def _rows(self, name: str, frames: Callable[[str], Any]) -> tuple[list[str], list[dict[str, RunRows]]]:
        """The architectures of a task by code, and the rows of each method at each budget."""
        if not any(key[0] == name for summaries in self._summaries for key in summaries):
            return [], [{} for _ in self._budgets]
        frame = frames(name)
        rows = [dict(run_rows(frame[frame["budget"] == budget.limit])) for budget in self._budgets]
        return frame["architecture"].cat.categories.tolist(), rows

    def _summarized(
        self,
        opened: OpenedTask,
        values: ArchitectureValues,
        rows: dict[str, RunRows],
        budget: Budget,
        summaries: Mapping[tuple[str, str, int], Summary],
    ) -> TaskResults:
        grid, checkpoints = _grid(budget.unit, budget.limit)
        each = {
            "queries": 1.0,
            "epochs": max(opened.described.get("fidelities") or [0]),
            "cost_seconds": mean_seconds(opened.at_hand, rows),
        }
        own = {label: training_equivalents(block, each[budget.unit]) for label, block in rows.items()}
        endings = {
            label: np.array([_ending(summaries.get((opened.name, label, int(n)))) for n in block.numbers])
            for label, block in rows.items()
        }
        found = summarize(opened, values, rows, own, grid, checkpoints, endings)
        return replace(found, scores=opened.score_worths) if self._uses_scores and rows else found


def _is_of(summary: Summary, budget: Budget) -> bool:
    """Whether a run is of a budget; those that do not tell theirs are of the only one."""
    return isnan(summary.budget) or summary.budget == budget.limit


def _frames(store: StoredRows, rows: int) -> Callable[[str], Any]:
    """Reads the rows of a task: of a small store once for all tasks, of a large one task by task.

    Raises:
        StoreError: No run has a row.
    """
    if not rows:
        why = sorted({run.ended or "its own training took the budget" for run in store.summaries().values()})
        raise StoreError(
            f"{store.path}: every stored run ended before its first query ({'; '.join(why)}); correct the method, or "
            "give a larger budget and another --out"
        )
    if rows > READ_AT_ONCE:
        return lambda task: store.frame((*COLUMNS, "budget"), task=task)
    whole = store.frame(("task", *COLUMNS, "budget"))
    parts = {str(task): part for task, part in whole.groupby("task", observed=True)}

    def of_task(task: str) -> Any:
        none = whole.head(0)  # where every run ended before its first query
        part = parts.get(task, none).drop(columns="task").reset_index(drop=True)
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


def _ending(summary: Summary | None) -> tuple[float, float]:
    return (0.0, 0.0) if summary is None else (summary.unspent, float(bool(summary.ended)))
