"""Generators without latents: a state that takes in decisions one by one, and proposes the next."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods.graph_vae.masks import Masks
from equipoise.methods.graph_vae.parameters import Parameters

__all__ = ["SequenceGenerator"]


class SequenceGenerator(ABC):
    """Trained on architectures by likelihood, sampled through the legality mask.

    Args:
        space: Seen through its decisions and masks only.
        rng: Draws weights and samples.
        shapes: Weights, see `Parameters`.
        learning_rate: Of Adam.
    """

    def __init__(
        self,
        space: SearchSpace,
        rng: np.random.Generator,
        shapes: Mapping[str, tuple[int, ...]],
        learning_rate: float = 1e-2,
    ) -> None:
        self.space, self.rng = space, rng
        self._masks = Masks(space)
        self.parameters = Parameters(shapes, rng, learning_rate)

    @abstractmethod
    def start(self, w: dict[str, Any], batch: int) -> Any:
        """The state before the first decision, B rows."""

    @abstractmethod
    def logits(self, w: dict[str, Any], state: Any, position: int) -> Any:
        """Logits over the options of a decision, B x its width."""

    @abstractmethod
    def advance(self, w: dict[str, Any], state: Any, position: int, chosen: Any) -> Any:
        """The state after a decision, given the B chosen options."""

    def loss(self, architectures: Sequence[Architecture], weights: np.ndarray) -> Any:
        """The weighted negative log-likelihood of B architectures.

        Args:
            architectures: B of them.
            weights: B weights.
        """
        w = self.parameters.views()
        codes = torch.from_numpy(np.asarray(architectures, dtype=np.int64))
        state, total = self.start(w, len(codes)), torch.zeros(len(codes))
        for position in range(codes.shape[1]):
            legal = np.stack(self._masks.masks([cell[:position] for cell in architectures]))
            masked = self.logits(w, state, position).masked_fill(torch.from_numpy(~legal), -1e9)
            chosen = codes[:, position]
            total = total + torch.nn.functional.cross_entropy(masked, chosen, reduction="none")
            state = self.advance(w, state, position, chosen)
        weight = torch.from_numpy((weights / weights.mean()).astype(np.float32))
        return (total * weight).mean()

    def sample(
        self, n: int, temperature: float = 1.0, parents: Sequence[Architecture] = (), fresh: float = 0.3
    ) -> list[Architecture]:
        """Draws n architectures.

        Args:
            n: How many.
            temperature: Divisor of the logits.
            parents: Where given, most draws keep about half to nearly all decisions of one, where they are legal.
            fresh: Share of draws that keep nothing.
        """
        rng, count = self.rng, len(self.space.decisions)
        keep = np.zeros((n, count), dtype=np.bool_)
        kept = np.zeros((n, count), dtype=np.int64)
        if parents:
            kept = np.asarray(parents, dtype=np.int64)[rng.integers(len(parents), size=n)]
            share = np.where(rng.random((n, 1)) < fresh, 0.0, rng.uniform(0.5, 0.95, (n, 1)))
            keep = rng.random((n, count)) < share
        codes: list[Architecture] = [()] * n
        with torch.no_grad():
            w = self.parameters.views()
            state = self.start(w, n)
            for position in range(count):
                legal = np.stack(self._masks.masks(codes))
                logits = self.logits(w, state, position).numpy().astype(np.float64) / temperature
                noisy = np.where(legal, logits + rng.gumbel(size=legal.shape), -np.inf)
                wanted = kept[:, position]
                use = keep[:, position] & legal[np.arange(n), wanted]
                chosen = np.where(use, wanted, noisy.argmax(axis=1))
                codes = [(*code, option) for code, option in zip(codes, chosen.tolist(), strict=True)]
                state = self.advance(w, state, position, torch.from_numpy(chosen))
        return codes
