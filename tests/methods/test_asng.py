"""ASNG."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from method_runs import make_on_proteins

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem
from equipoise.harness.core.space import Architecture, Decision
from equipoise.harness.spaces._declared import DeclaredProduct
from equipoise.methods.asng import Asng


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("asng", {"alpha": 0.0}),
        ("asng", {"delta": -1.0}),
    ],
)
def test_bad_settings_are_refused(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        make_on_proteins(name, **bad)


def searched(widths: list[int], seed: int, queries: int) -> list[Architecture]:
    """The proposals on a space of decisions, where the error is the mean place of the options."""
    space = DeclaredProduct("made", tuple(Decision(f"d{n}", tuple(map(str, range(w)))) for n, w in enumerate(widths)))
    method, asked = Asng(Problem(space, Budget(queries=queries)), np.random.default_rng(seed)), []
    for _ in range(queries):
        query = method.ask()
        asked.append(query.architecture)
        method.tell(Observation(query, float(np.mean(query.architecture)), 1.0))
    return asked


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4).filter(lambda widths: max(widths) > 1), st.integers(0, 99))
def test_every_option_stays_possible(widths: list[int], seed: int) -> None:
    space = DeclaredProduct("made", tuple(Decision(f"d{n}", tuple(map(str, range(w)))) for n, w in enumerate(widths)))
    method = Asng(Problem(space, Budget(queries=60)), np.random.default_rng(seed), delta=3.0)
    for error in np.random.default_rng(seed).random(60).tolist():
        method.tell(Observation(method.ask(), error, 1.0))
        shares = np.split(method._theta, np.cumsum(widths)[:-1])
        assert all(share.min() > 0 and share.sum() == pytest.approx(1) for share in shares)


@pytest.mark.parametrize("widths", [[8], [2, 2], [2, 2, 2]])
def test_it_learns_where_decisions_are_few(widths: list[int]) -> None:
    late = [asked for seed in range(10) for asked in searched(widths, seed, 200)[-50:]]
    first = np.mean([asked == (0,) * len(widths) for asked in late])
    assert first > 1.5 / np.prod(widths)


def test_one_decision_of_many_options_keeps_exploring() -> None:
    assert len(set(searched([2000], 0, 100))) > 50
