"""A table of six architectures, two fidelities and two seeds, and a writer that checks nothing."""

import gzip
import json
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from equipoise.harness.core.space import Decision
from equipoise.harness.core.task import Metric
from equipoise.harness.spaces._declared import DeclaredProduct
from equipoise.harness.tables.header import TableHeader

SPACE = DeclaredProduct("made", (Decision("lr", ("1e-1", "1e-2", "1e-3")), Decision("depth", ("2", "4"))), "me")
HEADER = TableHeader(
    name="mine/data",
    space=SPACE,
    metric=Metric.accuracy(),
    source="me",
    licence="CC0",
    validation="valid",
    test="test",
    cost="seconds",
    fidelities=(12, 200),
    seeds=(7, 9),
    citation="@misc{me}",
)
CELLS = list(product(SPACE.enumerate(), HEADER.fidelities, HEADER.seeds))
Row = dict[str, object]


def rows() -> list[Row]:
    """One row a cell, every value different."""
    return [
        {
            "architecture": SPACE.format(architecture),
            "fidelity": fidelity,
            "seed": seed,
            "validation_error": round(0.3 + 0.001 * number + (0.2 if fidelity == 12 else 0), 6),
            "test_error": round(0.35 + 0.0011 * number, 6) if fidelity == 200 else None,
            "cost_seconds": fidelity * (1.0 + number),
        }
        for number, (architecture, fidelity, seed) in enumerate(CELLS)
    ]


def write(path: Path, some: list[Row], header: TableHeader = HEADER) -> Path:
    """A table as any tool would write it: nothing is checked here."""
    names = some[0].keys() if some else header.columns
    kinds = {"architecture": "string", "lr": "string", "depth": "string", "fidelity": "int64", "seed": "int64"}
    if path.suffix == ".parquet":
        table = pa.table({n: pa.array([row[n] for row in some], kinds.get(n, "float64")) for n in names})
        pq.write_table(table.replace_schema_metadata({"equipoise": header.to_json()}), path, row_group_size=5)
        return path
    pretty = json.dumps(json.loads(header.to_json()), indent=1)
    lines = [",".join(names)]
    for row in some:
        cells = [f'"{row[n]}"' if n == "architecture" else "" if row[n] is None else str(row[n]) for n in names]
        lines.append(",".join(cells))
    text = "\n".join([*(f"# {line}" for line in pretty.splitlines()), *lines]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def changed(where: int, **values: object) -> list[Row]:
    return [{**row, **values} if number == where else row for number, row in enumerate(rows())]


def without(*names: str) -> list[Row]:
    return [{key: value for key, value in row.items() if key not in names} for row in rows()]
