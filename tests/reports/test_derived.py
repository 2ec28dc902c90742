"""What weight sharing derives as it trains: read from the rows, and judged without flattery."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stores import played, suite

from harness.plugins import load_task
from reports.analysis import Analysis
from reports.load import load
from reports.results import Derived
from reports.sections.derived import _rise, derived_section

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
            if option in found.counts:
                assert found.counts[option][place] == pytest.approx(np.mean([cell.count(number) for cell in cells]))
    assert sum(counts[0] for counts in found.counts.values()) <= 6
    section = derived_section(Analysis(results))
    assert section is not None
    assert len(section.blocks[-1].rows) == len(found.marks)


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
