"""The training files of NAS-Bench-ASR."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from official_archives import made_asr_file

from equipoise.harness.core.errors import DataError
from equipoise.harness.data.official import nasbench_asr
from equipoise.harness.spaces.nasbench_asr import NasBenchAsr

SPACE = NasBenchAsr()
CELLS = SPACE.sample(np.random.default_rng(0), 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for epochs in (5, 40):
        for seed in (1234, 1235):
            made_asr_file(tmp_path, epochs, seed, CELLS)
    (tmp_path / "nb-asr-info.pickle").write_bytes(b"not read")
    return tmp_path


def rows(path: Path) -> list[Any]:
    with path.open("rb") as file:
        pickle.load(file)
        return pickle.load(file)


def test_every_training_comes_back(folder: Path) -> None:
    assert nasbench_asr.recognises(folder)
    assert nasbench_asr.trainings(folder) == ((5, 40), (1234, 1235))
    found = list(nasbench_asr.records(folder))
    assert len(found) == 2 * 2 * len(CELLS)
    for record in found:
        stored = rows(folder / f"nb-asr-e{record.fidelity}-{record.seed}.pickle")
        row = next(row for row in stored if row[0] == SPACE.graph_hash(record.architecture))
        assert record.validation_error == pytest.approx(float(min(row[1])))
        assert record.test_error == row[2]
        assert np.isnan(record.cost_seconds)


def test_the_curve_is_that_of_the_longest_training(folder: Path) -> None:
    curve = [r for r in nasbench_asr.records(folder, curve=True) if r.dataset == "timit-curve"]
    assert len(curve) == 2 * len(CELLS) * 40
    stored = rows(folder / "nb-asr-e40-1235.pickle")
    assert [r.validation_error for r in curve if r.seed == 1235] == [float(e) for row in stored for e in row[1]]


def test_other_labellings_of_a_cell_are_filed_under_its_class(tmp_path: Path) -> None:
    cell = next(c for c in np.ndindex(SPACE.cardinalities) if SPACE.key(c) != c and SPACE.key(c)[0] != 5)
    made_asr_file(tmp_path, 5, 1, [cell])
    (record,) = nasbench_asr.records(tmp_path)
    assert record.architecture == SPACE.key(cell)


def _refused(folder: Path, words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        list(nasbench_asr.records(folder))
    assert "\n" not in str(raised.value)
    assert "nb-asr-e40-7.pickle" in str(raised.value)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"dataset_type": "benchmarking"}, "dataset_type = 'benchmarking', expected 'training'"),
        ({"epochs": 5}, "epochs = 5, expected 40"),
        ({"seed": 8}, "seed = 8, expected 7"),
        ({"columns": ["model_hash", "latency"]}, "columns"),
        ({"search_space": {"ops": ["linear"], "nodes": 3}}, "ops"),
        ({"search_space": 3}, "not a training file"),
    ],
)
def test_a_header_of_something_else_is_refused(tmp_path: Path, header: dict[str, Any], words: str) -> None:
    made_asr_file(tmp_path, 40, 7, CELLS, header)
    _refused(tmp_path, words)


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.path}",)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    path = made_asr_file(tmp_path, 40, 7, CELLS)
    whole = path.read_bytes()
    for content in (b"", b"<html>", whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(content)
        _refused(tmp_path, "not a readable pickle")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: row.__setitem__(0, "0" * 32), "graph hash"),
        (lambda row: row[1].pop(), "39 validation errors, not 40"),
        (lambda row: row[1].__setitem__(3, float("nan")), "has the error nan"),
        (lambda row: row.__setitem__(2, -1.0), "has the error -1"),
        (lambda row: row.__setitem__(3, [(9, 0), (1, 0, 0), (1, 0, 0, 0)]), "is no cell"),
        (lambda row: row.clear(), "not a training file"),
    ],
)
def test_rows_that_are_not_of_the_format_are_refused(tmp_path: Path, change, words: str) -> None:
    path = made_asr_file(tmp_path, 40, 7, CELLS)
    with path.open("rb") as file:
        header, stored = pickle.load(file), pickle.load(file)
    change(stored[2])
    path.write_bytes(pickle.dumps(header) + pickle.dumps(stored))
    _refused(tmp_path, words)


def test_a_forbidden_name_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    path = made_asr_file(tmp_path, 40, 7, CELLS)
    path.write_bytes(pickle.dumps({"seed": Bomb(tmp_path / "harm")}) + pickle.dumps([]))
    _refused(tmp_path, "not on the allow-list")
    assert not (tmp_path / "harm").exists()
