"""Candidates of a generation: drawn round by round, each round around the most promising of those before."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.gp import normal_scores
from equipoise.methods._shared.structural_ranker import StructuralRanker
from equipoise.methods.graph_vae.candidates import Candidates

__all__ = ["Generation", "Generator", "Proposals", "Scored"]

Floats = npt.NDArray[np.float32]

MOST_DRAWN = 3
"""A round draws at most so many times the candidates that it wants."""


class Proposals(NamedTuple):
    """Generated architectures, and the latents that they came from (n x k; k = 0 without latents)."""

    architectures: list[Architecture]
    latents: Floats


class Scored(NamedTuple):
    """Candidates with their normal scores, best first; the latents are those that they came from."""

    architectures: list[Architecture]
    latents: Floats
    scores: npt.NDArray[np.float64]


class Generator(Protocol):
    """Draws candidates."""

    def anywhere(self, n: int) -> Proposals:
        """Draws from the whole space."""

    def around(self, elites: Sequence[Architecture], n: int) -> Proposals:
        """Draws around evaluated architectures, best first."""

    def after(self, scored: Scored, n: int) -> Proposals:
        """Draws around the best of the candidates so far."""

    def adapt(self, fresh_share: float) -> None:
        """Hears which share of a generation's drafts was valid, new and wanted."""


class Generation:
    """A pool of candidates that climbs the expected improvement.

    A fifth of the pool is drawn from the whole space. The rest comes in rounds: the first around evaluated elites, each
    further one around the most promising candidates so far. Nothing is listed.

    Args:
        space: The space.
        ranker: Has at least one observation.
        generator: Draws the candidates.
        elites: Evaluated architectures, best first.
        taken: Keys that are no candidates any more.
        pool: Candidates wanted.
        rounds: Rounds.
        masked: Whether the generator masks illegal options, so that validity need not be checked.

    Attributes:
        candidates: Those that are valid and new.
        invalid: Generated ones that are not in the space; none under a mask.
        drawn: How many were drawn around others.
        fresh: How many of them were valid, new and wanted: once a round has its candidates, the rest is not looked at.
    """

    def __init__(
        self,
        space: SearchSpace,
        ranker: StructuralRanker,
        generator: Generator,
        elites: Sequence[Architecture],
        taken: set[Architecture],
        pool: int,
        rounds: int,
        masked: bool,
    ) -> None:
        self._masked = masked
        self._space, self.candidates = space, Candidates(ranker)
        self.invalid: list[Architecture] = []
        self._found, self._keys, self._latents = set(taken), list[Architecture](), list[Floats]()
        self.drawn = self.fresh = 0
        anywhere = pool // 5
        self._offer(generator.anywhere(anywhere), anywhere)
        size = (pool - anywhere) // rounds
        for later in range(rounds):
            if later and not self.candidates:
                break
            asked = min(MOST_DRAWN * size, int(np.ceil(size / self.fresh_share)))
            offered = generator.after(self._scored(), asked) if later else generator.around(elites, asked)
            self.fresh += self._offer(offered, size)
            self.drawn += asked

    @property
    def fresh_share(self) -> float:
        """The share of what was drawn around others that was valid, new and wanted; 1 before anything was."""
        return max(self.fresh, 1) / self.drawn if self.drawn else 1.0

    def _offer(self, proposals: Proposals, most: int) -> int:
        fresh: list[Architecture] = []
        for architecture, latent in zip(proposals.architectures, proposals.latents, strict=True):
            if len(fresh) == most:
                break
            if not (self._masked or self._space.contains(architecture)):
                self.invalid.append(architecture)
                continue
            key = self._space.key(architecture)
            if key not in self._found:
                self._found.add(key)
                fresh.append(key)
                self._latents.append(latent)
        self._keys += fresh
        self.candidates.add(fresh)
        return len(fresh)

    def _scored(self) -> Scored:
        promise = self.candidates.promise
        order = np.argsort(-promise, kind="stable")
        scores = normal_scores(-promise)[order]
        return Scored([self._keys[i] for i in order], np.stack([self._latents[i] for i in order]), scores)
