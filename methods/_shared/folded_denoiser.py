"""A denoiser that learns no more, for sampling: what surrounds its matrix products is folded into the matrices."""

from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.attention_layer import MOST, NAMES, TINY, heads_of
from equipoise.methods._shared.denoiser import Denoiser, shares_of

__all__ = ["TOGETHER", "FoldedDenoiser"]

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]

TOGETHER = 64
"""Architectures that are read at once, so that arrays stay in the cache."""
ZERO = np.float32(0.0)


class Layer(NamedTuple):
    """The matrices of a layer, after which rows need a division by their deviation only.

    A normalisation subtracts the mean of a row, which is a matrix, as is the gain; the scale of attention is part of
    the queries. A rectifier gives max(z + b, 0) = max(z, -b) + b, whose last term passes through `narrow`.
    """

    attend: Floats
    join: Floats
    widen: Floats
    floor: Floats
    narrow: Floats
    bias: Floats


class FoldedDenoiser:
    """The function of a `Denoiser` as it is now, in fewer array operations.

    Args:
        denoiser: Must not learn while this is used.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        self._of, self._own = denoiser, denoiser.score_weights().swapaxes(1, 2)
        self._layers = [_folded(denoiser, number) for number in range(denoiser.layers)]
        width, tokens = denoiser.width, TOGETHER * denoiser.count
        self._mean = np.full(width, 1.0 / width, dtype=np.float32)
        self._ones = np.ones((denoiser.count, denoiser.count), dtype=np.float32)
        self._buffers = [
            np.empty((tokens, columns), dtype=np.float32) for columns in (width, width, 3 * width, 2 * width)
        ]

    def guided(self, codes: Codes, time: int, wanted: int, none: int, guidance: npt.NDArray[np.float64]) -> Floats:
        """The distribution of x_0 under classifier-free guidance, D x W x B.

        softmax((1 + w) scores(class) - w scores(no class)).

        Args:
            codes: D x B.
            time: t.
            wanted: The class.
            none: Stands for no class.
            guidance: w, B.

        Source: Ho and Salimans, Classifier-Free Diffusion Guidance, 2022.
        """
        scores = self.scores(codes, time, wanted)
        steered = np.flatnonzero(guidance)
        if len(steered):
            weight = guidance[steered].astype(np.float32)
            of_none = self.scores(codes[:, steered], time, none)
            scores[:, :, steered] += weight * (scores[:, :, steered] - of_none)
        return shares_of(scores)

    def scores(self, codes: Codes, time: int, told: int) -> Floats:
        """The scores of x_0, D x W x B, at one step and under one class; closed where a decision has fewer options.

        Equal architectures are read once. So is each option by the first layer: its token is the same wherever it
        stands.

        Args:
            codes: D x B.
            time: t.
            told: The class.
        """
        of, attend = self._of, self._layers[0].attend
        table = of.option_tokens(time, told)
        parts_table = (table * self._inverse(table, np.empty_like(table))) @ attend
        distinct, place = _distinct(codes)
        found = np.empty((of.count, of.options, distinct.shape[1]), dtype=np.float32)
        for start in range(0, distinct.shape[1], TOGETHER):
            tokens = (distinct[:, start : start + TOGETHER].T + of.starts).ravel()
            state, scratch, parts, inner = (buffer[: len(tokens)] for buffer in self._buffers)
            np.take(table, tokens, axis=0, out=state, mode="clip")
            np.take(parts_table, tokens, axis=0, out=parts, mode="clip")
            for number, layer in enumerate(self._layers):
                if number:
                    np.multiply(state, self._inverse(state, scratch), out=scratch)
                    np.matmul(scratch, layer.attend, out=parts)
                self._advance(layer, state, scratch, parts, inner)
            last = state.reshape(-1, of.count, of.width).transpose(1, 2, 0)
            np.matmul(self._own, last, out=found[:, :, start : start + TOGETHER])
        found += of.closed
        return np.take(found, place, axis=2)

    def _inverse(self, rows: Floats, scratch: Floats) -> Floats:
        """The reciprocal deviation of each row, as a column."""
        mean, found = rows @ self._mean, np.square(rows, out=scratch) @ self._mean
        found -= mean * mean
        np.maximum(found, ZERO, out=found)
        found += TINY
        np.sqrt(found, out=found)
        column: Floats = np.reciprocal(found, out=found)[:, None]
        return column

    def _advance(self, layer: Layer, state: Floats, scratch: Floats, parts: Floats, inner: Floats) -> None:
        """Takes tokens through a layer, in place, from their queries, keys and values."""
        of = self._of
        query, key, value = heads_of(parts, of.count, of.heads, of.width)
        weights = np.matmul(query, key.swapaxes(2, 3))
        np.clip(weights, -MOST, MOST, out=weights)
        np.exp(weights, out=weights)
        weights /= (weights.reshape(-1, of.count) @ self._ones).reshape(weights.shape)
        np.matmul(weights, value, out=heads_of(scratch, of.count, of.heads, of.width)[0])
        middle = parts.reshape(-1)[: state.size].reshape(state.shape)  # queries, keys and values are not needed again
        state += np.matmul(scratch, layer.join, out=middle)
        np.multiply(state, self._inverse(state, scratch), out=scratch)
        np.matmul(scratch, layer.widen, out=inner)
        np.maximum(inner, layer.floor, out=inner)
        state += np.matmul(inner, layer.narrow, out=scratch)
        state += layer.bias


def _folded(of: Denoiser, number: int) -> Layer:
    w = {name: of.weights.views[f"layer_{number}_{name}"] for name in NAMES}
    attend = _centred(w["gain"][:, None] * w["attend"])
    attend[:, : of.width] *= np.float32(1.0 / sqrt(of.width // of.heads))
    widen = _centred(w["inner_gain"][:, None] * w["widen"])
    bias = w["narrow_bias"] + w["widen_bias"] @ w["narrow"]
    return Layer(attend, w["join"], widen, -w["widen_bias"], w["narrow"], bias)


def _centred(matrix: Floats) -> Floats:
    """A matrix that takes rows as this one takes those with their mean subtracted."""
    centred: Floats = matrix - matrix.mean(axis=0)
    return centred


def _distinct(codes: Codes) -> tuple[Codes, list[int]]:
    """The distinct columns, and the place among them of each column."""
    text, size = np.ascontiguousarray(codes.T, dtype=np.uint16).tobytes(), 2 * len(codes)
    found: dict[bytes, int] = {}
    place = [found.setdefault(text[start : start + size], len(found)) for start in range(0, len(text), size)]
    first = np.frombuffer(b"".join(found), dtype=np.uint16).reshape(len(found), -1)
    return first.T.astype(np.int64), place
