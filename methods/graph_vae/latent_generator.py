"""Generators of candidates: the decoder, and what stands in its place in the ablations."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.generators import mutants
from equipoise.methods.graph_vae.decoding import Edits, decode
from equipoise.methods.graph_vae.generation import Generator, Proposals, Scored
from equipoise.methods.graph_vae.model import Vae
from equipoise.methods.graph_vae.proposals import Drafting, LinearHead, draw_latents

__all__ = ["LatentGenerator", "LatentsFrom", "MutationGenerator"]

Floats = npt.NDArray[np.float32]
LatentsFrom = Literal["decoder", "prior", "shuffled"]


class MutationGenerator(Generator):
    """Makes one edit of a parent, or draws uniformly (ablations: no decoder).

    Args:
        space: The space.
        rng: Source of randomness.
        parents: Most parents.
        uniform: Whether to draw from the whole space instead.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator, parents: int, uniform: bool) -> None:
        self._space, self._rng, self._parents, self._uniform = space, rng, parents, uniform

    def anywhere(self, n: int) -> Proposals:
        """Draws from the space."""
        return _without_latents(self._space.sample(self._rng, n))

    def around(self, elites: Sequence[Architecture], n: int) -> Proposals:
        """Makes one edit of an elite, or draws from the space."""
        if self._uniform:
            return self.anywhere(n)
        ranks = list(range(len(elites)))
        return _without_latents(mutants(self._space, self._rng, elites, ranks, n, self._parents, edits=1))

    def after(self, scored: Scored, n: int) -> Proposals:
        """The same around the best candidates."""
        return self.around(scored.architectures, n)

    def adapt(self, fresh_share: float) -> None:
        """Changes nothing."""


class LatentGenerator(Generator):
    """Decodes latents around those of the parents.

    Small noise in the latents moves few decisions, and always the same ones: those of which the decoder is least sure.
    So most drafts take one decision, whichever, otherwise than their latent says, and the later ones with it.

    The reach of the noise adapts: it grows while most of what is decoded is known, and falls back while most is new.

    Args:
        model: The autoencoder; not changed.
        rng: Source of randomness.
        source: ``decoder`` takes latents around the parents; ``prior`` draws them from the prior instead, and
            ``shuffled`` exchanges each dimension between drafts (ablations).
        parents: Most parents.
        drafting: Settings of the candidates.
    """

    def __init__(
        self,
        model: Vae,
        rng: np.random.Generator,
        source: LatentsFrom,
        parents: int,
        drafting: Drafting,
    ) -> None:
        self._model, self._rng, self._parents, self._source = model, rng, parents, source
        self._drafting = drafting
        self.reach = 0.5

    def adapt(self, fresh_share: float) -> None:
        """Widens or narrows the noise, by the share of the last drafts that was new."""
        if fresh_share < 0.5:
            self.reach = min(2.0, 1.1 * self.reach)
        elif fresh_share > 0.8:
            self.reach = max(0.3, self.reach / 1.1)

    def anywhere(self, n: int) -> Proposals:
        """Draws from the space and encodes the draws."""
        drawn = self._model.space.sample(self._rng, n)
        return Proposals(drawn, self._model.means(drawn) if n else np.empty((0, self._model.sizes.latent), np.float32))

    def around(self, elites: Sequence[Architecture], n: int) -> Proposals:
        """Decodes latents around those of elites."""
        return self._decode(self._model.means(elites[: self._parents]), n, None, np.zeros(self._model.layout.columns))

    def after(self, scored: Scored, n: int) -> Proposals:
        """Decodes latents around those of the best candidates, some up the property head.

        A second head, over the decisions, tells which options are promising where one is taken otherwise.
        """
        head = LinearHead(scored.latents, scored.scores, ridge=0.1) if self._drafting.ascent else None
        tilt = np.zeros(self._model.layout.columns)
        if self._drafting.guidance:
            hot = self._model.layout.one_hot(np.array(scored.architectures))
            tilt = self._drafting.guidance * LinearHead(hot, scored.scores, ridge=0.02).slope
        return self._decode(scored.latents[: self._parents], n, head, tilt)

    def _decode(self, parents: Floats, n: int, head: LinearHead | None, tilt: npt.NDArray[np.float64]) -> Proposals:
        rng, model = self._rng, self._model
        latents = draw_latents(rng, parents, n, self.reach * model.radius, head, self._drafting.ascent)
        if self._source == "prior":
            latents = rng.standard_normal(latents.shape, dtype=np.float32)
        elif self._source == "shuffled":
            latents = rng.permuted(latents, axis=0)
        count = len(model.layout.widths)
        free = (rng.random((n, 1)) < self._drafting.edited) & (np.arange(count) == rng.integers(count, size=(n, 1)))
        codes, _ = decode(model, latents, rng, self._drafting.temperature, self._drafting.masked, Edits(free, tilt))
        return Proposals(codes, latents)


def _without_latents(architectures: list[Architecture]) -> Proposals:
    return Proposals(architectures, np.empty((len(architectures), 0), dtype=np.float32))
