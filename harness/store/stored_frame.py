"""The rows of the run files of a store as one frame, in the order of its manifest."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.errors import StoreError
from equipoise.harness.store.format_1 import derive_training_charge
from equipoise.harness.store.run_file import COLUMNS, RUN
from equipoise.harness.store.run_file_reader import checked_rows, read_part

# pyarrow and pandas are imported where they are used: a worker starts to search before it needs to read.
if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["frame_of"]


def frame_of(
    path: Path,
    entries: Mapping[Path, Sequence[Mapping[str, Any]]],
    suite: Mapping[str, Any],
    columns: Sequence[str] | None,
    task: str | None,
    as_stored: bool,
) -> "pd.DataFrame":
    """Joins the rows of run files, sorted by task, method, budget, repeat and query; see `RunStore.frame`.

    Args:
        path: The results folder, for errors.
        entries: The run files, at least one, and the summaries of the runs in each.
        suite: Of the manifest; empty if there is none.
        columns: Only these; all of `COLUMNS` and the objectives by default.
        task: Only rows of this task.
        as_stored: Whether to leave NaN where ``training_charge`` was not stored.

    Raises:
        GoneError: A file is no longer there.
        StoreError: A file is damaged, or two runs have one name.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wanted = list(dict.fromkeys([*(columns or COLUMNS), *RUN, "query"]))
    derived = "training_charge" in wanted and not as_stored
    held = list(chain.from_iterable(entries.values()))
    ids = [entry["run_id"] for entry in held if task in (None, entry["task"])]
    tables = []
    for part, runs in entries.items():
        table = read_part(part, partial(_rows_of, part, runs, wanted, columns is None, derived))
        tables.append(table if task is None else table.filter(pc.equal(table["task"], task)))
    joined = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    for name in wanted:
        if name not in joined.column_names:
            joined = joined.append_column(name, pa.nulls(len(joined), pa.float64()))
    frame: pd.DataFrame = joined.to_pandas()
    if derived and frame["training_charge"].isna().any():
        derive_training_charge(frame, suite)
    for column, key in (("task", "tasks"), ("method", "methods")):
        listed = [entry.get("label", entry["name"]) for entry in suite.get(key, [])]
        present = sorted(frame[column].cat.categories)
        order = [name for name in listed if name in present] + [name for name in present if name not in listed]
        frame[column] = frame[column].cat.set_categories(order)
    for column in {"architecture", "status"} & set(wanted):  # whatever order the parts came in
        frame[column] = frame[column].cat.set_categories(sorted(frame[column].cat.categories))
    frame = frame.sort_values([*RUN, "query"], ignore_index=True, kind="stable")
    _refuse_two_of_a_kind(path, held)
    if len(ids) > len(set(ids)):  # a run was stored twice
        frame = frame.drop_duplicates([*RUN, "query"], ignore_index=True)
    if columns is None:
        columns = [*COLUMNS, *sorted(name for name in map(str, frame) if name.startswith("objective:"))]
    return frame[list(columns)]


def _rows_of(
    part: Path,
    runs: Sequence[Mapping[str, Any]],
    wanted: Sequence[str],
    objectives: bool,
    derived: bool,
    file: "pq.ParquetFile",
) -> "pa.Table":
    """The columns of a run file; the budget is that of the summaries where the rows do not tell it."""
    table = checked_rows(file.read(columns=_present(file, wanted, objectives, derived)), file, part)
    if "budget" in table.column_names:
        return table
    budgets = np.repeat([float(run["budget"]) for run in runs], [run["queries"] for run in runs])
    return table.append_column("budget", [budgets])


def _present(file: "pq.ParquetFile", wanted: Sequence[str], objectives: bool, derived: bool) -> list[str]:
    """The columns to read from one file: those wanted that it has, and what an absent one is derived from."""
    stored = file.schema_arrow.names
    found = [name for name in wanted if name in stored]
    if objectives:
        found += [name for name in stored if name.startswith("objective:")]
    if derived and "training_charge" not in stored:
        found += [name for name in ("charge", "status", "fidelity", "cost_seconds") if name not in found]
    return found


def _refuse_two_of_a_kind(path: Path, entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuses two different runs under one name: they would be read as one of twice the length.

    Raises:
        StoreError: There are some.
    """
    known: dict[tuple[str, str, int, float], str] = {}
    for entry in entries:
        name = (entry["task"], entry["method"], entry["repeat"], entry["budget"])
        if known.setdefault(name, entry["run_id"]) != entry["run_id"]:
            raise StoreError(
                f"{path}: repeat {name[2]} of {name[1]} on {name[0]} is stored twice, from two suites; move the files "
                f"of one away (runs {known[name][:8]} and {entry['run_id'][:8]} in {path / 'runs'})"
            )
