"""Curves against distinct architectures: the main axis where answers carry no noise."""

from pathlib import Path

import numpy as np
import pytest
from stores import METHODS, played, suite

from equipoise.harness.core.registry import load_task
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.analysis import Analysis
from equipoise.reports.compose import compose
from equipoise.reports.document import Figure
from equipoise.reports.drawing.look import looks
from equipoise.reports.drawing.style import STYLES
from equipoise.reports.figures.progress import progress
from equipoise.reports.load import load
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.write import blocks


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("store"), suite())


def figure_keys(folder: Path) -> list[str]:
    return [block.key for block in blocks(compose(load(folder))) if isinstance(block, Figure)]


def test_regret_at_a_number_of_architectures_is_that_of_the_rows(folder: Path) -> None:
    results, task = load(folder), load_task("nasbench_graph/proteins")
    ((_, found),) = [(t.name, t) for t in results.tasks if t.name == "nasbench_graph/proteins"]
    frame = RunStore(folder).frame()
    frame = frame[frame["task"] == "nasbench_graph/proteins"]
    ends = []
    for label, runs in found.runs.items():
        for row, repeat in enumerate(runs.numbers.tolist()):
            best, seen, by_count = np.inf, set(), {}
            rows = frame[(frame["method"] == label) & (frame["repeat"] == repeat)].sort_values("query")
            for text, error, status in zip(rows["architecture"], rows["validation_error"], rows["status"], strict=True):
                if status != "invalid":
                    seen.add(task.space.key(task.space.parse(text)))
                    best = min(best, error)
                by_count.setdefault(len(seen), best)
            expected = [100 * (by_count[int(count)] - task.optimum()) for count in found.unique_grid]
            assert runs.unique_regret[row] == pytest.approx(expected, abs=1e-9)
            ends.append(len(seen))
    assert found.unique_grid[0] == 1
    assert found.unique_grid[-1] == min(ends) < 40  # some run of this small budget repeats itself
    assert (np.diff(found.unique_grid) > 0).all()


def test_unique_architectures_come_first_and_the_charged_count_beside_them(folder: Path) -> None:
    keys = figure_keys(folder)
    assert keys.index("unique-nasbench_graph") < keys.index("anytime-nasbench_graph")


def test_a_budget_of_few_queries_is_drawn_for_any_number_of_methods() -> None:
    labels = ("a", "b", "c", "d", "e")
    appearance = looks({"nas": labels})
    for points in (1, 2, 3):
        amounts, values = np.arange(1.0, points + 1), np.ones((len(labels), points))
        canvas = progress(
            next(iter(STYLES.values())),
            amounts,
            Estimate(values, values, values),
            values,
            labels,
            appearance,
            "queries",
        )
        assert canvas.height > 0


def test_noise_makes_the_charged_count_the_axis(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS[:2], ("nasbench201/cifar10",), noise="single"))
    assert not any(key.startswith("unique-") for key in figure_keys(tmp_path))


def test_another_unit_of_budget_has_no_curve_by_architectures(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS[:2], ("nasbench201/cifar10",), {"cost_seconds": 100_000}))
    keys = figure_keys(tmp_path)
    assert "anytime-nasbench201" in keys
    assert not any(key.startswith("unique-") for key in keys)


def test_no_interval_of_a_regret_or_an_area_reaches_below_zero(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS, ("nasbench201/cifar10",), repeats=2))
    analysis = Analysis(load(tmp_path))
    cube = np.array([[[0.1, 2.0]], [[0.0, 1.0]], [[3.0, 3.1]]])
    means = analysis.estimated(cube)
    assert (means.low >= 0).all()
    assert means.low[0, 0] == 0  # 1.05 +- 12 by Student's t
    assert means.value[:, 0] == pytest.approx([1.05, 0.5, 3.05])
