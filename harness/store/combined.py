"""A results folder with the runs of archive entries beside its own, read like one results folder."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from equipoise.harness.core.errors import StoreError
from equipoise.harness.store.comparable import comparable, flags
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.frames import stacked
from equipoise.harness.store.no_results import no_results
from equipoise.harness.store.run_file import COLUMNS, Summary
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.stored_rows import StoredRows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CombinedStore"]


class CombinedStore:
    """Rows of a results folder and of what in entries was run under the same budget, protocol and rules.

    Where an entry has a label of the results, or of an entry before it, its runs of that label are left out.

    Args:
        own: The results.
        entries: What is put beside them.

    Raises:
        StoreError: The folder holds no results.
    """

    def __init__(self, own: RunStore, entries: Sequence[Entry]) -> None:
        self.path = own.path
        self._own, self._manifest = own, own.manifest()
        self._views: list[Entry] = []
        self.remarks: list[str] = []
        if self._manifest is None:
            raise no_results(own.path)
        for entry in entries:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        assert self._manifest is not None
        shared = comparable(self._manifest, entry)
        self.remarks += shared.differences
        if not shared:
            return
        labels = {method["label"] for method in self._manifest["suite"]["methods"]}
        here = {summary.method for summary in self._own.summaries().values()}
        twice = sorted({method["label"] for method in entry.manifest()["suite"]["methods"]} & (labels | here))
        view = entry.only(shared.tasks, shared.budgets, [*twice, *shared.without])
        if twice:
            said, names = "is used without" if view.summaries() else "adds nothing but", ", ".join(twice)
            self.remarks.append(f"{entry.name} {said} {names}: the results have runs of that name")
        if not view.summaries():
            return
        self.remarks += flags(entry)
        self._views.append(view)
        self._manifest = _joined(self._manifest, view, len(shared.differences) > 0)

    def manifest(self) -> dict[str, Any]:
        """The manifest of the results, with the methods of the entries; ``beside`` describes these."""
        return {**(self._manifest or {}), "remarks": self.remarks}

    def summaries(self) -> dict[str, Summary]:
        """All runs by run_id; those of entries are told apart from equal ones of the results."""
        found = dict(self._own.summaries())
        for view in self._views:
            found |= {f"{view.name}/{run_id}": summary for run_id, summary in view.summaries().items()}
        return found

    def failures(self) -> list[dict[str, Any]]:
        """Failures of the results."""
        return self._own.failures()

    def frame(self, columns: Sequence[str] | None = None, task: str | None = None) -> "pd.DataFrame":
        """All rows, in the order of `RunStore.frame`.

        Args:
            columns: Only these; all of `COLUMNS` by default.
            task: Only rows of this task.

        Raises:
            StoreError: There are none.
        """
        wanted = list(dict.fromkeys([*(columns or COLUMNS), "task", "method", "budget", "repeat", "query"]))
        stores: tuple[StoredRows, ...] = (self._own, *self._views)
        holding = [
            store for store in stores if any(task in (None, summary.task) for summary in store.summaries().values())
        ]
        if not holding:
            raise StoreError(f"{self.path}: no stored runs{f' of {task}' if task else ''}")
        frames = [store.frame(wanted, task) for store in holding]
        return stacked(frames, self.manifest()["suite"])[list(columns or COLUMNS)]


def _joined(manifest: Mapping[str, Any], view: Entry, in_part: bool) -> dict[str, Any]:
    """The manifest with the methods of a view, and a description of where they come from."""
    other, runs = view.manifest(), list(view.summaries().values())
    labels = {summary.method for summary in runs}
    held = {(summary.method, summary.task) for summary in runs}
    suite = dict(manifest["suite"])
    names = [task["name"] for task in suite["tasks"]]
    suite["methods"] = [*suite["methods"], *(entry for entry in other["suite"]["methods"] if entry["label"] in labels)]
    missing = [
        {"method": label, "task": task, "reason": f"no runs in {view.name}"}
        for label in sorted(labels)
        for task in names
        if (label, task) not in held
    ]
    beside = {
        "name": view.name,
        "version": view.description["version"],
        "authors": view.description["authors"],
        "methods": [entry["label"] for entry in other["suite"]["methods"] if entry["label"] in labels],
        "started": other["started"],
        "processors": sorted({session["machine"].get("processor", "unknown") for session in other["sessions"]}),
        "verified": view.description.get("verified"),
        "in_part": in_part,
    }
    return {
        **manifest,
        "suite": suite,
        "methods": {**manifest["methods"], **{label: other["methods"][label] for label in sorted(labels)}},
        "left_out": [*manifest["left_out"], *missing],
        "beside": [*manifest.get("beside", ()), beside],
    }
