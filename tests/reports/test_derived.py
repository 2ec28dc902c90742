"""What weight sharing derives as it trains: read from the rows, and judged without flattery."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stores import played, suite

from equipoise.harness.core.registry import load_task
from equipoise.reports.analysis import Analysis
from equipoise.reports.derived import derived
from equipoise.reports.incumbents import RunRows
from equipoise.reports.load import load
from equipoise.reports.runs import Derived
from equipoise.reports.sections.derived import _rise, derived_section

TASK = "nasbench201/cifar10"
METHODS = ({"name": "plugins_for_tests:Trains"}, {"name": "random_search"})


def test_each_place_holds_the_regret_and_the_make_of_what_was_asked_there(tmp_path: Path) -> None:
    results = load(played(tmp_path, suite(METHODS, (TASK,), {"queries": 30})))
    (label, found), *others = results.tasks[0].derived.items()
    assert (label, others) == ("plugins_for_tests:Trains", [])
    assert found.marks == (1, 3, 5, 10)
    task, rows = load_task(TASK), pd.read_parquet(tmp_path / "runs").query("method == @label")
    options = task.space.decisions[0].options
    for place, mark in enumerate(found.marks):
        asked = rows[rows["query"] == mark].sort_values("repeat")
        cells = [task.space.parse(text) for text in asked.architecture]
        errors = np.array([task.expected(cell) for cell in cells])
        assert found.regret[:, place] == pytest.approx(100 * (errors - task.optimum()))
        for number, option in enumerate(options):
            assert found.counts[option][place] == pytest.approx(np.mean([cell.count(number) for cell in cells]))
    section = derived_section(Analysis(results))
    assert section is not None
    assert len(section.blocks[-1].rows) == len(found.marks)


def test_invalid_proposals_have_the_regret_of_none_and_make_nothing() -> None:
    space = load_task("training/darts/fashion14").space
    cells = space.sample(np.random.default_rng(1), 3)
    code, error = np.array([[0, 1, 2], [2, 0, 1]]), np.array([[0.3, 0.2, 0.1], [np.inf, 0.3, 0.2]])
    same = np.ones_like(code)
    block = RunRows(np.array([1, 2]), np.array([3, 3]), code, error, same, same, same, same, 0 * same)
    found = derived(block, lambda columns: np.where(columns < 0, 99.0, 10.0 + columns), cells, space)
    assert found.marks == (1, 3)
    assert found.regret.tolist() == [[10.0, 12.0], [99.0, 12.0]]
    graphs = [Counter(space.graph(cell).edge_labels) for cell in cells]
    for label, counts in found.counts.items():
        assert counts == pytest.approx([graphs[0][label] / 2, (graphs[2][label] + graphs[1][label]) / 2])
    assert "sep_conv_3x3" in found.counts
    assert not {"concatenate", "normal output"} & set(found.counts)  # alike in all


def test_a_report_without_weight_sharing_has_no_such_section(tmp_path: Path) -> None:
    results = load(played(tmp_path, suite(METHODS[1:], (TASK,), {"queries": 30})))
    assert derived_section(Analysis(results)) is None


def test_a_collapse_is_measured_and_chance_is_not_taken_for_one() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(400, 6))
    still = _rise(Derived((1, 3, 5, 10, 20, 30), noise, {}))
    falling = _rise(Derived((1, 3, 5, 10, 20, 30), noise + np.array([2, 0, 1, 2, 3, 4]), {}))
    assert still is not None
    assert falling is not None
    assert still.low < 0 < still.high
    assert falling.low < 4 < falling.high
    assert abs(falling.value - (noise[:, 5] - noise[:, 1]).mean() - 4) < 1e-9
    assert still.value < (noise.mean(axis=1) - noise.min(axis=1)).mean()  # what the best of the same run would claim
    assert _rise(Derived((1, 3), noise[:1, :2], {})) is None
    assert _rise(Derived((1,), noise[:, :1], {})) is None
