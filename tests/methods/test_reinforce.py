"""REINFORCE."""

import numpy as np
import pytest
from made import MadeSpace

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.registry import load_method
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench201 import NasBench201


def make(space: SearchSpace, queries: int = 300, seed: int = 0, **given: object) -> Method:
    return load_method("reinforce")(Problem(space, Budget(queries=queries)), np.random.default_rng(seed), **given)


@pytest.mark.parametrize("batch", [1, 8])
def test_what_pays_becomes_likely(batch: int) -> None:
    space = NasBench201()
    method = make(space, batch=batch, learning_rate=0.02)
    before = None
    for _ in range(300):
        query = method.ask()
        method.tell(Observation(query, 1.0 - query.architecture.count(3) / 6, float("nan")))
        before = query.architecture.count(3) if before is None else before
    late = [method.ask().architecture.count(3) for _ in range(20)]
    assert np.mean(late) > 3  # 1.2 of 6 at random


def test_the_average_and_the_bonus_are_the_stated_ones() -> None:
    method = make(MadeSpace(), decay=0.75, entropy=0.5)
    entropies = []
    for error in (0.5, 0.1):
        query = method.ask()
        entropies.append(method._controller.replay([query.architecture]).entropies[0])
        method.tell(Observation(query, error, 1.0))
    rewards = [0.5 * entropy - error for entropy, error in zip(entropies, (0.5, 0.1), strict=True)]
    assert method._baseline == pytest.approx(0.75 * rewards[0] + 0.25 * rewards[1])


def test_foreign_observations_teach_too() -> None:
    method, space = make(MadeSpace(), learning_rate=0.05), MadeSpace()
    best = (2, 2, 2)
    before = method._controller.replay([best]).log_probabilities.sum()
    for _ in range(40):
        for architecture in space.sample(np.random.default_rng(5), 3):
            method.tell(Observation(Query(architecture), 0.9, 1.0))
        method.tell(Observation(Query(best), 0.1, 1.0))
        method.tell(Observation(Query((0, 0, 1)), 0.0, 1.0))  # no architecture of the space
    assert method._controller.replay([best]).log_probabilities.sum() > before


@pytest.mark.parametrize(
    "bad",
    [
        {"batch": 0},
        {"batch": 301},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"decay": 1.0},
        {"decay": -0.1},
        {"entropy": -1.0},
        {"temperature": 0.0},
        {"bound": -1.0},
        {"hidden": 0},
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"reinforce: {next(iter(bad))} = .*accepted: "):
        make(NasBench201(), **bad)
