"""Random search, played through the harness, against its exact law.

The full comparison, 2,000 repeats of 300 queries on the twelve embedded tasks:
``EQUIPOISE_REPEATS=2000 pytest -s tests/methods/test_random_search_law.py``.
"""

import os

import numpy as np
import pytest
from made import MadeSpace

from equipoise.harness.core.errors import SearchEnded
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Problem
from equipoise.harness.core.registry import benchmarks, load_method, load_task, problem_of, task_names
from equipoise.harness.engine.runner import run_trial
from equipoise.reports.random_search import ExactRandomSearch

REPEATS = int(os.environ.get("EQUIPOISE_REPEATS", "60"))
CHECKPOINTS = [50, 100, 200, 300]
EMBEDDED = [name for cls in benchmarks() for name in task_names(cls) if cls.name in ("nasbench201", "nasbench_graph")]


class Uncounted(MadeSpace):
    """A space whose architectures take too long to count."""

    @property
    def size(self) -> int:
        raise AssertionError("counted")


def test_a_space_is_counted_only_where_draws_bring_nothing_new() -> None:
    cls = load_method("random_search")
    method = cls(Problem(Uncounted(), Budget(queries=5)), np.random.default_rng(0))
    assert len({method.ask().architecture for _ in range(5)}) == 5
    small = cls(Problem(MadeSpace(), Budget(queries=40)), np.random.default_rng(0))
    assert len({small.ask().architecture for _ in range(MadeSpace().size)}) == MadeSpace().size
    with pytest.raises(SearchEnded):
        small.ask()


@pytest.mark.parametrize("replacement", [False, True], ids=["without", "with"])
@pytest.mark.parametrize("name", EMBEDDED)
def test_it_follows_its_law(name: str, replacement: bool) -> None:
    task, cls, budget = load_task(name), load_method("random_search"), Budget(queries=CHECKPOINTS[-1])
    problem = problem_of(cls, task, budget)
    reached = np.empty((REPEATS, len(CHECKPOINTS)))
    for repeat in range(REPEATS):
        rng = np.random.default_rng([20261124, repeat])
        trajectory = run_trial(cls(problem, rng, replacement=replacement), task, Ledger(budget), lambda _: rng)  # noqa: B023
        reached[repeat] = np.minimum.accumulate(trajectory.validation_error)[np.array(CHECKPOINTS) - 1]
    law = ExactRandomSearch(task.landscape(), replacement=replacement)
    exact = law.mean(CHECKPOINTS)
    errors = reached.std(axis=0, ddof=1) / np.sqrt(REPEATS)
    z = (reached.mean(axis=0) - exact) / errors
    regret, wanted = ((values - task.optimum()) * 100 for values in (reached.mean(axis=0), exact))
    drawn = "with" if replacement else "without"
    print(f"{name:28} {drawn:8} {regret.round(4)} exact {wanted.round(4)} z {z.round(1)}")
    assert np.abs(z).max() < 4  # fixed seeds; 96 comparisons at 3 would fail by chance one time in five
