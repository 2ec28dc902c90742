"""From the sorted rows of a task to one block of padded arrays per method."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from equipoise.reports.incumbents import RunRows

__all__ = ["COLUMNS", "run_rows"]

COLUMNS = (
    "method", "repeat", "query", "architecture", "fidelity", "validation_error", "charge", "cost_seconds",
    "overhead_seconds", "training_charge", "status",
)  # fmt: skip
"""The columns that are read, besides the budget."""
STATUSES = {"ok": 0, "duplicate": 1, "invalid": 2}


def run_rows(frame: Any) -> Iterator[tuple[str, RunRows]]:
    """Splits the sorted frame of a task into one block of padded arrays per method."""
    method = frame["method"].cat.codes.to_numpy()
    for number, label in enumerate(frame["method"].cat.categories):
        first, last = np.searchsorted(method, [number, number + 1])
        if first < last:
            yield str(label), _block(frame.iloc[first:last])


def _block(frame: Any) -> RunRows:
    """The rows of one method, sorted by repeat and query."""
    numbers, starts, lengths = np.unique(frame["repeat"].to_numpy(np.int64), return_index=True, return_counts=True)
    shape = (len(numbers), int(lengths.max()))
    run = np.repeat(np.arange(len(numbers)), lengths)
    place = np.arange(len(frame)) - np.repeat(starts, lengths)

    def padded(values: Any, fill: float) -> Any:
        if len(values) == shape[0] * shape[1]:
            return values.reshape(shape)
        block = np.full(shape, fill, dtype=values.dtype)
        block[run, place] = values
        return block

    statuses = np.array([STATUSES[status] for status in frame["status"].cat.categories])
    status = statuses[frame["status"].cat.codes.to_numpy()]
    error = frame["validation_error"].to_numpy(np.float64)
    return RunRows(
        numbers=numbers,
        lengths=lengths,
        code=padded(frame["architecture"].cat.codes.to_numpy(np.int64), -1),
        error=padded(np.where((status == STATUSES["invalid"]) | np.isnan(error), np.inf, error), np.inf),
        fidelity=padded(np.nan_to_num(frame["fidelity"].to_numpy(np.float64)).astype(np.int64), 0),
        charge=padded(frame["charge"].to_numpy(np.float64), 0),
        seconds=padded(frame["cost_seconds"].to_numpy(np.float64), 0),
        overhead=padded(frame["overhead_seconds"].to_numpy(np.float64), 0),
        status=padded(status, -1),
        training_charge=padded(np.nan_to_num(frame["training_charge"].to_numpy(np.float64)), 0),
    )
