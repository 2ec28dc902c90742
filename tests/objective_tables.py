"""A table with two objectives beside the validation error: a latency, and a sparsity that is to be large."""

from pathlib import Path

from made_tables import HEADER, rows, write

from equipoise.harness.core.task import Objective
from equipoise.harness.tables.header import TableHeader

LATENCY = Objective("latency", "ms", reference=20.0, ideal=0.0)
SHARE = Objective("sparsity", "", minimise=False)


def table_with_objectives(path: Path, **changes: object) -> Path:
    """Writes the table; changes are made to its last row."""
    header = TableHeader(**{**vars(HEADER), "objectives": (LATENCY, SHARE)})
    some = [
        {**row, "objective:latency": 5.0 + n if row["fidelity"] == 200 else None, "objective:sparsity": 0.1 * n}
        for n, row in enumerate(rows())
    ]
    some[-1].update(changes)
    return write(path, some, header)
