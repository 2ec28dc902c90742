from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import MadeSpace, MadeTask

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial


def make(name: str, queries: int = 100, seed: int = 0, task: str = "nasbench201/cifar10", **settings: object) -> Method:
    cls = load_method(name)
    return cls(problem_of(cls, load_task(task), Budget(queries=queries)), np.random.default_rng(seed), **settings)


def run(method: Method, task: str = "nasbench201/cifar10", queries: int = 100) -> Trajectory:
    return run_trial(method, load_task(task), Ledger(Budget(queries=queries)), lambda _: np.random.default_rng())


@pytest.mark.parametrize("task", ["nasbench201/cifar100", "nasbench_graph/proteins"])
@pytest.mark.parametrize("seed", range(5))
def test_without_momentum_it_is_local_search_query_for_query(task: str, seed: int) -> None:
    plain = run(make("local_search", 300, seed, task), task, 300)
    hot = run(make("momentum_local_search", 300, seed, task, temperature=inf, restart="random"), task, 300)
    assert hot.architecture == plain.architecture
    assert hot.validation_error == plain.validation_error


@pytest.mark.parametrize("name", ["local_search", "momentum_local_search", "random_search"])
def test_nothing_is_proposed_twice(name: str) -> None:
    for task in ("nasbench201/cifar10", "nasbench_graph/cora"):
        assert set(run(make(name, 300, 1, task), task, 300).status) == {"ok"}


@pytest.mark.parametrize("name", ["local_search", "momentum_local_search", "random_search"])
def test_a_space_is_searched_to_its_last_architecture(name: str) -> None:
    problem = Problem(MadeSpace(), Budget(queries=50))
    method = load_method(name)(problem, np.random.default_rng(0))
    trajectory = run_trial(method, MadeTask(), Ledger(problem.budget), lambda _: np.random.default_rng())
    assert sorted(trajectory.architecture) == list(MadeSpace().enumerate())
    assert trajectory.shortfall == 36
    assert "every architecture" in trajectory.ended
    with pytest.raises(SearchEnded):
        method.ask()


@pytest.mark.parametrize("name", ["local_search", "momentum_local_search"])
def test_a_shared_start_stands_for_the_random_one(name: str) -> None:
    """The first proposal of its own is a neighbour of the best that it was told."""
    task, method = load_task("nasbench201/cifar10"), make(name)
    initial = task.space.sample(np.random.default_rng(3), 10)
    ledger = Ledger(Budget(queries=11))
    trajectory = run_trial(method, task, ledger, lambda _: np.random.default_rng(), initial)
    best = trajectory.architecture[int(np.argmin(trajectory.validation_error[:10]))]
    assert trajectory.architecture[10] in task.space.neighbours(best)


def test_evolution_breeds_whatever_the_budget() -> None:
    assert [make("regularized_evolution", queries).population for queries in (1, 10, 60, 99, 100, 300)] == [
        1, 5, 30, 49, 50, 50
    ]  # fmt: skip


def test_local_search_moves_only_downhill_and_only_to_neighbours() -> None:
    method = make("local_search", initial=3)
    for error in (0.5, 0.4, 0.6):
        method.tell(Observation(method.ask(), error, 1.0))
    best = method._incumbent
    for _ in range(10):
        query = method.ask()
        assert query.architecture in method.space.neighbours(best)
        method.tell(Observation(query, 0.45, 1.0))
    assert method._incumbent == best
    query = method.ask()
    method.tell(Observation(query, 0.3, 1.0))
    assert method._incumbent == query.architecture


def test_local_search_starts_again_at_a_local_optimum() -> None:
    method = make("local_search", initial=1)
    start = method.ask()
    method.tell(Observation(start, 0.1, 1.0))
    for _ in range(24):
        method.tell(Observation(method.ask(), 0.2, 1.0))
    assert method.ask().architecture not in method.space.neighbours(start.architecture)


def test_momentum_prefers_what_helped() -> None:
    """After one edit helped, edits to the same option elsewhere are drawn almost surely at a low temperature."""
    method = make("momentum_local_search", initial=1, temperature=0.001)
    start = method.ask()
    method.tell(Observation(start, 0.5, 1.0))
    first = method.ask().architecture
    ((decision, option),) = [(d, n) for d, (n, o) in enumerate(zip(first, start.architecture, strict=True)) if n != o]
    method.tell(Observation(Query(first), 0.4, 1.0))
    others = [d for d in range(6) if d != decision and first[d] != option]
    worth = [d for d in others if first[d] == start.architecture[decision]] or others
    following = method.ask().architecture
    changed = [d for d, (n, o) in enumerate(zip(following, first, strict=True)) if n != o]
    assert changed[0] in worth
    assert following[changed[0]] == option


def test_momentum_velocity_is_the_stated_average() -> None:
    method = make("momentum_local_search", initial=1, beta=0.75, temperature=inf)
    start = method.ask()
    method.tell(Observation(start, 0.5, 1.0))
    query = method.ask()
    method.tell(Observation(query, 0.45, 1.0))
    pairs = enumerate(zip(query.architecture, start.architecture, strict=True))
    ((decision, new, old),) = [(d, n, o) for d, (n, o) in pairs if n != o]
    assert method._own[decision][new] == pytest.approx(0.25)  # the first gain is its own running median: g = 1
    assert method._own[decision][old] == pytest.approx(-0.25)
    assert method._pooled[0][new] == pytest.approx(0.25)
    assert method._pooled[0] is method._pooled[5]


def test_evolution_keeps_the_youngest_and_breeds_the_best_of_the_tournament() -> None:
    method = make("regularized_evolution", population=4, sample=64)
    told = []
    for error in (0.1, 0.9, 0.8, 0.7):
        query = method.ask()
        told.append(query.architecture)
        method.tell(Observation(query, error, 1.0))
    child = method.ask()  # 64 draws of 4 members miss the best with probability 1e-8
    assert child.architecture in method.space.neighbours(told[0])
    method.tell(Observation(child, 0.95, 1.0))  # the best is the oldest, and leaves
    grandchild = method.ask()
    assert grandchild.architecture in method.space.neighbours(told[3])


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(1, 12), st.integers(0, 5))
def test_evolution_starts_with_its_population(population: int, sample: int, seed: int) -> None:
    method = make("regularized_evolution", 100, seed, population=population, sample=sample)
    trajectory = run(method)
    assert len(trajectory) == 100
    assert len(method._alive) == population
    assert sorted(method._alive) == sorted(
        zip(trajectory.validation_error[-population:], trajectory.architecture[-population:], strict=True)
    )


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("regularized_evolution", {"population": 101}),
        ("regularized_evolution", {"population": 0}),
        ("regularized_evolution", {"sample": 0}),
        ("local_search", {"initial": 0}),
        ("momentum_local_search", {"temperature": -1.0}),
        ("momentum_local_search", {"temperature": float("nan")}),
        ("momentum_local_search", {"beta": 1.0}),
        ("momentum_local_search", {"restart": "never"}),
        ("momentum_local_search", {"initial": 0}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=r"accepted: "):
        make(name, **bad)
