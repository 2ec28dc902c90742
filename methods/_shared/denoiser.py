"""The network of a discrete diffusion: a transformer over the decisions of a space, with its gradient."""

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.attention_layer import AttentionLayer, Pass
from equipoise.methods._shared.flat_weights import FlatWeights

__all__ = ["Denoiser"]

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]

CLOSED = -1e4
"""The score of an option that a decision does not have."""
ZERO, ONE = np.float32(0.0), np.float32(1.0)

TOGETHER = 32
"""Architectures that are read at once: their arrays fit the cache, and are not asked of the system each time."""


class Denoiser:
    """A transformer over D decisions that predicts x_0 from x_t, t and a class.

    Gradients are written out (the tests hold them against autograd): a step sees 32 architectures of a few decisions,
    on which a library spends several times the arithmetic.

    Args:
        cardinalities: Options of each decision.
        steps: T.
        classes: Number of classes; one more stands for none.
        rng: Draws weights.
        width: Of a token.
        layers: Of attention.
        heads: Per layer.
        rate: Learning rate of Adam.

    Attributes:
        weights: Of the network.
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
        self._count, self._options, self._width = len(widths), int(widths.max()), width
        self._numbers = np.arange(self._options)[None, :, None]
        self._closed: Floats = np.where(self._numbers >= widths[:, None, None], np.float32(CLOSED), ZERO)
        self._starts = np.arange(self._count) * self._options
        self._first_class, self._told = steps + 1, np.arange(steps + classes + 2)[:, None]
        shapes: dict[str, tuple[int, ...]] = {
            "option_table": (self._count * self._options, width),
            "told_table": (len(self._told), width),  # times, then classes
            "score": (width, self._options),
            "score_table": (self._count, width * self._options),
        }
        for layer in range(layers):
            shapes |= AttentionLayer.shapes(layer, width)
        self.weights = FlatWeights(shapes, rng, rate)
        views, gradients = self.weights.views, self.weights.gradients
        self._layers = [AttentionLayer(number, self._count, heads, views, gradients) for number in range(layers)]

    def scores(self, codes: Codes, times: Codes, classes: Codes) -> Floats:
        """The scores of x_0, D x W x B, closed where a decision has fewer options.

        Args:
            codes: D x B.
            times: B.
            classes: B.
        """
        return self._forward(codes, times, classes)[0]

    def _forward(self, codes: Codes, times: Codes, classes: Codes) -> tuple[Floats, Floats, Floats, list[Pass]]:
        """The scores, their weights (D x w x W), the last tokens (D x B x w), and the passes of the layers."""
        w = self.weights.views
        told = w["told_table"][times] + w["told_table"][self._first_class + classes]
        tokens = w["option_table"][codes.T + self._starts]
        tokens += told[:, None, :]
        rows, passes = tokens.reshape(-1, self._width), []
        for layer in self._layers:
            rows, run = layer.forward(rows)
            passes.append(run)
        last = rows.reshape(tokens.shape).swapaxes(0, 1)
        own = w["score_table"].reshape(self._count, self._width, self._options) + w["score"]
        scores = np.matmul(own.swapaxes(1, 2), last.swapaxes(1, 2))
        scores += self._closed
        return scores, own, last, passes

    def learn(self, origins: Codes, codes: Codes, times: Codes, classes: Codes) -> None:
        """Takes one step on the mean cross-entropy of x_0; see `gradient`."""
        self.gradient(origins, codes, times, classes)
        self.weights.descend()

    def gradient(self, origins: Codes, codes: Codes, times: Codes, classes: Codes) -> Floats:
        """The gradient of the mean cross-entropy of x_0, in the order of the weights.

        Args:
            origins: x_0, D x B.
            codes: x_t, D x B.
            times: t, B.
            classes: B.
        """
        g = self.weights.gradients
        scores, own, last, passes = self._forward(codes, times, classes)
        to_scores = shares_of(scores)
        to_scores -= origins[:, None, :] == self._numbers
        to_scores *= ONE / np.float32(origins.size)
        turned = to_scores.swapaxes(1, 2)
        to_own = g["score_table"].reshape(own.shape)
        np.matmul(last.swapaxes(1, 2), turned, out=to_own)
        np.add.reduce(to_own, axis=0, out=g["score"])
        to_tokens = np.empty((len(times), self._count, self._width), dtype=np.float32)
        np.matmul(turned, own.swapaxes(1, 2), out=to_tokens.swapaxes(0, 1))
        rows = to_tokens.reshape(-1, self._width)
        for layer, run in zip(reversed(self._layers), reversed(passes), strict=True):
            rows = layer.backward(run, rows)
        to_tokens = rows.reshape(to_tokens.shape)
        there = (codes[:, None, :] == self._numbers).astype(np.float32)
        np.matmul(there, to_tokens.swapaxes(0, 1), out=g["option_table"].reshape(self._count, self._options, -1))
        told = (times == self._told) | (self._first_class + classes == self._told)
        np.matmul(told.astype(np.float32), np.add.reduce(to_tokens, axis=1), out=g["told_table"])
        return self.weights.gradient

    def guided(self, codes: Codes, time: int, wanted: int, none: int, guidance: npt.NDArray[np.float64]) -> Floats:
        """The distribution of x_0 under classifier-free guidance, D x W x B.

        softmax((1 + w) scores(class) - w scores(no class)). Equal architectures are read once.

        Args:
            codes: D x B.
            time: t.
            wanted: The class.
            none: Stands for no class.
            guidance: w, B.

        Source: Ho and Salimans, Classifier-Free Diffusion Guidance, 2022.
        """
        scores = self._distinct_scores(codes, time, wanted)
        steered = np.flatnonzero(guidance)
        if len(steered):
            weight = guidance[steered].astype(np.float32)
            of_none = self._distinct_scores(codes[:, steered], time, none)
            scores[:, :, steered] += weight * (scores[:, :, steered] - of_none)
        return shares_of(scores)

    def _distinct_scores(self, codes: Codes, time: int, told: int) -> Floats:
        """The scores at one time under one class, of equal columns only once."""
        distinct, place = _distinct(codes)
        parts = [distinct[:, start : start + TOGETHER] for start in range(0, distinct.shape[1], TOGETHER)]
        sizes = [part.shape[1] for part in parts]
        read = [
            self.scores(part, np.full(size, time), np.full(size, told)) for part, size in zip(parts, sizes, strict=True)
        ]
        return np.take(np.concatenate(read, axis=2), place, axis=2)


def shares_of(scores: Floats) -> Floats:
    """The softmax over options of D x W x B scores."""
    shares = scores - np.maximum.reduce(scores, axis=1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= np.add.reduce(shares, axis=1, keepdims=True)
    return shares


def _distinct(codes: Codes) -> tuple[Codes, list[int]]:
    """The distinct columns, and the place among them of each column."""
    text, size = np.ascontiguousarray(codes.T, dtype=np.uint16).tobytes(), 2 * len(codes)
    found: dict[bytes, int] = {}
    place = [found.setdefault(text[start : start + size], len(found)) for start in range(0, len(text), size)]
    first = np.frombuffer(b"".join(found), dtype=np.uint16).reshape(len(found), -1)
    return first.T.astype(np.int64), place
