"""Frames pickled by older versions of pandas, read without it."""

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_frames import write_frame

from equipoise.harness.core.errors import DataError
from equipoise.harness.data.frame import read_frame

COLUMNS = {"cell": ["a", "b", "c"], "val": [1.0, 2.5, 3.0], "test": [4.0, 5.0, 6.5]}


def test_columns_come_as_they_were_written(tmp_path: Path) -> None:
    found = read_frame(write_frame(tmp_path / "a.pd", COLUMNS), ["test", "cell"])
    assert {name: values.tolist() for name, values in found.items()} == {n: COLUMNS[n] for n in ("test", "cell")}


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="with the columns cell, accuracy"):
        read_frame(write_frame(tmp_path / "a.pd", COLUMNS), ["cell", "accuracy"])


@pytest.mark.parametrize("kept", [0, 30, 400])
def test_a_truncated_frame_is_refused(tmp_path: Path, kept: int) -> None:
    path = write_frame(tmp_path / "a.pd", COLUMNS)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DataError, match="not a readable pickle"):
        read_frame(path, ["val"])


@pytest.mark.parametrize("content", [[1, 2], {"_data": 1}, None, np.zeros(3)])
def test_another_pickle_is_refused(tmp_path: Path, content: object) -> None:
    (tmp_path / "a.pd").write_bytes(pickle.dumps(content))
    with pytest.raises(DataError, match="not a frame"):
        read_frame(tmp_path / "a.pd", ["val"])


def test_columns_of_two_lengths_are_refused(tmp_path: Path) -> None:
    path = write_frame(tmp_path / "a.pd", {**COLUMNS, "cell": ["a", "b"]})
    with pytest.raises(DataError, match="differ in length"):
        read_frame(path, ["cell", "val"])


def test_nothing_is_run_that_a_frame_names(tmp_path: Path) -> None:
    path = write_frame(tmp_path / "a.pd", COLUMNS)
    path.write_bytes(path.read_bytes().replace(b"pandas.core.frame\nDataFrame", b"os\nsystem", 1))
    with pytest.raises(DataError, match=r"asks for os\.system"):
        read_frame(path, ["val"])


def test_a_frame_of_this_pandas_is_refused_in_one_line(tmp_path: Path) -> None:
    pd.DataFrame(COLUMNS).to_pickle(tmp_path / "new.pd")
    with pytest.raises(DataError, match=r"not on the allow-list|not a frame") as raised:
        read_frame(tmp_path / "new.pd", ["val"])
    assert "\n" not in str(raised.value)
