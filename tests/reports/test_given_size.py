"""Regret given size, by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made import MadeTask
from stores import METHODS, played, suite

from equipoise.harness.core.registry import load_task
from equipoise.harness.core.task import Metric
from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Table
from equipoise.reports.load import load
from equipoise.reports.sections.given_size import given_size_section
from equipoise.reports.size_bands import given_size, size_bands


class _Sizes:
    """The size of an architecture is its number in the list."""

    def __init__(self, space):
        self.order = list(space.enumerate())
        self.everything = np.arange(len(self.order), dtype=float)

    def __call__(self, architectures):
        return np.array([float(self.order.index(one)) for one in architectures])


class _SizedTask(MadeTask):
    def resource(self, name):
        return _Sizes(self.space) if name == "parameters" else super().resource(name)


def test_an_incumbent_is_judged_in_its_band() -> None:
    """Fourteen architectures: bands of three, three, three, three and two sizes."""
    task = _SizedTask()
    order, errors = list(task.space.enumerate()), task.landscape()
    bands = size_bands(task, errors)
    assert len(order) == 14
    assert bands.edges.tolist() == [2, 5, 7, 10]
    assert [len(band) for band in bands.errors] == [3, 3, 2, 3, 3]
    found = given_size(bands, task, {"one": [order[4], order[0]]})["one"]
    assert found.percentile.tolist() == [4.5 / 14, 0.5 / 14]
    assert found.regret == pytest.approx([errors[4] - min(errors[3:6]), errors[0] - min(errors[:3])])
    assert found.better == pytest.approx([np.mean(errors[3:6] < errors[4]), np.mean(errors[:3] < errors[0])])


def test_bands_hold_every_architecture_once() -> None:
    for name in ("nasbench201/cifar10", "nasbench_graph/proteins"):
        task = load_task(name)
        bands = size_bands(task, task.landscape())
        assert sum(map(len, bands.errors)) == task.space.size
        assert min(band[0] for band in bands.errors) == bands.optimum == task.optimum()
        assert all(len(band) > 0 for band in bands.errors)


def test_a_task_without_sizes_has_no_bands() -> None:
    assert size_bands(MadeTask(), MadeTask().landscape()) is None


def test_regrets_in_different_units_have_no_mean(tmp_path: Path) -> None:
    """Accuracy and ROC-AUC are points; a loss is not, and a method without runs on a task is in no mean over it."""
    tasks = ("nasbench_graph/cora", "nasbench_graph/proteins", "nasbench_graph/pubmed")
    results = load(played(tmp_path, suite(METHODS[:2], tasks, {"queries": 10}, repeats=2)))
    *points, loss = results.tasks
    loss = replace(loss, metric=Metric("loss", "nats", 0.0, 1.0), sized={"climber": loss.sized["climber"]})
    analysis = Analysis(replace(results, tasks=(*points, loss)))
    first, second, bands = (block for block in given_size_section(analysis).blocks if isinstance(block, Table))
    assert (first.key, second.key) == ("given-size-nasbench_graph", "given-size-nasbench_graph-2")
    assert first.title.endswith("in points")
    assert second.title.endswith("in loss (nats)")
    means = {row[0].text: row[1].value for row in first.rows}
    expected = {label: np.mean([task.runs[label].regret[:, -1].mean() for task in points]) for label in results.labels}
    assert means == pytest.approx(expected)
    assert [row[0].text for row in second.rows] == ["climber"]
    assert len(bands.rows) == 3
