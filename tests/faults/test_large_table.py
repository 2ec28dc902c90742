"""A user's table of 10^7 rows: opened, searched and opened again by the command, in bounded memory."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

TESTS = Path(__file__).resolve().parents[1]
WIDTH, DECISIONS, EPOCHS, SEEDS = 10, 5, 25, 4
"""10^5 architectures, each of 25 epochs and 4 seeds: 10^7 rows."""
SUITE = """name = "large"
[budget]
queries = 30
[protocol]
repeats = 2
seed = 1
[[tasks]]
name = "table:t.parquet"
[[methods]]
name = "random_search"
"""
CALL = """
import resource, sys
from equipoise.harness.cli.main import main
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"peak {max(used.ru_maxrss, workers.ru_maxrss) / 1e3:.0f} MB, {used.ru_utime + workers.ru_utime:.1f} s CPU")
"""


def write(path: Path) -> int:
    """Writes the table in row groups of one epoch and seed; returns its rows."""
    options = [str(option) for option in range(WIDTH)]
    header = {
        "format": "equipoise-table/1",
        "name": "mine/large",
        "space": {"name": "mine", "decisions": [{"name": f"d{n}", "options": options} for n in range(DECISIONS)]},
        "metric": {"name": "accuracy", "unit": "%", "direction": "maximise", "offset": 100.0, "slope": -100.0},
        "source": "nobody",
        "licence": "none",
        "validation": "valid",
        "fidelities": list(range(1, EPOCHS + 1)),
        "seeds": list(range(SEEDS)),
    }
    count = WIDTH**DECISIONS
    digits = np.arange(count)[:, None] // WIDTH ** np.arange(DECISIONS) % WIDTH
    columns = {f"d{n}": pa.array(digits[:, n].astype(str)).dictionary_encode() for n in range(DECISIONS)}
    kinds = [(name, column.type) for name, column in columns.items()]
    schema = pa.schema(
        [*kinds, ("fidelity", "int32"), ("seed", "int32"), ("validation_error", "float64")],
        metadata={"equipoise": json.dumps(header)},
    )
    rng, rows = np.random.default_rng(0), 0
    with pq.ParquetWriter(path, schema) as file:
        for epoch in range(1, EPOCHS + 1):
            for seed in range(SEEDS):
                values = [np.full(count, epoch, "int32"), np.full(count, seed, "int32"), rng.random(count) / epoch]
                file.write_table(pa.table([*columns.values(), *map(pa.array, values)], schema=schema))
                rows += count
    return rows


def call(folder: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Runs a command; returns what came of it and its peak of memory in MB."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    environment["EQUIPOISE_CACHE"] = str(folder / "cache")
    line = [sys.executable, "-c", CALL, *words]
    ran = subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    told = re.search(r"peak (\d+) MB.*", ran.stdout)
    assert told is not None
    print(words[0], told[0])
    return ran, float(told[1])


@pytest.mark.faults
def test_ten_million_rows_of_a_user(tmp_path: Path) -> None:
    assert write(tmp_path / "t.parquet") == 10**7
    (tmp_path / "suite.toml").write_text(SUITE)
    for lap in range(2):  # building the columns, then from the cache
        ran, peak = call(tmp_path, "run", "suite.toml", "--out", f"out{lap}", "--workers", "1")
        assert "2 of 2 runs stored" in ran.stderr
        assert peak < 700  # the second time, most of it are pages of the cache
    _, peak = call(tmp_path, "report", "out1", "--formats", "md")
    assert peak < 700
