"""The methods that share the exact ranker, and Optuna's samplers by name."""

import numpy as np
import pytest

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.methods._shared.gp import HammingProcess, normal_scores

RANKED = ("exact_gp", "mutation_gp", "eda_gp")


def make(name: str, task: str = "nasbench_graph/proteins", queries: int = 30, **settings: object) -> Method:
    cls = load_method(name)
    return cls(problem_of(cls, load_task(task), Budget(queries=queries)), np.random.default_rng(1), **settings)


def run(method: Method, task: str = "nasbench_graph/proteins", queries: int = 30) -> Trajectory:
    return run_trial(method, load_task(task), Ledger(Budget(queries=queries)), lambda _: np.random.default_rng())


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "random", "nsgaii", "qmc"])
def test_every_sampler_spends_its_budget_and_repeats(sampler: str) -> None:
    queries = 14 if sampler == "gp" else 40
    first, again = (run(make("optuna", queries=queries, sampler=sampler), queries=queries) for _ in range(2))
    assert len(first) == queries
    assert first.architecture == again.architecture


@pytest.mark.parametrize("name", RANKED)
@pytest.mark.parametrize("task", ["nasbench201/cifar10", "nasbench_graph/proteins", "transnas_macro/jigsaw"])
def test_the_ranked_methods_propose_nothing_twice(name: str, task: str) -> None:
    if (reason := load_task(task).skip()) is not None:
        pytest.skip(reason)
    assert set(run(make(name, task), task).status) == {"ok"}


@pytest.mark.parametrize("name", RANKED)
def test_the_ranked_methods_find_what_is_good(name: str) -> None:
    """On a table of 2,021 networks 60 queries of a model beat the expected best of 60 random draws."""
    task = load_task("nasbench_graph/proteins")
    reached = min(run(make(name, queries=60), queries=60).validation_error)
    rng = np.random.default_rng(0)
    random = np.mean([rng.choice(task.landscape(), 60, replace=False).min() for _ in range(300)])
    assert reached < random


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("exact_gp", {"n_initial": 0}),
        ("exact_gp", {"growth": 1.0}),
        ("exact_gp", {"targets": "ranks"}),
        ("mutation_gp", {"edits": 0}),
        ("mutation_gp", {"pool": 3}),
        ("eda_gp", {"floor": 1.5}),
        ("eda_gp", {"generation": 0}),
        ("optuna", {"sampler": "smac"}),
        ("optuna", {"options": {"no_such_option": 1}}),
        ("asng", {"alpha": 0.0}),
        ("asng", {"delta": -1.0}),
    ],
)
def test_bad_settings_are_refused(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        make(name, **bad)


def test_normal_scores_rank_and_share_ties() -> None:
    scores = normal_scores(np.array([0.3, 0.1, 0.2, 0.2]))
    assert scores[1] == max(scores)
    assert scores[0] == min(scores)
    assert scores[2] == scores[3]
    assert scores.sum() == pytest.approx(0.0, abs=1e-12)


def test_observing_one_by_one_is_the_same_as_at_once() -> None:
    """The inverse factor that grows by a row a time is that of the whole correlation matrix."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, size=(12, 5))
    process = HammingProcess(5, 1.5)
    for code in codes:
        process.add(code.tolist())
    matrix = process.correlation(codes, codes) + process.noise * np.eye(12)
    assert process.inverse @ matrix @ process.inverse.T == pytest.approx(np.eye(12), abs=1e-8)
