"""Zero-cost warm-up and move proposals: what is proposed, and what is paid."""

import numpy as np
import pytest
from made import ScoredTask

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.registry import load_method, missing_requirements, problem_of
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.engine.scores import metered

CLS, TASK = load_method("zero_cost_evolution"), ScoredTask()


def run(queries: int = 12, **settings):
    settings = {"score": "options", **settings}
    budget = Budget(queries=queries)
    method = CLS(problem_of(CLS, TASK, budget, settings), np.random.default_rng(0), **settings)
    return run_trial(metered(method), TASK, Ledger(budget), np.random.default_rng)


def test_the_first_population_has_the_highest_scores_in_order() -> None:
    """A warm-up of 200 draws sees all 14 architectures, and pays for 14."""
    trajectory = run(warmup=200, population=5)
    scores = [sum(one) for one in trajectory.architecture[:5]]
    assert scores == sorted((sum(one) for one in TASK.space.enumerate()), reverse=True)[:5]
    assert trajectory.training_charge[0] == pytest.approx(0.14)
    assert sum(trajectory.training_charge[1:]) == 0


def test_without_warm_up_nothing_is_paid_until_a_move_is_proposed_by_score() -> None:
    assert sum(run(warmup=0, population=5).training_charge) == 0
    charges = run(warmup=0, move=True, population=5, sample=2).training_charge
    assert sum(charges[:5]) == 0
    assert sum(charges[5:]) > 0


def test_moves_go_to_the_neighbour_of_highest_score_three_times_in_four() -> None:
    trajectory = run(queries=400, warmup=0, move=True, population=1, sample=1)
    parents, children = trajectory.architecture[:-1], trajectory.architecture[1:]
    best = [max(map(sum, TASK.space.neighbours(parent))) for parent in parents]
    share = np.mean([sum(child) == highest for child, highest in zip(children, best, strict=True)])
    pairs = zip(parents, best, strict=True)
    ties = np.mean([np.mean([sum(one) == high for one in TASK.space.neighbours(parent)]) for parent, high in pairs])
    assert share == pytest.approx(0.75 + 0.25 * ties, abs=0.08)


def test_what_it_needs_and_refuses() -> None:
    assert "needs score:synflow" in str(missing_requirements(CLS, TASK, {}))
    with pytest.raises(SettingError, match="warmup = -1"):
        run(warmup=-1)
