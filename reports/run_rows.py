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
