"""What holds for searches that propose nothing twice."""

import numpy as np
import pytest
from made import MadeSpace, MadeTask
from method_runs import make_search, run_search

from equipoise.harness.core.errors import SearchEnded
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Problem
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.engine.runner import run_trial


@pytest.mark.parametrize("name", ["local_search", "momentum_local_search", "random_search"])
def test_nothing_is_proposed_twice(name: str) -> None:
    for task in ("nasbench201/cifar10", "nasbench_graph/cora"):
        assert set(run_search(make_search(name, 300, 1, task), task, 300).status) == {"ok"}


@pytest.mark.parametrize("name", ["local_search", "momentum_local_search", "random_search"])
def test_a_space_is_searched_to_its_last_architecture(name: str) -> None:
    problem = Problem(MadeSpace(), Budget(queries=50))
    method = load_method(name)(problem, np.random.default_rng(0))
    trajectory = run_trial(method, MadeTask(), Ledger(problem.budget), lambda _: np.random.default_rng())
    assert sorted(trajectory.architecture) == list(MadeSpace().enumerate())
    assert trajectory.unspent == 36
    assert "every architecture" in trajectory.ended
    with pytest.raises(SearchEnded):
        method.ask()


@pytest.mark.parametrize("name", ["local_search", "momentum_local_search"])
def test_a_shared_start_stands_for_the_random_one(name: str) -> None:
    """The first proposal of its own is a neighbour of the best that it was told."""
    task, method = load_task("nasbench201/cifar10"), make_search(name)
    initial = task.space.sample(np.random.default_rng(3), 10)
    ledger = Ledger(Budget(queries=11))
    trajectory = run_trial(method, task, ledger, lambda _: np.random.default_rng(), initial)
    best = trajectory.architecture[int(np.argmin(trajectory.validation_error[:10]))]
    assert trajectory.architecture[10] in task.space.neighbours(best)
