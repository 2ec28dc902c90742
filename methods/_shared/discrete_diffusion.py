"""Discrete diffusion over the decisions of a space: the noise, and its exact posterior."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["MarginalNoise"]

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


class MarginalNoise:
    """Replaces options by draws from their marginals, more of them from step to step.

    From step t - 1 to t an option stays with probability 1 - b_t and is drawn again from the marginal m otherwise, so
    that q(x_t | x_0) = a_t [x_t = x_0] + (1 - a_t) m(x_t) with a_t = prod_s (1 - b_s). The a_t follow a cosine.

    Args:
        steps: T.
        marginals: D x W, each row a distribution over the options of a decision.

    Attributes:
        kept: a_0 to a_T; a_0 is 1.

    Source: Austin et al., Structured Denoising Diffusion Models in Discrete State-Spaces, NeurIPS 2021; marginals and
    schedule as in Vignac et al., DiGress: Discrete Denoising Diffusion for Graph Generation, ICLR 2023.
    """

    def __init__(self, steps: int, marginals: Array) -> None:
        self.steps, self.marginals = steps, marginals
        self._places, self._numbers = np.arange(len(marginals))[:, None], np.arange(marginals.shape[1])[None, :, None]
        angle = (np.arange(steps + 1) / (steps + 1) + 0.008) / 1.008
        kept = np.square(np.cos(0.5 * np.pi * angle))
        self.kept: Array = kept / kept[0]

    def apply(self, codes: Codes, times: Codes, rng: np.random.Generator) -> Codes:
        """Draws x_t of B architectures (D x B), each at its own step t (B)."""
        again = rng.random(codes.shape) >= self.kept[times]
        return np.where(again, self.draw(codes.shape[1], rng), codes)

    def draw(self, n: int, rng: np.random.Generator) -> Codes:
        """Draws D x n options from the marginals: x_T, nearly."""
        total = np.cumsum(self.marginals, axis=1)
        uniform = rng.random((len(total), 1, n)) * total[:, -1:, None]
        found: Codes = np.add.reduce(uniform >= total[:, :, None], axis=1, dtype=np.int64)
        return found

    def before(self, codes: Codes, time: int, origins: npt.NDArray[np.floating[Any]]) -> Array:
        """The distribution of x_{t-1} given x_t and a distribution of x_0, D x W x B, up to a factor.

        sum_0 p(x_0) q(x_t | x_{t-1}) q(x_{t-1} | x_0) / q(x_t | x_0).

        Args:
            codes: x_t, D x B.
            time: t, from 1 on.
            origins: p(x_0), D x W x B.
        """
        kept, earlier = self.kept[time], self.kept[time - 1]
        m, stays = self.marginals[:, :, None], kept / earlier
        same = codes[:, None, :] == self._numbers
        own = self.marginals[self._places, codes][:, None, :]  # m(x_t), D x 1 x B
        reached = (1.0 - kept) * own + kept * same  # q(x_t | x_0) by x_0
        share = np.divide(origins, reached, out=np.zeros(reached.shape), where=reached > 0)
        found = (1.0 - earlier) * np.add.reduce(share, axis=1, keepdims=True) * m
        found += earlier * share
        found *= (1.0 - stays) * own + stays * same  # q(x_t | x_{t-1}) by x_{t-1}
        nowhere = ~found.any(axis=1, keepdims=True)
        return np.where(nowhere, m, found) if nowhere.any() else found
