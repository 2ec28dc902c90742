"""A layer of a transformer, with its gradient: attention, then two dense layers, each after a normalisation."""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.network_arrays import above_zero, keep_only

__all__ = ["MOST", "NAMES", "TINY", "AttentionLayer", "heads_of"]

Floats = npt.NDArray[np.float32]

TINY, ZERO = np.float32(1e-5), np.float32(0.0)
MOST = np.float32(30.0)
"""Products of query and key end there on both sides, so that exponentials are finite and no share is denormal."""

NAMES = ("gain", "attend", "join", "inner_gain", "widen", "widen_bias", "narrow", "narrow_bias")


class Normal(NamedTuple):
    """Rows with mean 0 and variance 1, and the reciprocals of the deviations they had."""

    rows: Floats
    inverse: Floats


class Pass(NamedTuple):
    """Values that the backward pass reads, for N = B D tokens of width w.

    Attributes:
        before: The tokens, normalised.
        scaled: N x w, those times the gain.
        parts: N x 3 w, queries, keys and values of all heads.
        weights: B x heads x D x D, how much each token sees of each.
        seen: N x w, the values seen.
        within: The tokens after attention, normalised.
        widened: N x w, those times the gain.
        inner: N x 2 w, the output of the rectifier.
    """

    before: Normal
    scaled: Floats
    parts: Floats
    weights: Floats
    seen: Floats
    within: Normal
    widened: Floats
    inner: Floats


def heads_of(rows: Floats, count: int, heads: int, width: int) -> list[Floats]:
    """Views of B count x k width rows as k arrays, each B x heads x count x width / heads."""
    split = rows.reshape(-1, count, rows.shape[1] // width, heads, width // heads)
    return list(split.transpose(2, 0, 3, 1, 4))


class AttentionLayer:
    """Self-attention over the D tokens of each of B sequences. Tokens are rows, sequence by sequence: B D x w.

    Args:
        number: Of the layer, part of the names of its weights.
        count: D.
        heads: Of attention.
        weights: By name.
        gradients: Where the gradients of the weights are written.

    Source: Vaswani et al., Attention Is All You Need, NeurIPS 2017; normalisation first, as Xiong et al., On Layer
    Normalization in the Transformer Architecture, ICML 2020.
    """

    def __init__(
        self, number: int, count: int, heads: int, weights: Mapping[str, Floats], gradients: Mapping[str, Floats]
    ) -> None:
        self._w = {name: weights[f"layer_{number}_{name}"] for name in NAMES}
        self._g = {name: gradients[f"layer_{number}_{name}"] for name in NAMES}
        self._count, self._heads, self._width = count, heads, len(self._w["attend"])
        self._scale = np.float32(1.0 / sqrt(self._width // heads))
        self._mean = np.full(self._width, 1.0 / self._width, dtype=np.float32)
        self._ones = np.ones((count, count), dtype=np.float32)

    @staticmethod
    def shapes(number: int, width: int) -> dict[str, tuple[int, ...]]:
        """The names and shapes of the weights."""
        sizes = [(width,), (width, 3 * width), (width, width), (width,)]
        sizes += [(width, 2 * width), (2 * width,), (2 * width, width), (width,)]
        return {f"layer_{number}_{name}": size for name, size in zip(NAMES, sizes, strict=True)}

    def forward(self, state: Floats) -> tuple[Floats, Pass]:
        """The tokens after the layer (N x w), and what the backward pass reads."""
        w = self._w
        before = self._normalised(state)
        scaled = before.rows * w["gain"]
        parts: Floats = np.matmul(scaled, w["attend"])
        query, key, value = self._heads_of(parts)
        weights = np.matmul(query, key.swapaxes(2, 3))
        weights *= self._scale
        np.clip(weights, -MOST, MOST, out=weights)
        np.exp(weights, out=weights)
        weights /= (weights.reshape(-1, self._count) @ self._ones).reshape(weights.shape)
        seen = np.empty_like(state)
        np.matmul(weights, value, out=self._heads_of(seen)[0])
        middle: Floats = np.matmul(seen, w["join"])
        middle += state
        within = self._normalised(middle)
        widened = within.rows * w["inner_gain"]
        inner: Floats = np.matmul(widened, w["widen"])
        inner += w["widen_bias"]
        np.maximum(inner, ZERO, out=inner)
        after: Floats = np.matmul(inner, w["narrow"])
        after += w["narrow_bias"]
        after += middle
        return after, Pass(before, scaled, parts, weights, seen, within, widened, inner)

    def _heads_of(self, rows: Floats) -> list[Floats]:
        return heads_of(rows, self._count, self._heads, self._width)

    def _normalised(self, rows: Floats) -> Normal:
        centred = rows - (rows @ self._mean)[:, None]
        inverse = np.square(centred) @ self._mean
        inverse += TINY
        np.sqrt(inverse, out=inverse)
        np.reciprocal(inverse, out=inverse)
        centred *= inverse[:, None]
        return Normal(centred, inverse[:, None])

    def backward(self, run: Pass, to_after: Floats) -> Floats:
        """The gradient with respect to the tokens before the layer; those of the weights are written.

        Args:
            run: From `forward`.
            to_after: N x w, the gradient with respect to the tokens after the layer.
        """
        w, g = self._w, self._g
        np.matmul(run.inner.T, to_after, out=g["narrow"])
        np.add.reduce(to_after, axis=0, out=g["narrow_bias"])
        to_inner: Floats = np.matmul(to_after, w["narrow"].T)
        keep_only(to_inner, above_zero(run.inner))
        np.matmul(run.widened.T, to_inner, out=g["widen"])
        np.add.reduce(to_inner, axis=0, out=g["widen_bias"])
        to_middle = self._through(run.within, np.matmul(to_inner, w["widen"].T), "inner_gain")
        to_middle += to_after
        np.matmul(run.seen.T, to_middle, out=g["join"])
        to_parts = np.empty_like(run.parts)
        self._attend(run, np.matmul(to_middle, w["join"].T), to_parts)
        np.matmul(run.scaled.T, to_parts, out=g["attend"])
        to_state = self._through(run.before, np.matmul(to_parts, w["attend"].T), "gain")
        to_state += to_middle
        return to_state

    def _attend(self, run: Pass, to_seen: Floats, to_parts: Floats) -> None:
        """The gradient of attention with respect to queries, keys and values."""
        (query, key, value), (to_query, to_key, to_value) = self._heads_of(run.parts), self._heads_of(to_parts)
        (seen,) = self._heads_of(to_seen)
        np.matmul(run.weights.swapaxes(2, 3), seen, out=to_value)
        change = np.matmul(seen, value.swapaxes(2, 3))
        change *= run.weights
        change -= run.weights * (change.reshape(-1, self._count) @ self._ones).reshape(change.shape)
        change *= self._scale
        np.matmul(change, key, out=to_query)
        np.matmul(change.swapaxes(2, 3), query, out=to_key)

    def _through(self, normal: Normal, to_scaled: Floats, gain: str) -> Floats:
        """The gradient of a normalisation with respect to its input; that of the gain is written."""
        product = to_scaled * normal.rows
        np.add.reduce(product, axis=0, out=self._g[gain])
        weighted = self._w[gain] * self._mean
        share = product @ weighted
        common = to_scaled @ weighted
        to_rows = to_scaled
        to_rows *= self._w[gain]
        to_rows -= np.multiply(normal.rows, share[:, None], out=product)
        to_rows -= common[:, None]
        to_rows *= normal.inverse
        return to_rows
