"""The digest of a task: that of its data and, for a task that does not ship with Equipoise, of its code."""

from pathlib import Path

import pytest
from task_source import TASK

from equipoise.harness.core.registry import load_task
from equipoise.harness.core.task_digest import task_digest

SHIPPED_CLASS = """
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.task import Benchmark
class Mine(Benchmark):
    name = "mine"
    datasets = ("cifar10",)
    def task(self, dataset, noise="mean", ignore_cache=False):
        return load_task("nasbench201/cifar10", noise)
"""


def digest(name: str) -> str:
    return task_digest(name, load_task(name))


@pytest.mark.parametrize(("text", "dataset"), [(TASK, "count"), (SHIPPED_CLASS, "cifar10")])
def test_an_edited_file_is_another_task(tmp_path: Path, text: str, dataset: str) -> None:
    (tmp_path / "mine.py").write_text(text)
    before = digest(f"{tmp_path}/mine.py/{dataset}")
    assert len(before) == 64
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.py").write_text(text)
    assert digest(f"{tmp_path}/elsewhere/mine.py/{dataset}") == before
    (tmp_path / "mine.py").write_text(text + "# edited\n")
    assert digest(f"{tmp_path}/mine.py/{dataset}") != before


def test_other_data_is_another_task(tmp_path: Path) -> None:
    found = set()
    for told in ("none: computed", "0" * 64):
        (tmp_path / "mine.py").write_text(TASK.replace("none: computed", told))
        found.add(digest(f"{tmp_path}/mine.py/count"))
    assert len(found) == 2


def test_an_address_counts_its_module_and_a_task_that_ships_its_data_alone() -> None:
    name = "plugins_for_tests:GoodTask/plain"
    assert digest(name) != load_task(name).info.data_digest
    shipped = load_task("nasbench201/cifar10")
    assert task_digest("nasbench201/cifar10", shipped) == shipped.info.data_digest
