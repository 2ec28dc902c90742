"""The network of the discrete diffusion: against autograd, its guidance, and what it learns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from equipoise.methods._shared.denoiser import CLOSED, Denoiser
from equipoise.methods._shared.discrete_diffusion import MarginalNoise
from equipoise.methods._shared.folded_denoiser import TOGETHER, FoldedDenoiser

WIDTHS, STEPS, CLASSES, WIDTH, LAYERS, HEADS = (3, 2, 4), 5, 2, 16, 2, 4


def network() -> Denoiser:
    rng = np.random.default_rng(0)
    found = Denoiser(WIDTHS, STEPS, CLASSES, rng, width=WIDTH, layers=LAYERS, heads=HEADS)
    found.weights.flat += rng.normal(0, 0.1, len(found.weights.flat)).astype(np.float32)
    return found


def drawn(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.stack([rng.integers(width, size=n) for width in WIDTHS])


def scores(torch: Any, w: Mapping[str, Any], codes: Any, times: Any, classes: Any) -> Any:
    """Scores (B x D x W), as the network is defined; codes are B x D."""
    batch, count = codes.shape
    told = w["told_table"][times] + w["told_table"][STEPS + 1 + classes]
    state = w["option_table"][codes + torch.arange(count) * max(WIDTHS)] + told[:, None, :]
    for layer in range(LAYERS):
        own = {name.removeprefix(f"layer_{layer}_"): part for name, part in w.items()}
        parts = torch.nn.functional.layer_norm(state, (WIDTH,), own["gain"]) @ own["attend"]
        query, key, value = parts.view(batch, count, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        seen = torch.nn.functional.scaled_dot_product_attention(query, key, value)
        state = state + seen.transpose(1, 2).reshape(batch, count, -1) @ own["join"]
        inner = torch.nn.functional.layer_norm(state, (WIDTH,), own["inner_gain"]) @ own["widen"] + own["widen_bias"]
        state = state + torch.relu(inner) @ own["narrow"] + own["narrow_bias"]
    own_scores = w["score_table"].view(count, WIDTH, max(WIDTHS)) + w["score"]
    closed = torch.arange(max(WIDTHS))[None, :] >= torch.tensor(WIDTHS)[:, None]
    return torch.einsum("bdw,dwo->bdo", state, own_scores) + CLOSED * closed


def test_scores_and_gradient_are_those_of_autograd() -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    rng, own = np.random.default_rng(1), network()
    origins, codes, times, classes = (
        drawn(rng, 9),
        drawn(rng, 9),
        rng.integers(1, STEPS + 1, 9),
        rng.integers(3, size=9),
    )
    gradient = own.gradient(origins, codes, times, classes)
    parts = {name: torch.tensor(part, dtype=torch.float64) for name, part in own.weights.views.items()}
    for part in parts.values():
        part.requires_grad_()
    wanted = scores(torch, parts, *map(torch.tensor, (codes.T, times, classes)))
    torch.nn.functional.cross_entropy(wanted.transpose(1, 2), torch.tensor(origins.T)).backward()
    expected = np.concatenate([part.grad.numpy().ravel() for part in parts.values()])
    assert gradient == pytest.approx(expected, rel=1e-3, abs=1e-5)
    for number in range(9):
        found = FoldedDenoiser(own).scores(codes, times[number], classes[number])[:, :, number]
        assert found == pytest.approx(wanted[number].detach().numpy(), rel=1e-4)


def test_guidance_moves_away_from_no_class() -> None:
    """Of each architecture by its own guidance, however many there are and however often one occurs."""
    own, rng, time = FoldedDenoiser(network()), np.random.default_rng(2), 3
    codes = drawn(rng, 2 * TOGETHER)
    guidance = rng.choice([2.0, 1.0, 0.0], size=codes.shape[1])
    found = own.guided(codes, time, 0, CLASSES, guidance)
    for number, weight in enumerate(guidance):
        one = codes[:, [number]]
        of_class, of_none = (own.scores(one, time, k)[:, :, 0] for k in (0, CLASSES))
        mixed = (1 + weight) * of_class - weight * of_none
        wanted = np.exp(mixed) / np.exp(mixed).sum(axis=1, keepdims=True)
        assert found[:, :, number] == pytest.approx(wanted, abs=1e-5)
    assert (found[1, 2:] == 0).all()  # the second decision has two options


def test_the_network_learns_what_a_class_looks_like() -> None:
    """Class 0 is all zeros, class 1 all ones; from noise, guided samples of class 0 are zeros."""
    rng = np.random.default_rng(0)
    own = Denoiser((2,) * 4, 8, 2, rng, width=16, layers=1, heads=2, rate=1e-2)
    noise = MarginalNoise(8, np.full((4, 2), 0.5))
    for _ in range(80):
        classes = rng.integers(2, size=32)
        codes, times = np.repeat(classes[None, :], 4, axis=0), rng.integers(1, 9, size=32)
        own.learn(codes, noise.apply(codes, times, rng), times, np.where(rng.random(32) < 0.1, 2, classes))
    trained = FoldedDenoiser(own)
    for wanted in range(2):
        assert trained.guided(noise.draw(50, rng), 8, wanted, 2, np.full(50, 2.0))[:, wanted].mean() > 0.9
