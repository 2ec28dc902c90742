"""Ageing evolution."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from method_runs import make_search, run_search

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation


def test_evolution_breeds_whatever_the_budget() -> None:
    assert [make_search("regularized_evolution", queries).population for queries in (1, 10, 60, 99, 100, 300)] == [
        1, 5, 30, 49, 50, 50
    ]  # fmt: skip


def test_evolution_keeps_the_youngest_and_breeds_the_best_of_the_tournament() -> None:
    method = make_search("regularized_evolution", population=4, sample=64)
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
    method = make_search("regularized_evolution", 100, seed, population=population, sample=sample)
    trajectory = run_search(method)
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
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=r"accepted: "):
        make_search(name, **bad)
