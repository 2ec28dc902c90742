"""The sample of NAS-Bench-101: made files, and the upstream one where EQUIPOISE_MIRROR has it."""

import csv
import gzip
import json
import os
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest

from equipoise.harness.benchmarks._nasbench101_sample import EPOCHS, decode, read_sample, write_table
from equipoise.harness.benchmarks.nasbench101_surrogate import sample_header
from equipoise.harness.core.errors import DataError
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.tables.table import open_table

MIRROR = Path(os.environ.get("EQUIPOISE_MIRROR", "nowhere"))
DECODED = MIRROR.parent / "data" / "nb101_20k.csv.gz"
SPACE = NasBench101()
SMALL = list(takewhile(lambda cell: cell[3] == 3, SPACE.enumerate()))
"""The cells of up to five nodes: those of up to three inner ones come first."""
HEADER = sample_header()


def content(count: int = 30) -> dict[str, list[object]]:
    rng = np.random.default_rng(0)
    cells = SMALL[:: len(SMALL) // count][:count]
    columns: dict[str, list[object]] = {"key": [SPACE.graph_hash(cell) for cell in cells]}
    columns["final_training_time"] = (1000 * rng.uniform(1, 2, count)).tolist()
    columns |= {f"{epochs}_final_validation_accuracy": rng.uniform(0.1, 0.95, count).tolist() for epochs in EPOCHS}
    return columns


def written(path: Path, columns: object) -> Path:
    path.write_text(json.dumps(columns))
    return path


def test_a_made_sample_becomes_a_table(tmp_path: Path) -> None:
    columns = content()
    path = tmp_path / "sample.parquet"
    write_table(written(tmp_path / "a.json", columns), path, HEADER, lambda hashes: decode(hashes, SMALL))
    table = open_table(path)
    assert (table.header.coverage, table.header.fidelities) == ("sample", EPOCHS)
    rows = {SPACE.graph_hash(cell): row for row, cell in enumerate(table.architectures)}
    assert rows.keys() == set(columns["key"])
    order = [rows[name] for name in columns["key"]]
    for level, epochs in enumerate(EPOCHS):
        assert np.allclose(1 - table.columns["mean"][level, order], columns[f"{epochs}_final_validation_accuracy"])
        seconds = np.array(columns["final_training_time"], dtype=float) * epochs / 108
        assert np.allclose(table.columns["seconds"][level, order], seconds)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": None}, "is not the sample"),
        ({"key": ["a"] * 30}, "1 distinct"),
        ({"final_training_time": [1.0]}, "is not the sample"),
        ({"final_training_time": [0.0] * 30}, "not positive"),
        ({"108_final_validation_accuracy": [1.5] * 30}, "outside 0 to 1"),
        ({"108_final_validation_accuracy": [float("nan")] * 30}, "outside 0 to 1"),
        ({"108_final_validation_accuracy": ["high"] * 30}, "is not the sample"),
    ],
    ids=["no keys", "keys twice", "short", "no time", "range", "nan", "text"],
)
def test_a_damaged_sample_is_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_sample(written(tmp_path / "a.json", content() | changes))


def test_a_hash_of_no_cell_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    columns = content()
    columns["key"][3] = "f" * 32
    path = tmp_path / "sample.parquet"
    with pytest.raises(DataError, match="1 hashes are those of no cell, for example ffff"):
        write_table(written(tmp_path / "a.json", columns), path, HEADER, lambda hashes: decode(hashes, SMALL))
    assert not list(tmp_path.glob("*.parquet"))


@pytest.mark.skipif(
    not (MIRROR / "data-20k.json").is_file() or not DECODED.is_file(),
    reason="EQUIPOISE_MIRROR has no data-20k.json, or the decoded copy is not beside it",
)
def test_the_upstream_file_is_decoded_as_in_the_decoded_copy() -> None:
    """Of its cells those of up to five nodes: decoding all takes more than a minute."""
    columns = read_sample(MIRROR / "data-20k.json")
    assert len(columns["key"]) == 20_001
    with gzip.open(DECODED, "rt") as file:
        rows = {row["hash"]: row for row in csv.DictReader(file) if row["ops"].count(",") <= 4}
    small = [name for name in columns["key"] if name in rows]
    assert len(small) == len(rows) > 50
    for name, cell in decode(small, SMALL).items():
        assert cell == SPACE.key(SPACE.parse(f"{rows[name]['matrix']}:{rows[name]['ops']}"))
        place = columns["key"].index(name)
        assert columns["108_final_validation_accuracy"][place] == float(rows[name]["val_acc_108"])
        assert columns["final_training_time"][place] == float(rows[name]["train_time_108"])
