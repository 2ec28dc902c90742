"""Discrete diffusion: its noise and posterior against direct sums, its network, and its search."""

import numpy as np
import pytest
from method_runs import make_on_proteins, make_search, run_on_proteins, run_search

from equipoise.harness.core.errors import SettingError
from equipoise.methods.graph_diffusion import classes_of

torch = pytest.importorskip("torch")

from equipoise.methods._shared.discrete_diffusion import Denoiser, MarginalNoise  # noqa: E402 - needs torch

FAST = {"steps": 4, "train_steps": 3, "width": 8, "layers": 1}
MARGINALS = np.array([[0.5, 0.3, 0.2], [0.9, 0.1, 0.0]])


def test_noise_keeps_options_by_the_schedule_and_draws_the_rest_from_the_marginals() -> None:
    noise, rng = MarginalNoise(10, MARGINALS), np.random.default_rng(0)
    assert noise.kept[0] == 1
    assert np.all(np.diff(noise.kept) < 0)
    codes = np.tile([2, 1], (40_000, 1))
    drawn = noise.apply(codes, np.full(len(codes), 6), rng)
    for column, option in ((0, 2), (1, 1)):
        wanted = (1 - noise.kept[6]) * MARGINALS[column] + noise.kept[6] * (np.arange(3) == option)
        assert np.bincount(drawn[:, column], minlength=3) / len(drawn) == pytest.approx(wanted, abs=0.01)


def test_the_step_before_is_the_posterior_of_the_chain() -> None:
    """Against products of transition matrices, summed over the distribution of x_0."""
    noise, time = MarginalNoise(10, MARGINALS), 7
    origins = np.array([[[0.2, 0.5, 0.3], [0.6, 0.4, 0.0]]])
    found = noise.before(np.array([[1, 0]]), time, origins)

    def transition(kept: float, marginal: np.ndarray) -> np.ndarray:
        return kept * np.eye(3) + (1 - kept) * np.tile(marginal, (3, 1))

    for column, now in ((0, 1), (1, 0)):
        one_step = transition(noise.kept[time] / noise.kept[time - 1], MARGINALS[column])
        until = transition(noise.kept[time - 1], MARGINALS[column])
        wanted = np.zeros(3)
        for origin, share in enumerate(origins[0, column]):
            joint = until[origin] * one_step[:, now]
            wanted += share * joint / joint.sum()
        assert found[0, column] == pytest.approx(wanted)


def test_the_last_step_gives_the_predicted_origin() -> None:
    noise = MarginalNoise(10, np.full((1, 3), 1 / 3))
    origins = np.array([[[0.7, 0.2, 0.1]]])
    assert noise.before(np.array([[2]]), 1, origins)[0, 0].argmax() == 0
    sure = noise.before(np.array([[2]]), 1, np.array([[[1.0, 0.0, 0.0]]]))
    assert sure[0, 0] == pytest.approx([1, 0, 0])


def test_guidance_moves_away_from_no_class() -> None:
    network = Denoiser((3, 2), 5, 2, np.random.default_rng(0), width=8, layers=1, heads=2)
    codes, times = np.array([[0, 1]]), np.array([3])
    of_class, of_none = (network.scores(codes, times, np.array([k])).detach().numpy()[0] for k in (0, 2))
    mixed = 3 * of_class - 2 * of_none
    wanted = np.exp(mixed) / np.exp(mixed).sum(axis=1, keepdims=True)
    assert network.guided(codes, 3, 0, 2, 2.0)[0] == pytest.approx(wanted, abs=1e-5)
    assert network.guided(codes, 3, 0, 2, 0.0)[0, 1, 2] == 0  # the second decision has two options


def test_the_network_learns_what_a_class_looks_like() -> None:
    """Class 0 is all zeros, class 1 all ones; from noise, guided samples of class 0 are zeros."""
    rng = np.random.default_rng(0)
    network, noise = (
        Denoiser((2,) * 4, 8, 2, rng, width=16, layers=1, heads=2, rate=1e-2),
        MarginalNoise(8, np.full((4, 2), 0.5)),
    )
    for _ in range(80):
        classes = rng.integers(2, size=32)
        codes = np.repeat(classes[:, None], 4, axis=1)
        times = rng.integers(1, 9, size=32)
        network.learn(codes, noise.apply(codes, times, rng), times, np.where(rng.random(32) < 0.1, 2, classes))
    assert network.guided(noise.draw(50, rng), 8, 0, 2, 2.0)[:, :, 0].mean() > 0.9
    assert network.guided(noise.draw(50, rng), 8, 1, 2, 2.0)[:, :, 1].mean() > 0.9


def test_classes_are_quantiles_of_what_was_paid_for() -> None:
    assert classes_of([0.1 * n for n in range(20)]).tolist() == [0] + [1] * 3 + [2] * 6 + [3] * 4 + [4] * 6
    assert classes_of([0.3, 0.2]).tolist() == [4, 2]


def test_nothing_is_proposed_twice() -> None:
    assert set(run_on_proteins(make_on_proteins("graph_diffusion", **FAST)).status) == {"ok"}


def test_a_run_repeats_with_its_seed() -> None:
    first, again, other = (run_search(make_search("graph_diffusion", 40, n, **FAST), queries=40) for n in (0, 0, 1))
    assert first.architecture == again.architecture != other.architecture


@pytest.mark.parametrize(
    "bad", [{"candidates": 0}, {"steps": 0}, {"layers": 0}, {"width": 6}, {"guidance": -1.0}, {"learning_rate": 0.0}]
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"graph_diffusion: {next(iter(bad))} = .*accepted: "):
        make_on_proteins("graph_diffusion", **bad)
