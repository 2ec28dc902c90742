"""An entry of an archive: packed runs and their description, read like a results folder."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import EquipoiseError, StoreError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.description import read_description
from equipoise.harness.store.packed_checks import check_names, check_plan
from equipoise.harness.store.packed_table import PackedTable
from equipoise.harness.store.rebuilt import STATUSES, Architectures, RebuiltRows
from equipoise.harness.store.run_file import COLUMNS, RUN, Summary

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DESCRIPTION", "RUNS", "Entry"]

RUNS, DESCRIPTION = "runs.parquet", "entry.json"


class Entry:
    """A folder with ``runs.parquet`` and ``entry.json``; its rows are those of the results it was packed from.

    Only ``overhead_seconds`` differ: the sum over a run is kept, and rows share it equally.

    Args:
        path: The folder.

    Raises:
        StoreError: It holds no entry.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.description = read_description(path / DESCRIPTION)
        self.name: str = self.description["name"]
        try:
            self.suite = Suite.from_dict({**self.manifest()["suite"], "folder": str(path / "code")})
        except EquipoiseError as error:
            raise StoreError(f"{path / DESCRIPTION}: {error}") from error
        check_names(self.suite, path / DESCRIPTION)
        check_plan(self.suite, path / DESCRIPTION)
        self._packed = PackedTable(path / RUNS, self.suite)
        self._keep: npt.NDArray[np.bool_] | None = None
        self._summaries: dict[str, Summary] | None = None

    def manifest(self) -> dict[str, Any]:
        """The manifest of the results that were packed, without the commands."""
        manifest: dict[str, Any] = self.description["manifest"]
        return manifest

    def only(self, tasks: Iterable[str], budgets: Iterable[float], without: Iterable[str] = ()) -> "Entry":
        """A view of the runs on some tasks with some budgets, without some methods.

        Args:
            tasks: Their names.
            budgets: Their amounts.
            without: Labels.
        """
        view, runs = copy(self), self._packed.runs
        view._summaries = None
        kept = runs["task"].isin(list(tasks)) & runs["budget"].isin(list(budgets)) & ~runs["method"].isin(list(without))
        view._keep = kept.to_numpy() if self._keep is None else kept.to_numpy() & self._keep
        return view

    def first(self, repeats: int) -> "Entry":
        """A view of the first repeats.

        Args:
            repeats: The number of the last one.
        """
        view, kept = copy(self), (self._packed.runs["repeat"] <= repeats).to_numpy()
        view._summaries = None
        view._keep = kept if self._keep is None else kept & self._keep
        return view

    # Reading, as of a results folder.

    def summaries(self) -> dict[str, Summary]:
        """The runs by run_id.

        Raises:
            StoreError: The file is damaged.
        """
        if self._summaries is None:
            names = list(Summary.__dataclass_fields__)[1:]
            rows = zip(*(self._chosen[name].tolist() for name in names), strict=True)
            of, key = self._run_ids, itemgetter(*map(names.index, RUN))
            found = [Summary(of[key(row)], *row) for row in rows]
            self._summaries = {summary.run_id: summary for summary in found}
        return self._summaries

    def failures(self) -> list[dict[str, Any]]:
        """No failures: an entry holds finished runs."""
        return []

    def has(self, spec: RunSpec) -> bool:
        """Whether the rows of a run are there."""
        return spec.run_id in self.summaries()

    def frame(self, columns: Sequence[str] | None = None, task: str | None = None) -> "pd.DataFrame":
        """All rows, in the order of `equipoise.harness.store.run_store.RunStore.frame`.

        Args:
            columns: Only these; all of `COLUMNS` by default.
            task: Only rows of this task.

        Raises:
            StoreError: There are none, or the data of a task is missing here.
        """
        from equipoise.harness.store.frames import stacked

        chosen = self._chosen if task is None else self._chosen[self._chosen["task"] == task]
        if chosen.empty:
            raise StoreError(f"{self.path}: no runs{f' of {task}' if task else ''}")
        parts = [self._rows(name, chosen[chosen["task"] == name]) for name in chosen["task"].unique().tolist()]
        return stacked(parts, self.manifest()["suite"])[list(columns or COLUMNS)]

    def rows_of(self, run_ids: Iterable[str]) -> Iterator[tuple[str, "pd.DataFrame"]]:
        """The rows of some runs, run by run.

        Args:
            run_ids: Of runs that are there.
        """
        wanted, ids = set(run_ids), self._run_ids
        for position in range(len(self._chosen)):
            run = self._chosen.iloc[position : position + 1]
            task, method, budget, repeat = run[["task", "method", "budget", "repeat"]].iloc[0]
            if (run_id := ids[task, method, budget, repeat]) in wanted:
                yield run_id, self._rows(task, run)

    def departures(self, column: str) -> list[str]:
        """The runs, by run_id, that hold values of their own in a column: not those of full training in the tables."""
        own = self._packed.departures(column)
        own = own if self._keep is None else own[self._keep]
        return [run_id for run_id, departs in zip(self.summaries(), own.tolist(), strict=True) if departs]

    # What is read once.

    @property
    def _chosen(self) -> "pd.DataFrame":
        return self._packed.runs if self._keep is None else self._packed.runs[self._keep]

    @cached_property
    def _run_ids(self) -> Mapping[tuple[str, str, float, int], str]:
        return {(spec.task, spec.label, spec.budget.limit, spec.repeat): spec.run_id for spec in self.suite.runs()}

    @cached_property
    def _rebuild(self) -> Callable[[str], RebuiltRows]:
        known: dict[str, RebuiltRows] = {}
        spaces: dict[SearchSpace, Architectures] = {}

        def of(name: str) -> RebuiltRows:
            if name not in known:
                task = load_task(self.suite.address(name), self.suite.protocol.noise)
                if (reason := task.skip()) is not None:
                    raise StoreError(f"{self.path}: the rows on {name} need its data; it {reason}")
                architectures = spaces.setdefault(task.space, Architectures(task.space))
                known[name] = RebuiltRows(task, self.suite.budget.unit, architectures)
            return known[name]

        return of

    def _rows(self, name: str, runs: "pd.DataFrame") -> "pd.DataFrame":
        """The rows of some runs on one task."""
        import pandas as pd

        table, rebuild, places = self._packed, self._rebuild(name), runs.index.to_numpy()
        lengths = runs["queries"].to_numpy(np.int64)
        numbers = table.proposals(places, lengths, name, rebuild.codes)
        columns = table.overridden(rebuild.columns(numbers, lengths) or {}, places, lengths)
        distinct, place = np.unique(numbers, return_inverse=True)
        each = {key: np.repeat(runs[key].to_numpy(), lengths) for key in ("method", "budget", "repeat")}
        each["repeat"] = each["repeat"].astype(np.int32)
        overhead = runs["overhead_seconds"].to_numpy(np.float64) / np.maximum(lengths, 1)
        fidelity = columns["fidelity"]
        return pd.DataFrame(
            {
                "task": pd.Categorical([name]).repeat(len(numbers)),
                **each,
                "method": pd.Categorical(each["method"]),
                "query": (np.arange(len(numbers)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1).astype(
                    np.int32
                ),
                "architecture": pd.Categorical.from_codes(place, pd.Index(rebuild.texts(distinct))),
                "fidelity": fidelity if np.isnan(fidelity).any() else fidelity.astype(np.int32),
                **{key: columns[key] for key in ("validation_error", "charge", "training_charge", "cost_seconds")},
                "overhead_seconds": np.repeat(overhead, lengths).astype(np.float32),
                "status": pd.Categorical.from_codes(columns["status"], pd.Index(STATUSES)),
            }
        )
