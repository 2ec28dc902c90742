"""Whether stored runs repeat."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from equipoise.harness.core.errors import StoreError, SuiteError
from equipoise.harness.core.method_code import code_of
from equipoise.harness.core.objectives import measured_objectives, spread_of
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import Task
from equipoise.harness.core.trajectory import objective_columns
from equipoise.harness.engine.objectives import Recorded
from equipoise.harness.engine.worker import execute_run, forget_tasks
from equipoise.harness.store.code_versions import changed, mixtures
from equipoise.harness.store.manifest import made_elsewhere
from equipoise.harness.store.overview import opened
from equipoise.harness.store.stored_rows import StoredRows
from equipoise.harness.store.task_data import check_same_data, described

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VerifiableRuns", "verify", "verify_runs"]


class VerifiableRuns(StoredRows, Protocol):
    """Stored runs whose rows are read run by run: a results folder, or an entry of an archive."""

    def has(self, spec: RunSpec) -> bool:
        """Whether the rows of a run are stored."""

    def rows_of(self, run_ids: Iterable[str]) -> Iterator[tuple[str, "pd.DataFrame"]]:
        """The rows of some runs, run by run."""


def verify(folder: Path, sample: int, say: Callable[[str], None]) -> int:
    """Repeats a random sample of the stored runs and compares every value but the measured ones.

    Times are measured, and objectives that a task marks so: a repeated run is told the stored measurements, since a
    method decides by them, and measures none.

    Of each method there are as many runs in the sample as of any other, within one, where so many are stored.
    Where a task measures its cost and the budget is in seconds, the number of rows hangs on time: the rows that both
    have are compared.

    Returns:
        0 if all agree, 1 if not.

    Raises:
        StoreError: There is nothing to verify, or the data here are not those of the stored runs.
    """
    return verify_runs(*opened(folder), sample, say)


def verify_runs(store: VerifiableRuns, suite: Suite, sample: int, say: Callable[[str], None]) -> int:
    """The same for runs at hand.

    Args:
        store: Holds the runs.
        suite: Asks for them.
        sample: How many are repeated.
        say: Takes one line per run, and the outcome.
    """
    if sample < 1:
        raise SuiteError(f"--sample {sample} is not a positive whole number")
    stored = [spec for spec in suite.runs() if store.has(spec)]
    if not stored:
        raise StoreError(f"{store.path}: no stored runs to verify")
    forget_tasks()
    tasks = tuple(dict.fromkeys(spec.task for spec in stored))
    manifest = store.manifest() or {}
    history = [name for name in suite.protocol.history if name in manifest.get("history", {})]
    check_same_data(manifest, described(suite, (*tasks, *history)), store.path)
    chosen = {spec.run_id: spec for spec in _sampled(stored, sample, np.random.default_rng())}
    wrong = 0
    for run_id, rows in store.rows_of(chosen):
        spec = chosen[run_id]
        difference = _difference(store, spec, rows)
        wrong += difference is not None
        said = f"differs{difference}" if difference else "same"
        budget = f" of {spec.budget}" if len(suite.budgets) > 1 else ""
        say(f"{spec.label} on {spec.task}, repeat {spec.repeat}{budget}: {said}")
    for label, told_of in mixtures(store).items():
        say(f"mixed: {label}: {told_of}")
    for task in tasks:
        if measured := _measured(suite.address(task), suite):
            say(f"not compared on {task}: {', '.join(measured)}, measured on the machine of the run")
    codes = {entry.label: code_of(load_method(suite.address(entry.name)), entry.settings) for entry in suite.methods}
    for label, count in changed(store, stored, codes).items():
        say(f"changed: {label}: {count} of its runs were executed by other code than this")
    say(f"{len(chosen) - wrong} of {len(chosen)} runs repeat bit for bit")
    if wrong and (told := made_elsewhere(manifest)):
        say(f"{told}: what a method computes in floating point may be rounded differently there")
    return 1 if wrong else 0


def _sampled(stored: Sequence[RunSpec], sample: int, rng: np.random.Generator) -> list[RunSpec]:
    """Draws runs without replacement, one of each method in turn."""
    left: dict[str, list[RunSpec]] = {}
    for number in rng.permutation(len(stored)):
        left.setdefault(stored[number].label, []).append(stored[number])
    chosen: list[RunSpec] = []
    while left and len(chosen) < sample:
        for label in list(left)[: sample - len(chosen)]:
            chosen.append(left[label].pop())
            if not left[label]:
                del left[label]
    return chosen


def _measured(address: str, suite: Suite | RunSpec) -> list[str]:
    """The objectives of a suite that a task measures."""
    names = measured_objectives(suite.objectives, suite.constraints)
    known = {one.name for one in load_task(address, suite.protocol.noise).info.objectives if one.measured}
    return [name for name in names if name in known]


def _columns_of(spec: RunSpec) -> dict[str, str]:
    """The columns that hold measurements of a run, with the objectives and spreads in them."""
    names = [part for one in _measured(spec.task_address, spec) for part in (one, spread_of(one))]
    return {f"objective:{name}": name for name in names}


def _recorded(task: Task, spec: RunSpec, rows: "pd.DataFrame") -> Recorded:
    """The stored measurements of a run, by architecture and epochs."""
    columns = {name: column for column, name in _columns_of(spec).items() if column in rows}
    found: dict[tuple[Architecture, int | None], list[Mapping[str, float]]] = {}
    for row in rows[rows["status"] != "invalid"].to_dict("records") if columns else ():
        told = {name: float(row[column]) for name, column in columns.items() if row[column] == row[column]}
        epochs = int(row["fidelity"]) if row["fidelity"] == row["fidelity"] else None
        found.setdefault((task.space.parse(row["architecture"]), epochs), []).append(told)
    return found


def _difference(store: VerifiableRuns, spec: RunSpec, old: "pd.DataFrame") -> str | None:
    task = load_task(spec.task_address, spec.protocol.noise)
    try:
        new = execute_run(spec, ignore_cache=True, recorded=_recorded(task, spec, old)).trajectory
    except Exception as error:  # whatever it is, the run does not repeat
        return f": cannot be repeated ({type(error).__name__}: {error})"
    timed = task.info.measured_cost and spec.budget.unit == "cost_seconds"
    if timed:
        old = old.head(len(new))
    elif len(old) != len(new):
        return f": {len(old)} rows stored, {len(new)} now"
    compared = ["validation_error", "status", "charge", "cost_seconds"]
    if task.info.measured_cost:
        compared = compared[: 2 if timed else 3]
    now = {name: getattr(new, name) for name in compared}
    if (
        "charge" in compared and "training_charge" in old and not old["training_charge"].isna().any()
    ):  # older versions did not store it
        now["training_charge"] = new.training_charge
    named = [name for name in map(str, old) if name.startswith("objective:") and not old[name].isna().all()]
    objectives = objective_columns(new.objectives)
    if sorted(named) != sorted(name for name, values in objectives.items() if not all(map(isnan, values))):
        return f": objectives {', '.join(named) or 'none'} stored, {', '.join(objectives) or 'none'} now"
    told_again = _columns_of(spec)
    now.update({name: objectives[name] for name in named if name not in told_again})
    now["architecture"] = [task.space.format(architecture) for architecture in new.architecture]
    now["fidelity"] = [float("nan") if epochs is None else float(epochs) for epochs in new.fidelity]
    old = old.assign(fidelity=old.fidelity.astype(float))
    for column, values in now.items():
        for query, (before, after) in enumerate(zip(old[column], values, strict=not timed), 1):
            if str(before) != str(after):  # exact for floats, and NaN equals NaN
                return f": query {query}, {column} was {before}, now {after}"
    summary = store.summaries()[spec.run_id]
    if not task.info.measured_cost and (summary.unspent, summary.ended) != (new.unspent, new.ended):
        return f": ended with {summary.unspent:g} left ({summary.ended}), now with {new.unspent:g} ({new.ended})"
    return None
