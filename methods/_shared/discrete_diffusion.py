"""Discrete diffusion over the decisions of a space: the noise, its exact posterior, and the network that removes it."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from equipoise.methods._shared.flat_weights import FlatWeights

__all__ = ["Denoiser", "MarginalNoise"]

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

CLOSED = -1e4
"""The score of an option that a decision does not have."""


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
        angle = (np.arange(steps + 1) / (steps + 1) + 0.008) / 1.008
        kept = np.square(np.cos(0.5 * np.pi * angle))
        self.kept: Array = kept / kept[0]

    def apply(self, codes: Codes, times: Codes, rng: np.random.Generator) -> Codes:
        """Draws x_t of B architectures (B x D), each at its own step t (B)."""
        again = rng.random(codes.shape) >= self.kept[times][:, None]
        return np.where(again, self.draw(len(codes), rng), codes)

    def draw(self, n: int, rng: np.random.Generator) -> Codes:
        """Draws n x D options from the marginals: x_T, nearly."""
        total = np.cumsum(self.marginals, axis=1)
        uniform = rng.random((n, len(total), 1)) * total[None, :, -1:]
        found: Codes = (uniform >= total[None, :, :]).sum(axis=2)
        return found

    def before(self, codes: Codes, time: int, origins: Array) -> Array:
        """The distribution of x_{t-1} given x_t and a distribution of x_0, B x D x W.

        sum_0 p(x_0) q(x_t | x_{t-1}) q(x_{t-1} | x_0) / q(x_t | x_0).

        Args:
            codes: x_t, B x D.
            time: t, from 1 on.
            origins: p(x_0), B x D x W.
        """
        m, kept, earlier = self.marginals, self.kept[time], self.kept[time - 1]
        stays = kept / earlier
        same = np.eye(m.shape[1])[codes]  # B x D x W
        own = np.take_along_axis(np.broadcast_to(m, same.shape), codes[:, :, None], axis=2)  # m(x_t), B x D x 1
        forward = stays * same + (1.0 - stays) * own  # q(x_t | x_{t-1}) by x_{t-1}
        reached = kept * same + (1.0 - kept) * own  # q(x_t | x_0) by x_0
        share = np.divide(origins, reached, out=np.zeros_like(origins), where=reached > 0)
        prior = earlier * share + (1.0 - earlier) * m * share.sum(axis=2, keepdims=True)
        found = forward * prior
        total = found.sum(axis=2, keepdims=True)
        return np.where(total > 0, found / np.where(total > 0, total, 1.0), np.broadcast_to(m, found.shape))


class Denoiser:
    """A transformer over D decisions that predicts x_0 from x_t, t and a class.

    Args:
        cardinalities: Options of each decision.
        steps: T.
        classes: Number of classes; one more stands for none.
        rng: Draws weights.
        width: Of a token.
        layers: Of attention.
        heads: Per layer.
        rate: Learning rate of Adam.
    """

    def __init__(
        self,
        cardinalities: tuple[int, ...],
        steps: int,
        classes: int,
        rng: np.random.Generator,
        width: int = 64,
        layers: int = 2,
        heads: int = 4,
        rate: float = 1e-3,
    ) -> None:
        widths = np.asarray(cardinalities)
        self._count, self._options, self._width, self._layers, self._heads = (
            len(widths),
            int(widths.max()),
            width,
            layers,
            heads,
        )
        closed = np.arange(self._options)[None, :] >= widths[:, None]
        self._closed = torch.from_numpy(np.where(closed, CLOSED, 0.0).astype(np.float32))
        self._starts = np.arange(self._count) * self._options
        shapes: dict[str, tuple[int, ...]] = {
            "option_table": (self._count * self._options, width),
            "time_table": (steps + 1, width),
            "class_table": (classes + 1, width),
            "score": (width, self._options),
            "score_table": (self._count, width * self._options),
        }
        for layer in range(layers):
            shapes |= {f"attend_{layer}": (width, 3 * width), f"join_{layer}": (width, width)}
            shapes |= {f"widen_{layer}": (width, 2 * width), f"widen_{layer}_bias": (2 * width,)}
            shapes |= {f"narrow_{layer}": (2 * width, width), f"narrow_{layer}_bias": (width,)}
            shapes |= {f"before_{layer}_gain": (width,), f"within_{layer}_gain": (width,)}
        self._weights = FlatWeights(shapes, rng, rate)

    def scores(self, codes: Codes, times: Codes, classes: Codes) -> Any:
        """The scores of x_0, B x D x W, closed where a decision has fewer options."""
        w = self._weights.views
        embed, norm = torch.nn.functional.embedding, torch.nn.functional.layer_norm
        told = embed(torch.from_numpy(times), w["time_table"]) + embed(torch.from_numpy(classes), w["class_table"])
        state = embed(torch.from_numpy(codes + self._starts), w["option_table"]) + told.unsqueeze(1)
        batch = len(codes)
        for layer in range(self._layers):
            parts = norm(state, (self._width,), w[f"before_{layer}_gain"]) @ w[f"attend_{layer}"]
            split = parts.view(batch, self._count, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            seen = torch.nn.functional.scaled_dot_product_attention(split[0], split[1], split[2])
            state = state + seen.transpose(1, 2).reshape(batch, self._count, -1) @ w[f"join_{layer}"]
            inner = norm(state, (self._width,), w[f"within_{layer}_gain"]) @ w[f"widen_{layer}"]
            state = (
                state + torch.relu(inner + w[f"widen_{layer}_bias"]) @ w[f"narrow_{layer}"] + w[f"narrow_{layer}_bias"]
            )
        own = w["score_table"].view(self._count, self._width, self._options) + w["score"]
        return torch.matmul(state.unsqueeze(2), own).squeeze(2) + self._closed

    def learn(self, origins: Codes, codes: Codes, times: Codes, classes: Codes) -> float:
        """Takes one step on the mean cross-entropy of x_0 (`origins`); returns it."""
        scores = self.scores(codes, times, classes).view(-1, self._options)
        loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(origins).view(-1))
        self._weights.descend(loss)
        return float(loss.detach())

    def guided(self, codes: Codes, time: int, wanted: int, none: int, guidance: float) -> Array:
        """The distribution of x_0 under classifier-free guidance, B x D x W.

        softmax((1 + w) scores(class) - w scores(no class)).

        Source: Ho and Salimans, Classifier-Free Diffusion Guidance, 2022.
        """
        n = len(codes)
        both, times = np.concatenate([codes, codes]), np.full(2 * n, time)
        with torch.no_grad():
            scores = self.scores(both, times, np.repeat([wanted, none], n)).numpy().astype(np.float64)
        mixed = (1.0 + guidance) * scores[:n] - guidance * scores[n:]
        shares = np.exp(mixed - mixed.max(axis=2, keepdims=True))
        found: Array = shares / shares.sum(axis=2, keepdims=True)
        return found
