"""AG-Net: its generator, its loss and weights, and its search."""

import numpy as np
import pytest
from method_runs import make_on_proteins, make_search, run_on_proteins, run_search

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods.ag_net import rank_weights

torch = pytest.importorskip("torch")

FAST = {"epochs": 2, "pretraining": 5}


def generator(space: SearchSpace, rate: float = 1e-3):  # type: ignore[no-untyped-def]
    from equipoise.methods._shared.noise_generator import NoiseGenerator

    return NoiseGenerator(space, np.random.default_rng(0), rate=rate)


@pytest.mark.parametrize("space", [NasBench201(), NasBench101(), Darts()], ids=lambda space: space.name)
def test_what_it_writes_is_valid(space: SearchSpace) -> None:
    assert all(space.contains(architecture) for architecture, _ in generator(space).sample(30, 3.0))


def test_the_loss_weighs_reconstruction_and_prediction() -> None:
    """Against the formula written out for two cells, from the scores and accuracies of the network itself."""
    space, alpha = NasBench201(), 0.9
    network, rng = generator(space), np.random.default_rng(1)
    codes, noise = np.asarray(space.sample(rng, 2)), rng.normal(size=(2, 32))
    accuracies, weights = np.array([0.5, 0.8]), np.array([2.0, 0.5])
    scores, predicted = (one.detach().numpy() for one in network.outputs(torch.from_numpy(noise.astype(np.float32))))
    total = 0.0
    for row in range(2):
        shares = np.exp(scores[row]) / np.exp(scores[row]).sum(axis=1, keepdims=True)
        reconstruction = np.mean([-np.log(share[option]) for share, option in zip(shares, codes[row], strict=True)])
        missed = (predicted[row] - accuracies[row]) ** 2
        total += weights[row] * ((1 - alpha) * reconstruction + alpha * missed) / 2
    assert network.loss(codes, accuracies, weights, alpha, noise).item() == pytest.approx(total, rel=1e-4)


def test_a_step_follows_the_gradient() -> None:
    """Against differences of the loss along random directions, through `torch.autograd`."""
    space, rng = NasBench201(), np.random.default_rng(2)
    network = generator(space)
    codes, noise, even = np.asarray(space.sample(rng, 4)), rng.normal(size=(4, 32)), np.ones(4)
    flat = network._weights._flat
    network.loss(codes, even * 0.5, even, 0.5, noise).backward()
    for _ in range(3):
        way = torch.from_numpy(rng.normal(size=len(flat)).astype(np.float32))
        way = way / way.norm()
        with torch.no_grad():
            ends = []
            for step in (0.01, -0.01):
                flat.add_(step * way)
                ends.append(network.loss(codes, even * 0.5, even, 0.5, noise).item())
                flat.sub_(step * way)
        assert (ends[0] - ends[1]) / 0.02 == pytest.approx(float(flat.grad @ way), abs=2e-3)


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
