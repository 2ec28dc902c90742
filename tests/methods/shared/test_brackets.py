"""Successive halving in brackets."""

from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.harness.core.method import Observation, Query
from equipoise.methods._shared.brackets import Bracket, Brackets, ladder, rungs

POWERS = (1, 3, 9, 27, 81)


@given(st.integers(1, 6), st.integers(2, 5))
def test_a_bracket_costs_about_what_any_other_does(levels: int, eta: int) -> None:
    """Algorithm 1 gives every bracket B = (s_max + 1) R epochs; rounding n_0 up adds at most one of each rung."""
    full = eta ** (levels - 1)
    for s in range(levels):
        sizes = rungs([eta**k for k in range(levels)], s)
        assert sizes[-1] >= 1
        cost = sum(n * full // eta ** (s - i) for i, n in enumerate(sizes))
        assert cost <= levels * full + sum(full / eta ** (s - i) for i in range(s + 1)) + 1e-9


def test_rungs_cost_alike_where_levels_lie_apart() -> None:
    """NAS-Bench-201 with 12 and 200 epochs: one of 17 goes on, not one of eta at 17 times the cost."""
    assert rungs((12, 200), 1) == [17, 1]
    assert rungs((12, 200), 0) == [2]
    assert rungs((12, 200), 1, published=False) == [16, 1]
    assert rungs((1, 12, 90), 2) == [90, 7, 1]


@pytest.mark.parametrize(
    ("offered", "levels"),
    [
        ((12, 200), (12, 200)),
        ((4, 12, 36, 108), (4, 12, 36, 108)),
        ((1, 12, 90), (1, 12, 90)),
        (range(1, 13), (1, 4, 12)),
    ],
)
def test_levels_are_the_nearest_that_real_tasks_offer(offered, levels) -> None:
    assert ladder(offered, 3) == levels


@settings(max_examples=60)
@given(st.lists(st.integers(1, 300), min_size=2, max_size=12, unique=True), st.integers(2, 5))
def test_levels_are_offered_and_end_in_full_training(offered: list[int], eta: int) -> None:
    offered = sorted(offered)
    levels = ladder(offered, eta)
    assert set(levels) <= set(offered)
    assert list(levels) == sorted(levels)
    assert levels[-1] == offered[-1]
    assert len(levels) <= log(offered[-1] / offered[0]) / log(eta) + 1 + 1e-9


def test_the_best_go_on_and_ties_go_to_the_first() -> None:
    bracket = Bracket([5, 3, 1], [1, 3, 9])
    cells = iter([(0,), (1,), (2,), (3,), (4,)])
    asked = [bracket.propose(lambda epochs: next(cells)) for _ in range(5)]
    assert not bracket.open
    for cell, error in zip(asked, [0.5, 0.2, 0.4, float("nan"), 0.4], strict=True):
        assert not bracket.tell(cell, 3, 0.0)  # nobody waits for it at three epochs
        assert bracket.tell(cell, 1, error)
    assert [bracket.propose(lambda epochs: pytest.fail("drawn anew")) for _ in range(3)] == [(1,), (2,), (4,)]
    assert bracket.epochs == 3
    for cell, error in (((1,), 0.3), ((4,), 0.1), ((2,), 0.2)):
        assert bracket.tell(cell, 3, error)
    assert bracket.propose(lambda epochs: ()) == (4,)
    assert bracket.epochs == 9
    assert not bracket.finished
    assert bracket.tell((4,), 9, 0.05)
    assert bracket.finished


def test_while_answers_are_pending_the_next_bracket_begins() -> None:
    brackets = Brackets("test", (1, 3), 3, None)
    number = iter(range(100))
    jobs = [brackets.next(lambda epochs: (next(number),)) for _ in range(6)]
    assert [epochs for _, epochs in jobs] == [1, 1, 1, 3, 3, 1]
    for error, (cell, epochs) in enumerate(jobs[:3]):
        brackets.tell(Observation(Query(cell, epochs), error / 10, 1.0))
    assert brackets.next(lambda epochs: pytest.fail("drawn anew")) == (jobs[0][0], 3)
