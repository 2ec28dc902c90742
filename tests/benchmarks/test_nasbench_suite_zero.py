"""The samples of NAS-Bench-Suite-Zero: from a made archive, and from the real one where EQUIPOISE_MIRROR has it."""

import ast
import json
import os
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damaged_zips import WRONG, write_wrong_zip

from equipoise.harness.benchmarks._official import import_archive, is_archive
from equipoise.harness.benchmarks.nasbench_suite_zero import NasBenchSuiteZeroBenchmark
from equipoise.harness.cli.task_summary import summary
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import load_task
from equipoise.harness.data.sources import source
from equipoise.harness.spaces.darts import OPERATIONS
from equipoise.harness.tables.table import LoadedTable, open_table

MIRROR = Path(os.environ.get("EQUIPOISE_MIRROR", "nowhere"))
FILE = MIRROR / source("nasbench-suite-zero").file
needs_mirror = pytest.mark.skipif(
    not FILE.is_file(), reason="EQUIPOISE_MIRROR is not set to a folder with 9x_all.zip of NAS-Bench-Suite-Zero"
)
MAXIMA = {
    "nasbench201-svhn": 96.7502, "nasbench201-ninapro": 93.1715, "nasbench201-scifar100": 36.51,
    "darts-svhn": 97.5069, "darts-ninapro": 93.9302, "darts-scifar100": 52.6,
    "transnas_micro-svhn": 96.4659, "transnas_micro-ninapro": 94.0819, "transnas_micro-scifar100": 37.53,
}  # fmt: skip


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("suite_zero")


@pytest.fixture
def tables(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, LoadedTable]:
    """All nine, imported once into a cache of their own."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(_folder))
    places = {dataset: NasBenchSuiteZeroBenchmark().place(dataset) for dataset in NasBenchSuiteZeroBenchmark().datasets}
    if not all(place.is_file() for place in places.values()):
        import_archive(FILE)
    return {dataset: open_table(place) for dataset, place in places.items()}


@needs_mirror
def test_the_real_samples_have_their_known_sizes_and_maxima(tables: dict[str, LoadedTable]) -> None:
    for dataset, table in tables.items():
        assert len(table.architectures) == (192 if dataset.startswith("transnas") else 199)
        best = 100 - 100 * float(table.columns["validation"].min())
        assert best == pytest.approx(MAXIMA[dataset], abs=5e-5), dataset
        assert table.header.coverage == "sample"


@needs_mirror
@pytest.mark.parametrize(("space", "cut"), [("nasbench201", (0,) * 6), ("transnas_micro", (0,) * 6)])
def test_exactly_the_cells_without_a_path_are_at_chance(
    tables: dict[str, LoadedTable], space: str, cut: tuple[int, ...]
) -> None:
    table = tables[f"{space}-scifar100"]
    whole = table.header.space
    errors = table.columns["validation"][0, :, 0]
    at_chance = {cell for cell, error in zip(table.architectures, errors, strict=True) if error > 0.9899}
    assert at_chance == {cell for cell in table.architectures if whole.canonical(cell) == cut}
    assert len(at_chance) == 2


@needs_mirror
def test_the_operations_of_darts_are_numbered_by_what_they_cost() -> None:
    with zipfile.ZipFile(FILE) as archive:
        records = json.loads(archive.read("params/benchmark--nasbench301--svhn--0.json"))
    counts = [Counter(number for _, number in ast.literal_eval(record["arch"])[0]) for record in records]
    design = np.array([[*(count[number] for number in range(7)), 1] for count in counts], dtype=np.float64)
    parameters = np.array([record["params"]["score"] for record in records])
    cost = dict(zip(OPERATIONS, np.linalg.lstsq(design, parameters, rcond=None)[0], strict=False))
    light, dilated, separable = OPERATIONS[:3], OPERATIONS[5:], OPERATIONS[3:5]
    assert max(cost[name] for name in light) < min(cost[name] for name in dilated)
    assert max(cost[name] for name in dilated) < min(cost[name] for name in separable)
    assert cost["sep_conv_3x3"] < cost["sep_conv_5x5"]
    assert cost["dil_conv_3x3"] < cost["dil_conv_5x5"]


CELLS = ["(0, 1, 2, 3, 3, 0)", "(2, 2, 2, 3, 1, 0)"]
GENOTYPES = ["(((0, 5), (1, 3), (1, 5), (2, 0), (1, 5), (2, 1), (0, 5), (4, 4)), ((0, 4), (1, 0), (0, 5), (2, 5), (0, 2), (3, 1), (2, 3), (4, 1)))"]  # fmt: skip  # noqa: E501


def _archive(path: Path, change: Callable[[dict[str, list[dict[str, Any]]]], object] = lambda _: None) -> Path:
    members = {
        f"params/benchmark--{space}--{images}--0.json": [
            {"arch": text, "params": {"score": 1.0}, "val_accuracy": 90.0 + n} for n, text in enumerate(texts)
        ]
        for space, texts in (("nasbench201", CELLS), ("nasbench301", GENOTYPES), ("transbench101_micro", CELLS))
        for images in ("svhn", "ninapro", "scifar100")
    }
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, records in members.items():
            archive.writestr(name, json.dumps(records))
    return path


@pytest.mark.parametrize("wrong", WRONG)
def test_a_zip_that_cannot_be_read_is_one_line(tmp_path: Path, wrong: str) -> None:
    member = "params/benchmark--nasbench201--svhn--0.json"
    path = write_wrong_zip(tmp_path / "any.zip", wrong, member, "[1]")
    with pytest.raises(DataError, match=r"any\.zip: (no such archive|damaged archive|cannot be read)"):
        import_archive(path)


def test_a_made_archive_becomes_nine_samples_and_no_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    task = load_task("nasbench_suite_zero/nasbench201-svhn")
    assert "equipoise data import 9x_all.zip" in (task.skip() or "")
    path = _archive(tmp_path / "any.zip")
    assert is_archive(path)
    assert len(import_archive(path)) == 9
    task = load_task("nasbench_suite_zero/nasbench201-svhn")
    assert "is a sample of nasbench201, not a closed table" in (task.skip() or "")
    facts = summary(task)
    assert facts["optimum"] is None
    assert "test images of SVHN" in facts["validation_split"]
    assert facts["test_split"] is None
    table = open_table(NasBenchSuiteZeroBenchmark().place("nasbench201-svhn"))
    told = dict(zip(table.architectures, table.columns["validation"][0, :, 0].tolist(), strict=True))
    # edges by source, 0 skip, 1 none, 2 conv3x3, 3 conv1x1: 0->1, 0->2, 0->3, 1->2, 1->3, 2->3
    assert told == pytest.approx({(1, 0, 2, 3, 2, 1): 0.1, (3, 3, 2, 3, 0, 1): 0.09})


@pytest.mark.parametrize(
    ("member", "changes", "words"),
    [
        ("nasbench301--ninapro", {"arch": "(((0, 5),), ((0, 4),))"}, "cannot be read"),
        (
            "nasbench301--ninapro",
            {"arch": GENOTYPES[0].replace("(0, 5), (1, 3)", "(0, 5), (0, 3)", 1)},
            "cannot be read",
        ),
        ("transbench101_micro--svhn", {"arch": "(0, 1, 2, 3, 4, 0)"}, "cannot be read"),
        ("transbench101_micro--svhn", {"arch": CELLS[1]}, "listed twice"),
        ("nasbench201--scifar100", {"val_accuracy": 101.0}, "not an accuracy"),
        ("nasbench201--scifar100", {"val_accuracy": float("nan")}, "not an accuracy"),
    ],
)
def test_a_damaged_archive_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str, changes: dict[str, Any], words: str
) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    path = _archive(
        tmp_path / "a.zip", lambda members: members[f"params/benchmark--{member}--0.json"][0].update(changes)
    )
    with pytest.raises(DataError, match=words):
        import_archive(path)
    assert not list((tmp_path / "cache" / "tables").glob("*.parquet"))
    assert not is_archive(tmp_path / "cache")
