"""The loop around a generator without latents."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods.graph_vae.loop import GenerativeSearch, rank_weights

if TYPE_CHECKING:
    from equipoise.methods.graph_vae.sequence import SequenceGenerator

__all__ = ["SequenceSearch"]


class SequenceSearch(GenerativeSearch):
    """Trains a generator on rank-weighted draws of what was evaluated, and samples it around parents.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: See `GenerativeSearch`, as the next seven.
        generation: Most queries taken from one pool.
        generation_share: The same as a share of what was observed.
        draws: Uniform draws from the space among the candidates.
        pool: New candidates wanted in each round.
        rounds: Rounds of candidates a generation.
        elites: Parents in a round.
        ranked: Whether the Gaussian process picks.
        train_steps: Steps of Adam a generation.
        batch: Architectures in a step.

    Raises:
        SettingError: A setting is out of range.
    """

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 10,
        generation: int = 20,
        generation_share: float = 0.15,
        draws: int = 300,
        pool: int = 100,
        rounds: int = 2,
        elites: int = 20,
        ranked: bool = True,
        train_steps: int = 5,
        batch: int = 32,
    ) -> None:
        super().__init__(
            problem,
            rng,
            n_initial=n_initial,
            generation=generation,
            pool=pool,
            rounds=rounds,
            elites=elites,
            ranked=ranked,
            generation_share=generation_share,
            draws=draws,
        )
        if batch < 1 or train_steps < 0:
            raise SettingError(f"batch = {batch}, train_steps = {train_steps}; accepted: from 1 and from 0 on")
        self.train_steps, self.batch = train_steps, batch
        self.generator: SequenceGenerator | None = None

    @abstractmethod
    def make(self) -> "SequenceGenerator":
        """The generator, untrained."""

    def learn(self, architectures: Sequence[Architecture], scores: np.ndarray) -> None:
        """Trains for `train_steps`, from where the generator was."""
        import torch

        if self.generator is None:
            torch.set_num_threads(1)
            self.generator = self.make()
        weights = rank_weights(len(scores))
        for _ in range(self.train_steps):
            drawn = self.rng.choice(len(weights), size=self.batch, p=weights / weights.sum(dtype=np.float64))
            loss = self.generator.loss([architectures[i] for i in drawn], np.ones(self.batch))
            self.generator.parameters.descend(loss)

    def propose(self, parents: Sequence[Architecture], n: int, temperature: float) -> list[Architecture]:
        """Samples the generator."""
        assert self.generator is not None, "learn comes first"
        return self.generator.sample(n, temperature, parents)
