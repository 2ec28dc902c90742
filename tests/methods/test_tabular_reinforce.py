"""REINFORCE with a table."""

import numpy as np
import pytest
from made import MadeSpace

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem, Query
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods.tabular_reinforce import TabularReinforce


def make(space: SearchSpace, seed: int = 0, **given: float) -> TabularReinforce:
    return TabularReinforce(Problem(space, Budget(queries=300)), np.random.default_rng(seed), **given)


def test_what_pays_becomes_likely_at_the_published_rate() -> None:
    method = make(NasBench201())
    for _ in range(300):
        query = method.ask()
        method.tell(Observation(query, 1.0 - query.architecture.count(3) / 6, float("nan")))
    late = [method.ask().architecture.count(3) for _ in range(50)]
    assert np.mean(late) > 2.4  # twice what is drawn at random


def test_its_steps_are_those_of_the_published_code() -> None:
    """The log-probability times the advantage by autograd and PyTorch's Adam, as the authors write it."""
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    method = make(NasBench201())
    table = torch.tensor(np.array(method._logits), requires_grad=True)
    adam = torch.optim.Adam([table], lr=0.01)
    numerator = denominator = 0.0
    for error in (0.3, 0.1, 0.5, 0.2):
        query = method.ask()
        numerator, denominator = 0.9 * numerator - 0.1 * error, 0.9 * denominator + 0.1
        chosen = table.log_softmax(dim=-1)[range(6), list(query.architecture)]
        adam.zero_grad()
        (-chosen * (-error - numerator / denominator)).sum().backward()
        adam.step()
        method.tell(Observation(query, error, 1.0))
    assert np.array(method._logits) == pytest.approx(table.detach().numpy(), abs=1e-7)


def test_illegal_options_are_never_drawn_and_foreign_ones_teach_nothing() -> None:
    method = make(NasBench101())
    assert all(method.space.contains(method.ask().architecture) for _ in range(20))
    made = make(MadeSpace())
    before = made._flat.copy()
    made.tell(Observation(Query((0, 0, 1)), 0.0, 1.0))  # no architecture of the space
    assert (made._flat == before).all()


@pytest.mark.parametrize("bad", [{"learning_rate": 0.0}, {"learning_rate": float("nan")}, {"decay": 1.0}])
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, float]) -> None:
    with pytest.raises(SettingError, match=rf"tabular_reinforce: {next(iter(bad))} = .*accepted: "):
        make(NasBench201(), **bad)
