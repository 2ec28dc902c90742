"""The worth of training-free scores, and the page and the section that show it."""

from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made import ScoredTask
from plugins_for_tests import ReadsScores
from stores import played, suite

from equipoise.harness.core.errors import SuiteError
from equipoise.reports.analysis import Analysis
from equipoise.reports.load import load
from equipoise.reports.render import markdown
from equipoise.reports.score_worth import score_worths
from equipoise.reports.sections.scores import scores_document, scores_section
from equipoise.reports.statistics.score_quality import best_of_top, score_quality


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6])
def test_the_best_of_the_top_is_the_mean_over_all_orders_of_ties(count: int) -> None:
    scores, errors = np.array([5.0, 3, 3, 3, 1, -np.inf]), np.array([0.4, 0.3, 0.5, 0.1, 0.0, 0.2])
    orders = [order for order in permutations(range(6)) if all(scores[a] >= scores[b] for a, b in pairwise(order))]
    expected = np.mean([errors[list(order[:count])].min() for order in orders])
    assert best_of_top(scores, errors, count) == pytest.approx(expected)


def test_a_score_that_is_the_accuracy_is_perfect() -> None:
    errors = np.random.default_rng(0).random(200)
    quality = score_quality(-errors, errors)
    assert (quality.tau, quality.tau_best) == (pytest.approx(1), pytest.approx(1))
    assert quality.regret == pytest.approx((0, 0, 0, 0), abs=1e-12)
    worst = score_quality(errors, errors, top=(1, 200, 300))
    assert worst.tau == pytest.approx(-1)
    assert worst.regret[:2] == pytest.approx((errors.max() - errors.min(), 0), abs=1e-12)
    assert np.isnan(worst.regret[2])


def test_the_price_is_of_the_whole_space() -> None:
    worth = score_worths(ScoredTask())["options"]
    assert worth.price == pytest.approx(0.01 * ScoredTask.space.size)
    assert worth.quality.tau == pytest.approx(-1)  # the sum of the options is ten times the error


def test_the_page_and_the_section_show_the_same_table(tmp_path: Path) -> None:
    page = markdown.render(scores_document(["nasbench201/cifar100"]))
    assert "| `parameters` | free | 0 % |" in page
    with pytest.raises(SuiteError, match="scores training/nasbench201/digits: the errors of its space"):
        scores_document(["training/nasbench201/digits"])
    scored = suite(({"name": "plugins_for_tests:ReadsScores"},), ("made:ScoredTask/scored",), {"queries": 3}, repeats=2)
    played(tmp_path / "out", scored, _declare)
    results = load(tmp_path / "out")
    section = scores_section(Analysis(results))
    assert section is not None
    assert [row[0].text for row in section.blocks[1].rows] == ["options"]
    assert ReadsScores.knowledge in [method.knowledge for method in results.methods]
    assert scores_section(Analysis(replace(results, tasks=tuple(replace(t, scores={}) for t in results.tasks)))) is None


def _declare(manifest: dict[str, Any]) -> None:
    for entry in manifest["methods"].values():
        entry["knowledge"] = list(ReadsScores.knowledge)
