"""AG-Net: its generator, its loss and weights, and its search."""

import numpy as np
import pytest
from method_runs import make_on_proteins, make_search, run_on_proteins, run_search

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.noise_generator import NoiseGenerator
from equipoise.methods.ag_net import rank_weights

FAST = {"epochs": 2, "pretraining": 5}


def generator(space: SearchSpace, rate: float = 1e-3) -> NoiseGenerator:
    return NoiseGenerator(space, np.random.default_rng(0), rate=rate)


@pytest.mark.parametrize("space", [NasBench201(), NasBench101(), Darts()], ids=lambda space: space.name)
def test_what_it_writes_is_valid(space: SearchSpace) -> None:
    assert all(space.contains(architecture) for architecture, _ in generator(space).sample(30, 3.0))


def test_it_learns_to_write_what_it_is_shown() -> None:
    space = NasBench201()
    network, (cell,) = generator(space, rate=1e-2), space.sample(np.random.default_rng(5), 1)
    for _ in range(60):
        network.learn(np.asarray([cell] * 8), np.full(8, 0.9), np.ones(8), 0.5)
    drawn = network.sample(50, 1.0)
    assert np.mean([architecture == cell for architecture, _ in drawn]) > 0.5
    assert np.mean([predicted for _, predicted in drawn]) == pytest.approx(0.9, abs=0.1)


def test_the_best_weigh_most() -> None:
    assert rank_weights([0.3, 0.1, 0.2], 0.01) == pytest.approx([1 / 2.03, 1 / 0.03, 1 / 1.03])


@pytest.mark.parametrize("settings", [{}, {"pretraining": 0, "candidates": 5, "batch": 4, "n_initial": 3}])
def test_nothing_is_proposed_twice(settings: dict[str, object]) -> None:
    assert set(run_on_proteins(make_on_proteins("ag_net", **{**FAST, **settings})).status) == {"ok"}


def test_a_run_repeats_with_its_seed() -> None:
    first, again, other = (run_search(make_search("ag_net", 40, n, **FAST), queries=40) for n in (0, 0, 1))
    assert first.architecture == again.architecture != other.architecture


@pytest.mark.parametrize(
    "bad",
    [
        {"candidates": 0},
        {"epochs": 0},
        {"alpha": 1.5},
        {"weight_factor": 0.0},
        {"learning_rate": 0.0},
        {"pretraining": -1},
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"ag_net: {next(iter(bad))} = .*accepted: "):
        make_on_proteins("ag_net", **bad)


def test_errors_above_one_of_the_same_order_are_told_apart() -> None:
    def asked(power: int) -> list[tuple[int, ...]]:
        method, found = make_search("ag_net", 40, **FAST), []
        for _ in range(40):
            query = method.ask()
            found.append(query.architecture)
            method.tell(Observation(query, 2.0 + sum(query.architecture) ** power, 1.0))
        return found

    assert asked(1) != asked(2)
