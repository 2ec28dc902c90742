"""Contents of an explorer page: descriptions for JSON and packed blocks, of tasks or of a results folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import EquipoiseError, SuiteError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.combined import CombinedStore
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.overview import opened
from equipoise.reports.explorer.landscape import pack_space, pack_task
from equipoise.reports.explorer.points import Points, points_of
from equipoise.reports.explorer.searches import Searches, methods_of, pack_searches
from equipoise.reports.load import load, load_entry

__all__ = ["Contents", "Explorer"]

UNITS = {"queries": "queries", "cost_seconds": "seconds of training", "epochs": "epochs"}
"""Units of budgets, as the page shows them."""
MOST_REPEATS = 20
"""Of an entry of an archive, so that its page is small."""


@dataclass
class Contents:
    """Everything that a page shows.

    Attributes:
        description: For JSON.
        blocks: Packed arrays by key.
    """

    description: dict[str, Any]
    blocks: dict[str, str] = field(default_factory=dict)


class Explorer:
    """Reads what pages show, and keeps what does not change while a suite runs: the landscapes."""

    def __init__(self) -> None:
        self._points: dict[str, Points] = {}
        self._spaces: dict[tuple[object, int], str] = {}
        self._tasks: dict[str, dict[str, Any]] = {}
        self._blocks: dict[str, str] = {}
        self._described_spaces: dict[str, dict[str, Any]] = {}

    def of_tasks(self, names: Sequence[str]) -> Contents:
        """The landscapes of tasks, without runs.

        Raises:
            EquipoiseError: A task is unknown, its data is missing, or its landscape is unknown.
        """
        for name in names:
            self._landscape(name, points_of(load_task(name)))
        title = self._tasks[names[0]]["title"] if len(names) == 1 else f"{len(names)} tasks"
        return self._contents(title, [self._tasks[name] for name in names], {"methods": []})

    def of_folder(self, folder: Path, beside: Sequence[Entry] = ()) -> Contents:
        """The landscapes of the tasks of a results folder, with its runs at each budget.

        Args:
            folder: The results folder.
            beside: Entries of an archive, whose runs under the same rules are shown too.

        Raises:
            StoreError: It holds no results, or a part is damaged.
        """
        store, suite = opened(folder)
        if not store.summaries():
            return self._of_suite(folder, suite)
        results = load(folder, beside)
        notes = [
            f"From {one['name']} {one['version']}: {', '.join(one['methods'])}."
            for one in results.manifest.get("beside", ())
        ]
        searches = Searches(CombinedStore(store, beside) if beside else store, results)
        return self._of_searches(str(folder), suite, searches, notes)

    def of_entry(self, entry: Entry) -> Contents:
        """The landscapes of the tasks of an entry of an archive, with the first of its repeats at each budget."""
        most = max((summary.repeat for summary in entry.summaries().values()), default=0)
        shown = entry.first(MOST_REPEATS)
        searches = Searches(shown, load_entry(shown))
        searches.store = shown.first(searches.repeats)
        made = f"Runs of {entry.name} {entry.description['version']}, by {', '.join(entry.description['authors'])}"
        part = f": of up to {most} repeats per method, the first {MOST_REPEATS}" if most > MOST_REPEATS else ""
        return self._of_searches(str(entry.path), entry.suite, searches, [f"{made}{part}."])

    def _of_searches(self, place: str, suite: Suite, searches: Searches, notes: list[str]) -> Contents:
        """The landscapes of the tasks of some runs, with these."""
        tasks, blocks, results = [], {}, searches.results
        every = (*results.smaller, results)
        for number, task in enumerate(results.tasks):
            try:
                entry, points = self._entry(suite, task.name, searches if task.runs else None)
            except EquipoiseError as error:
                notes.append(f"{task.title} is not shown: {error}")
                continue
            packed: list[dict[str, Any] | None] = []
            for at in every:
                of_budget, key = at.tasks[number], f"runs {task.name}" + f" {at.limit:g}" * (at is not results)
                if not of_budget.runs:
                    packed.append(None)
                    continue
                found = pack_searches(searches, at, of_budget, points)
                packed.append({**found.description, "block": key})
                blocks[key] = found.block
            *entry["smaller"], entry["runs"] = packed
            tasks.append(entry)
        if not tasks:
            raise SuiteError(f"{place}: no task of it can be shown; {'; '.join(notes)}")
        if searches.repeats < searches.most:
            notes.append(
                f"Replay has the first {searches.repeats} of up to {searches.most} repeats per method and task; curves "
                f"are of all {searches.most}."
            )
        counts = [int(sum(len(runs.numbers) for task in at.tasks for runs in task.runs.values())) for at in every]
        more = {
            "methods": methods_of(results),
            "unit": UNITS[results.unit],
            "limit": results.limit,
            "budgets": [{"limit": at.limit, "runs": count} for at, count in zip(every, counts, strict=True)],
            "notes": notes,
            "runs": counts[-1],
            "mixed": dict(results.mixed),
        }
        contents = self._contents(suite.name, tasks, more)
        contents.blocks.update(blocks)
        return contents

    def _of_suite(self, folder: Path, suite: Suite) -> Contents:
        """The landscapes of a suite that has no finished run."""
        tasks, notes = [], ["No finished run is stored yet."]
        for name in suite.tasks:
            try:
                tasks.append(self._entry(suite, name, None)[0])
            except EquipoiseError as error:
                notes.append(f"{name} is not shown: {error}")
        if not tasks:
            raise SuiteError(f"{folder}: no task of it can be shown; {'; '.join(notes)}")
        unit, limit = UNITS[suite.budget.unit], suite.budget.limit
        more = {"methods": [], "notes": notes, "unit": unit, "limit": limit}
        return self._contents(suite.name, tasks, more)

    def _entry(self, suite: Suite, name: str, searches: Searches | None) -> tuple[dict[str, Any], Points]:
        """A task for JSON, without runs, and its points; read once where they are the whole space."""
        points = self._points.get(name)
        if points is None or points.origin:
            task = load_task(suite.address(name), suite.protocol.noise)
            points = self._landscape(name, points_of(task, searches.proposed(name, task.space) if searches else ()))
        return dict(self._tasks[name]), points

    def _landscape(self, name: str, points: Points) -> Points:
        """Packs the landscape of a task, and that of its space unless another task has brought it."""
        space = points.task.space
        known = (space, len(points.architectures)) if not points.origin else (name, len(points.architectures))
        if known not in self._spaces:
            key = self._spaces[known] = f"space {len(self._spaces)}"
            packed = pack_space(space, points.architectures)
            self._described_spaces[key], self._blocks[key] = packed.description, packed.block
        packed = pack_task(points, self._spaces[known])
        key = f"task {name}"
        self._tasks[name] = {**packed.description, "name": name, "block": key, "runs": None, "smaller": []}
        self._blocks[key] = packed.block
        self._points[name] = points
        return points

    def _contents(self, title: str, tasks: list[dict[str, Any]], more: dict[str, Any]) -> Contents:
        used = {task["space"] for task in tasks}
        described = {
            "title": title,
            "tasks": tasks,
            "spaces": {
                key: {**self._described_spaces[key], "block": key} for key in self._described_spaces if key in used
            },
            "loss": _loss(tasks),
            "unit": "queries",
            "limit": 0,
            "budgets": [],
            "notes": [],
            "runs": 0,
            **more,
        }
        wanted = used | {task["block"] for task in tasks}
        return Contents(described, {key: self._blocks[key] for key in self._blocks if key in wanted})


def _loss(tasks: Sequence[dict[str, Any]]) -> float:
    """The largest relative difference that quantising made to a size or latency."""
    quantised = [column for task in tasks for column in task["columns"] if column["codec"] != "exact"]
    floor = np.finfo(float).tiny
    return max(
        (c["loss"] if c["codec"] == "log" else c["loss"] / max(abs(c["low"]), floor) for c in quantised), default=0.0
    )
