"""The Gaussian process that reads graphs."""

import numpy as np
import pytest

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Observation, Query
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.methods.structural_gp import StructuralGp

PROTEINS = "nasbench_graph/proteins"


def make(task: str = PROTEINS, queries: int = 30, seed: int = 1, **settings: object) -> StructuralGp:
    problem = problem_of(StructuralGp, load_task(task), Budget(queries=queries), settings)
    return StructuralGp(problem, np.random.default_rng(seed), **settings)  # type: ignore[arg-type]


def run(task: str = PROTEINS, queries: int = 30, seed: int = 1, **settings: object) -> Trajectory:
    method = make(task, queries, seed, **settings)
    return run_trial(method, load_task(task), Ledger(Budget(queries=queries)), lambda _: np.random.default_rng())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"groups": "none"},
        {"groups": "paths + degrees", "decisions": False},
        {"linear": False},
        {"whole": False},
        {"whole": False, "candidates": "eda"},
        {"groups": "none", "decisions": False},
    ],
)
def test_nothing_is_proposed_twice_under_any_setting(settings: dict[str, object]) -> None:
    assert set(run(**settings).status) == {"ok"}


def test_graph_features_find_good_cells_sooner_than_decisions_alone() -> None:
    """At 30 queries on NAS-Bench-201 the regret is at most half that of the Hamming kernel, mean of eight seeds."""
    task = load_task("nasbench201/cifar10")
    optimum = task.optimum()
    assert optimum is not None

    def regret(**settings: object) -> float:
        runs = [run("nasbench201/cifar10", 30, seed, **settings) for seed in range(8)]
        return float(np.mean([min(trajectory.validation_error) - optimum for trajectory in runs]))

    assert regret() < 0.5 * regret(groups="none", linear=False)


def test_a_space_that_cannot_be_listed_is_searched_over_pools() -> None:
    method = make(whole=False, pool=40, generation=3)
    task = load_task(PROTEINS)
    pools = set()
    for _ in range(20):
        query = method.ask()
        method.tell(Observation(query, *task.evaluate(query.architecture, None, np.random.default_rng(0))))
        pools.add(tuple(method._pool))
    assert len(pools) == 6  # none at the five initial, then one for each three of the fifteen queries


def test_a_small_space_is_searched_to_its_end() -> None:
    space = load_task(PROTEINS).space
    method = make(n_initial=5)
    for architecture in space.enumerate():
        if len(method._taken) < space.size - 2:
            method._take(architecture)
    last = {method.ask().architecture for _ in range(2)}
    assert len(last) == 2
    with pytest.raises(SearchEnded):
        method.ask()


def test_an_observation_outside_the_space_teaches_nothing() -> None:
    method = make()
    method.tell(Observation(Query((99,) * 7), 1.0, float("nan")))
    assert method._ranker.errors == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n_initial": 0}, "n_initial = 0"),
        ({"growth": 1.0}, "growth = 1.0; accepted: numbers above 1"),
        ({"candidates": "vae"}, "candidates = 'vae'; accepted: mutation, eda"),
        ({"pool": 2}, "pool = 2; accepted: at least generation = 5"),
        ({"groups": "path"}, "no group 'path'; did you mean"),
        ({"groups": "none", "decisions": False, "linear": False}, "nothing is left"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        make(**settings)


def test_it_says_what_it_knows_and_what_it_was_tuned_on() -> None:
    method = load_method("structural_gp")
    assert set(method.knowledge) == {"decisions", "legality", "isomorphism", "graph"}
    assert method.tuned_on == ("nasbench201/cifar10", "nasbench_graph/cora")
