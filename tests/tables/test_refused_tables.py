"""Tables that are not what they say: one clear line each, and nothing left behind."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_tables import HEADER, Row, changed, rows, without, write

from equipoise.harness.core.errors import DataError
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.table import open_table
from equipoise.harness.tables.writer import TableWriter


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fails_to_write(path: Path, damage: str) -> None:
    with TableWriter(path, HEADER) as writer:
        for number, row in enumerate(rows()):
            if damage == "raises" and number == 9:
                raise ZeroDivisionError("boom")
            if damage == "unknown column":
                row["tset_error"] = row.pop("test_error")
            writer.add(**row)
        if damage == "twice":
            writer.add(**rows()[-1])


@pytest.mark.parametrize(
    ("damage", "said"), [("raises", "boom"), ("twice", "a.parquet: row 25"), ("unknown column", "tset_error")]
)
def test_a_writer_that_fails_leaves_nothing(tmp_path: Path, damage: str, said: str) -> None:
    path = tmp_path / "new" / "a.parquet"
    with pytest.raises((DataError, ZeroDivisionError), match=said):
        fails_to_write(path, damage)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
@pytest.mark.parametrize(
    ("some", "header", "said"),
    [
        (rows()[1:], HEADER, None),  # a seed less is allowed
        (rows()[2:], HEADER, "1 of 6 architectures have no row at fidelity 12, for example 1e-1,2; declare them"),
        ([r for n, r in enumerate(rows()) if n not in (2, 3)], HEADER, "coverage = 'closed'"),
        (rows()[2:], replace(HEADER, missing={12: 2}), "1 architectures have no row at fidelity 12"),
        ([], HEADER, "6 of 6"),
        ([*rows(), rows()[4]], HEADER, "row 25: 1e-1,4, fidelity 12, seed 7 occurs twice"),
        (changed(5, validation_error=float("nan")), HEADER, "row 6: 1e-1,4, fidelity 12, seed 9 has no finite"),
        (changed(5, validation_error=None), HEADER, "no finite validation value"),
        (changed(5, validation_error=float("inf")), HEADER, "no finite validation value"),
        (changed(5, validation_error=93.4), HEADER, "outside 0 to 100"),
        (changed(6, test_error=1.4), HEADER, "outside 0 to 100"),
        (changed(5, test_error=1.4), HEADER, "outside 0 to 100"),
        (changed(5, cost_seconds=0.0), HEADER, "cost_seconds 0.0; expected a positive"),
        (changed(5, cost_seconds=None), HEADER, "cost_seconds nan"),
        (changed(5, fidelity=13), HEADER, "fidelity 13 is not in the header"),
        (changed(5, seed=8), HEADER, "seed 8 is not in the header"),
        (changed(5, architecture="1e-9,2"), HEADER, "'1e-9' in '1e-9,2' is no option of 'lr'"),
        ([{**row, "test_error": None} for row in rows()], HEADER, "6 architectures have no test value"),
        ([{**row, "test_error": row["validation_error"]} for row in rows()], HEADER, "test repeats validation"),
        ([{**row, "fidelity": 212 - row["fidelity"]} for row in rows()], replace(HEADER, test=None), "no such split"),
        (without("test_error"), HEADER, "the header calls the split 'test', the file has neither"),
        (without("seed"), HEADER, "column 'seed' is missing"),
        (without("fidelity"), HEADER, "column 'fidelity' is missing"),
        (without("cost_seconds"), HEADER, "column 'cost_seconds' is missing"),
        (without("architecture"), HEADER, "column 'architecture' is missing"),
        ([{**row, "tset": 1.0} for row in rows()], HEADER, "unknown column 'tset'; did you mean 'test'?"),
        (rows(), replace(HEADER, penalty=0.2), "penalty 0.2 is better than the stored error"),
    ],
)
def test_a_table_that_is_not_what_it_says_is_one_line(
    tmp_path: Path, cache: Path, name: str, some: list[Row], header: TableHeader, said: str | None
) -> None:
    path = write(tmp_path / name, some, header)
    if said is None:
        assert np.isnan(open_table(path).validation[0, 0, 1])
        return
    with pytest.raises(DataError) as raised:
        open_table(path)
    assert said in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert [found.name for found in cache.iterdir()] == ["seen"]  # no entry, whole or half


def test_errors_that_grow_with_training_are_suspected(tmp_path: Path) -> None:
    swapped = [
        {**row, "fidelity": 212 - row["fidelity"], "cost_seconds": 212.0 - row["fidelity"]}
        for row in without("test_error")
    ]
    header = replace(HEADER, test=None)
    with pytest.raises(DataError, match="wrong direction"):
        open_table(write(tmp_path / "a.csv", swapped, header))
    open_table(write(tmp_path / "b.csv", swapped, replace(header, rises_with_training=True)))


@pytest.mark.parametrize("seconds", [lambda epochs: 1000.0 / epochs, lambda epochs: 10.0])
def test_a_cost_that_does_not_grow_with_training_is_refused(tmp_path: Path, seconds: Callable[[int], float]) -> None:
    told = [{**row, "cost_seconds": seconds(row["fidelity"])} for row in rows()]
    with pytest.raises(DataError, match=r"does not grow with training, from .* at fidelity 12 to .* at fidelity 200"):
        open_table(write(tmp_path / "a.csv", told))


def test_a_file_without_a_header_is_told_where_one_goes(tmp_path: Path) -> None:
    pq.write_table(pa.table({"architecture": ["1e-1,2"]}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("architecture\n")
    for name, place in (
        ("a.parquet", "into its metadata, under 'equipoise'$"),
        ("a.csv", r"leading '#' lines, or .*a\.csv\.json"),
    ):
        with pytest.raises(DataError, match=place):
            open_table(tmp_path / name)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz"])
def test_a_damaged_file_is_one_line(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, rows())
    whole = path.read_bytes()
    for content in (b"", b"<html>not found</html>", whole[: len(whole) * 2 // 3]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=name) as raised:
            open_table(path)
        assert "\n" not in str(raised.value)
