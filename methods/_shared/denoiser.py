"""The network of a discrete diffusion: a transformer over the decisions of a space, with its gradient."""

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.attention_layer import AttentionLayer
from equipoise.methods._shared.flat_weights import FlatWeights

__all__ = ["Denoiser", "shares_of"]

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int64]

CLOSED = -1e4
"""The score of an option that a decision does not have."""
ZERO, ONE = np.float32(0.0), np.float32(1.0)


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
        count: D.
        options: W, the most of any decision.
        width: Of a token.
        layers: Of attention.
        heads: Per layer.
        starts: D, the rows of the first options among all D W options.
        closed: D x W x 1, added to scores: far below zero where a decision has fewer options.
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
        self.count, self.options, self.width = len(widths), int(widths.max()), width
        self.layers, self.heads = layers, heads
        self._numbers = np.arange(self.options)[None, :, None]
        self.closed: Floats = np.where(self._numbers >= widths[:, None, None], np.float32(CLOSED), ZERO)
        self.starts = np.arange(self.count) * self.options
        self._first_class, self._told = steps + 1, np.arange(steps + classes + 2)[:, None]
        shapes: dict[str, tuple[int, ...]] = {
            "option_table": (self.count * self.options, width),
            "told_table": (len(self._told), width),  # times, then classes
            "score": (width, self.options),
            "score_table": (self.count, width * self.options),
        }
        for layer in range(layers):
            shapes |= AttentionLayer.shapes(layer, width)
        self.weights = FlatWeights(shapes, rng, rate)
        views, gradients = self.weights.views, self.weights.gradients
        self._layers = [AttentionLayer(number, self.count, heads, views, gradients) for number in range(layers)]

    def option_tokens(self, time: int, told: int) -> Floats:
        """The tokens of all options (D W x w) at a step and under a class."""
        w = self.weights.views
        tokens: Floats = w["option_table"] + (w["told_table"][time] + w["told_table"][self._first_class + told])
        return tokens

    def score_weights(self) -> Floats:
        """The weights of the scores, D x w x W."""
        w = self.weights.views
        own: Floats = w["score_table"].reshape(self.count, self.width, self.options) + w["score"]
        return own

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
        w, g, own, runs = self.weights.views, self.weights.gradients, self.score_weights(), []
        told = w["told_table"][times] + w["told_table"][self._first_class + classes]
        tokens = w["option_table"][codes.T + self.starts]
        tokens += told[:, None, :]
        rows = tokens.reshape(-1, self.width)
        for layer in self._layers:
            rows, run = layer.forward(rows)
            runs.append(run)
        last = rows.reshape(tokens.shape)
        to_scores = np.matmul(own.swapaxes(1, 2), last.transpose(1, 2, 0))
        to_scores += self.closed
        to_scores = shares_of(to_scores)
        to_scores -= origins[:, None, :] == self._numbers
        to_scores *= ONE / np.float32(origins.size)
        turned, to_own = to_scores.swapaxes(1, 2), g["score_table"].reshape(own.shape)
        np.matmul(last.transpose(1, 2, 0), turned, out=to_own)
        np.add.reduce(to_own, axis=0, out=g["score"])
        to_tokens = np.empty_like(tokens)
        np.matmul(turned, own.swapaxes(1, 2), out=to_tokens.swapaxes(0, 1))
        rows = to_tokens.reshape(-1, self.width)
        for layer, run in zip(reversed(self._layers), reversed(runs), strict=True):
            rows = layer.backward(run, rows)
        to_tokens = rows.reshape(to_tokens.shape)
        chosen = (codes[:, None, :] == self._numbers).astype(np.float32)
        np.matmul(chosen, to_tokens.swapaxes(0, 1), out=g["option_table"].reshape(self.count, self.options, -1))
        there = (times == self._told) | (self._first_class + classes == self._told)
        np.matmul(there.astype(np.float32), np.add.reduce(to_tokens, axis=1), out=g["told_table"])
        return self.weights.gradient


def shares_of(scores: Floats) -> Floats:
    """The softmax over options of D x W x B scores."""
    shares = scores - np.maximum.reduce(scores, axis=1, keepdims=True)
    np.exp(shares, out=shares)
    shares /= np.add.reduce(shares, axis=1, keepdims=True)
    return shares
