"""A generator that turns noise into scores for every option, with a predictor of accuracy on the scores."""

from typing import Any

import numpy as np
import torch

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.flat_weights import FlatWeights

__all__ = ["NoiseGenerator"]

ROUNDS = 2
"""Rounds of messages between the decisions."""
LAYERS = 4
"""Hidden layers of the predictor."""
CLOSED = -1e4
"""The score of an option that a decision does not have."""


class NoiseGenerator:
    """Gives each of D decisions a state, from the noise and its place, and lets the states exchange messages.

    There is no encoder: any noise is to become any of the architectures that are shown. The predictor reads the scores,
    so that its gradient shapes the generator.

    Args:
        space: Seen through its decisions and masks.
        rng: Draws weights and noise.
        latent: Dimensions of the noise, and of a state.
        rate: Learning rate of Adam.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator, latent: int = 32, rate: float = 1e-3) -> None:
        self.space, self.rng, self.latent = space, rng, latent
        widths = np.asarray(space.cardinalities)
        self._count, self._width = len(widths), int(widths.max())
        closed = np.arange(self._width)[None, :] >= widths[:, None]
        self._closed = torch.from_numpy(np.where(closed, CLOSED, 0.0).astype(np.float32))
        self._open = torch.from_numpy(np.flatnonzero(~closed.ravel()))
        total = int(widths.sum())
        shapes: dict[str, tuple[int, ...]] = {"start": (latent, latent), "place_table": (self._count, latent)}
        for number in range(ROUNDS):
            shapes[f"own_{number}"], shapes[f"mean_{number}"] = (latent, latent), (2 * latent, latent)
            shapes[f"round_{number}_bias"] = (latent,)
        shapes |= {"score": (latent, self._width), "score_table": (self._count, latent * self._width)}
        for layer in range(LAYERS):
            shapes[f"predict_{layer}"], shapes[f"predict_{layer}_bias"] = (total, total), (total,)
        shapes |= {"accuracy": (total, 1), "accuracy_bias": (1,)}
        self._weights = FlatWeights(shapes, rng, rate, betas=(0.5, 0.999))

    def outputs(self, noise: Any) -> tuple[Any, Any]:
        """The scores (B x D x W, closed where a decision has fewer than W options) and accuracies (B) of B noises."""
        w = self._weights.views
        state = torch.tanh((noise @ w["start"]).unsqueeze(1) + w["place_table"])
        for number in range(ROUNDS):
            common = torch.cat([state.mean(dim=1), noise], dim=1) @ w[f"mean_{number}"] + w[f"round_{number}_bias"]
            state = torch.relu(state @ w[f"own_{number}"] + common.unsqueeze(1)) + state
        own = w["score_table"].view(self._count, self.latent, self._width) + w["score"]
        scores = torch.matmul(state.unsqueeze(2), own).squeeze(2)
        hidden = scores.reshape(len(noise), -1)[:, self._open]
        for layer in range(LAYERS):
            hidden = torch.relu(torch.addmm(w[f"predict_{layer}_bias"], hidden, w[f"predict_{layer}"]))
        return scores + self._closed, (hidden @ w["accuracy"] + w["accuracy_bias"])[:, 0]

    def learn(self, codes: np.ndarray, accuracies: np.ndarray | None, weights: np.ndarray, alpha: float) -> float:
        """Takes one step on B architectures under fresh normal noise; see `loss`."""
        loss = self.loss(codes, accuracies, weights, alpha, self.rng.normal(size=(len(codes), self.latent)))
        self._weights.descend(loss)
        return float(loss.detach())

    def loss(
        self, codes: np.ndarray, accuracies: np.ndarray | None, weights: np.ndarray, alpha: float, noise: np.ndarray
    ) -> Any:
        """The mean over b of w_b ((1 - alpha) reconstruction_b + alpha squared error_b).

        The reconstruction is the mean cross-entropy of the decisions; without accuracies there is nothing else.

        Args:
            codes: B x D options.
            accuracies: B, or None.
            weights: B.
            alpha: Share of the predictor.
            noise: B x `latent`.
        """
        scores, predicted = self.outputs(torch.from_numpy(noise.astype(np.float32)))
        flat = torch.nn.functional.cross_entropy(
            scores.view(-1, self._width), torch.from_numpy(codes).view(-1), reduction="none"
        )
        each = flat.view(len(codes), -1).mean(dim=1)
        if accuracies is not None:
            missed = predicted - torch.from_numpy(accuracies.astype(np.float32))
            each = (1.0 - alpha) * each + alpha * torch.square(missed)
        return (each * torch.from_numpy(weights.astype(np.float32))).mean()

    def sample(self, n: int, reach: float) -> list[tuple[Architecture, float]]:
        """Draws n architectures from noise that is uniform within `reach`, each with its predicted accuracy.

        Options are drawn independently by their scores; illegal ones are masked as decisions are taken in order.
        """
        noise = self.rng.uniform(-reach, reach, size=(n, self.latent)).astype(np.float32)
        with torch.no_grad():
            scores, predicted = self.outputs(torch.from_numpy(noise))
        perturbed = scores.numpy() + self.rng.gumbel(size=tuple(scores.shape))
        drawn = map(self._drawn, perturbed)
        return list(zip(drawn, predicted.numpy().tolist(), strict=True))

    def _drawn(self, perturbed: np.ndarray) -> Architecture:
        chosen: Architecture = ()
        for own, width in zip(perturbed, self.space.cardinalities, strict=True):
            chosen = (*chosen, int(np.where(self.space.legal(chosen), own[:width], -np.inf).argmax()))
        return chosen
