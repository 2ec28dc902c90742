"""The generator of AG-Net: its loss and gradient against autograd."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.noise_generator import CLOSED, ROUNDS, NoiseGenerator
from equipoise.methods._shared.score_predictor import LAYERS


def outputs(torch: Any, space: SearchSpace, w: Mapping[str, Any], noise: Any) -> tuple[Any, Any]:
    """Scores (B x D x W) and accuracies (B), as the generator is defined."""
    widths = space.cardinalities
    state = torch.tanh((noise @ w["start"])[:, None, :] + w["place_table"])
    for number in range(ROUNDS):
        common = torch.cat([state.mean(dim=1), noise], dim=1) @ w[f"mean_{number}"] + w[f"round_{number}_bias"]
        state = torch.relu(state @ w[f"own_{number}"] + common[:, None, :]) + state
    own = w["score_table"].view(len(widths), noise.shape[1], max(widths)) + w["score"]
    scores = torch.einsum("bdl,dlw->bdw", state, own)
    open_ = torch.arange(max(widths))[None, :] < torch.tensor(widths)[:, None]
    hidden = scores[:, open_]
    for layer in range(LAYERS):
        hidden = torch.relu(hidden @ w[f"predict_{layer}"] + w[f"predict_{layer}_bias"])
    return torch.where(open_, scores, scores + CLOSED), (hidden @ w["accuracy"] + w["accuracy_bias"])[:, 0]


@pytest.mark.parametrize("space", [NasBench101(), NasBench201()], ids=lambda space: space.name)
@pytest.mark.parametrize("told", [True, False], ids=["accuracies", "no accuracies"])
def test_outputs_and_gradient_are_those_of_autograd(space: SearchSpace, told: bool) -> None:
    """The loss weighs reconstruction and prediction; without accuracies, it is reconstruction alone."""
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    rng, alpha = np.random.default_rng(1), 0.9
    network = NoiseGenerator(space, rng)
    network.weights.flat += rng.normal(0, 0.05, len(network.weights.flat)).astype(np.float32)
    network.weights.gradient[:] = 1.0  # of an earlier step
    codes, noise = np.asarray(space.sample(rng, 16)), rng.normal(size=(16, 32)).astype(np.float32)
    accuracies, weights = rng.random(16), rng.random(16) * 3
    own = network.gradient(codes, accuracies if told else None, weights, alpha, noise)
    parts = {name: torch.tensor(part, dtype=torch.float64) for name, part in network.weights.views.items()}
    for part in parts.values():
        part.requires_grad_()
    scores, predicted = outputs(torch, space, parts, torch.tensor(noise, dtype=torch.float64))
    each = torch.nn.functional.cross_entropy(scores.transpose(1, 2), torch.tensor(codes), reduction="none").mean(dim=1)
    if told:
        each = (1 - alpha) * each + alpha * (predicted - torch.tensor(accuracies)) ** 2
    (each * torch.tensor(weights)).mean().backward()
    flat = [torch.zeros_like(part) if part.grad is None else part.grad for part in parts.values()]
    assert own == pytest.approx(np.concatenate([part.numpy().ravel() for part in flat]), rel=1e-3, abs=1e-5)
    own_scores, own_predicted = network.outputs(noise)
    assert own_scores.transpose(2, 0, 1) == pytest.approx(scores.detach().numpy(), rel=1e-4, abs=1e-4)
    assert own_predicted == pytest.approx(predicted.detach().numpy(), rel=1e-4, abs=1e-4)


def test_options_are_drawn_by_their_scores() -> None:
    space = NasBench201()
    network = NoiseGenerator(space, np.random.default_rng(0))
    network.weights.flat[:] = 0.0
    network.weights.views["score_table"].reshape(6, 32, 5)[0, 0] = [0.0, 1.0, 2.0, 0.0, -1.0]
    network.weights.views["place_table"][:, 0] = 100.0  # its state is 1 there
    drawn = np.asarray([architecture for architecture, _ in network.sample(20_000, 3.0)])
    wanted = np.exp([0.0, 1.0, 2.0, 0.0, -1.0])
    assert np.bincount(drawn[:, 0]) / len(drawn) == pytest.approx(wanted / wanted.sum(), abs=0.015)
    assert np.bincount(drawn[:, 1]) / len(drawn) == pytest.approx(np.full(5, 0.2), abs=0.015)
