"""Checks of packed runs that somebody else may have written."""

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.errors import StoreError, one_line
from equipoise.harness.core.registry import benchmark_names
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.proposal_codes import NEEDED, STREAMS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bytes_of", "check_columns", "check_names", "check_numbers", "check_plan", "check_runs", "check_size"]

MOST_VALUES = 1 << 26
"""Numbers and texts in a file, and proposals of all its runs: half a gigabyte. The reference has a million."""
MOST_RUNS = 1 << 20
"""Runs that the suite of an entry may ask for; that of the reference asks for a tenth."""

COLUMNS = {
    "task": "string",
    "method": "string",
    "budget": "double",
    "repeat": "int32",
    "queries": "int32",
    "unspent": "double",
    "ended": "string",
    "process_seconds": "float",
    "overhead_seconds": "float",
    "code": "string",
}
"""The types of the columns with one value per run, texts as dictionaries or not; none of them is null."""
LISTS = {
    "proposals": "uint32",
    "fidelity": "double",
    "validation_error": "double",
    "charge": "double",
    "training_charge": "double",
    "cost_seconds": "double",
    "status": "int8",
}
"""The types in the columns with a list per run."""


def check_size(metadata: Any, where: Path) -> None:
    """Refuses a Parquet file by its footer, before it is read: a few kilobytes may unfold to gigabytes.

    Raises:
        StoreError: It has too many values.
    """
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    values = sum(group.column(column).num_values for group in groups for column in range(group.num_columns))
    if values > MOST_VALUES:
        raise StoreError(f"{where}: {values:,} values; packed runs have up to {MOST_VALUES:,}")


def check_columns(table: Any, where: Path) -> None:
    """Refuses columns that are missing, of another type than `packed_runs` writes, or null where it writes values.

    Raises:
        StoreError: There are some.
    """
    names = table.column_names
    if missing := {*COLUMNS, *(("proposals",) if "proposals" in names else NEEDED)} - set(names):
        raise StoreError(f"{where}: no file of packed runs: it has no column '{min(missing)}'")
    for name, column in zip(names, table.columns, strict=True):
        if names.count(name) > 1 or not _fits(name, column):
            told = one_line(f"'{name}' of {column.type}", 120)
            raise StoreError(f"{where}: damaged (column {told} is there twice, of another type, or has missing values)")


def _fits(name: str, column: Any) -> bool:
    """Whether a column has the type of its name, and no value is null."""
    import pyarrow as pa

    inside = str(getattr(column.type, "value_type", column.type))
    if name in LISTS:
        known = pa.types.is_list(column.type) and inside == LISTS[name]
        return known and column.combine_chunks().values.null_count == 0
    if name in STREAMS:
        return inside == "binary"
    return name not in COLUMNS or (inside == COLUMNS[name] and column.null_count == 0)


def check_plan(suite: Suite, where: Path) -> None:
    """Refuses a suite whose runs take long to list.

    Raises:
        StoreError: It asks for too many.
    """
    repeats = sum(method.repeats or suite.protocol.repeats for method in suite.methods)
    if (runs := repeats * len(suite.tasks) * len(suite.budgets)) > MOST_RUNS:
        raise StoreError(f"{where}: its suite asks for {runs:,} runs; entries have up to {MOST_RUNS:,}")


def check_names(suite: Suite, where: Path) -> None:
    """Refuses names that lead to files: reading an entry must execute nothing that came with it.

    Raises:
        StoreError: A task is given by path, or a method by more than the name of a file.
    """
    for task in suite.tasks:
        if task.partition("/")[0].replace("-", "_") not in benchmark_names():
            raise StoreError(f"{where}: task '{one_line(task, 80)}'; entries hold tasks of the benchmarks here alone")
    for method in suite.methods:
        if method.name.endswith(".py") and not method.name.removesuffix(".py").isidentifier():
            raise StoreError(f"{where}: method '{one_line(method.name, 80)}'; accepted: the name of a file in code/")


def check_runs(runs: "pd.DataFrame", suite: Suite, where: Path) -> None:
    """Refuses runs that are there twice, or that the suite does not ask for.

    Raises:
        StoreError: There are some.
    """
    names = ["task", "method", "budget", "repeat"]
    most = {method.label: method.repeats or suite.protocol.repeats for method in suite.methods}
    known = (
        runs["task"].isin(suite.tasks)
        & runs["budget"].isin([budget.limit for budget in suite.budgets])
        & runs["repeat"].between(1, runs["method"].map(most).fillna(0))
    )
    if runs.duplicated(names).any() or not known.all() or (runs["queries"] < 0).any():
        raise StoreError(f"{where}: damaged (runs that are there twice, or that its suite does not ask for)")
    if (proposals := int(runs["queries"].sum())) > MOST_VALUES:
        raise StoreError(f"{where}: {proposals:,} proposals; packed runs have up to {MOST_VALUES:,}")


def check_numbers(numbers: Any, cardinalities: tuple[int, ...], where: Path) -> None:
    """Refuses numbers of architectures beyond the last one.

    Raises:
        StoreError: There are some.
    """
    if len(numbers) and int(np.max(numbers)) >= prod(cardinalities):
        raise StoreError(f"{where}: damaged (a number of an architecture beyond the last one)")


def bytes_of(column: Any, most: int, where: Path) -> tuple[Any, Any]:
    """The bytes of a column with a text of bytes per run, one after the other, and how many each run has.

    Args:
        column: As a dictionary; null for runs that have none.
        most: The accepted number of bytes.
        where: The file.

    Raises:
        StoreError: There are more.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    each = pc.binary_length(column.dictionary).fill_null(0).to_numpy(zero_copy_only=False)
    places = column.indices.fill_null(0).to_numpy(zero_copy_only=False)
    lengths = np.where(column.is_valid().to_numpy(False), each[places] if len(each) else 0, 0).astype(np.int64)
    if int(lengths.sum()) > most:
        raise StoreError(f"{where}: damaged (more codes of proposals than proposals)")
    texts = column.dictionary_decode().fill_null(b"")
    return np.frombuffer(b"".join(texts.to_pylist()), np.uint8), lengths
