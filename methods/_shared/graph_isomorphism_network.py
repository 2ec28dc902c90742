"""A graph isomorphism network that predicts an error, with its gradient and its training."""

from math import cos, pi, prod, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.adam import Adam
from equipoise.methods._shared.operation_graphs import GraphArrays

__all__ = ["Gin"]

Floats = npt.NDArray[np.float32]

LAYERS, HIDDEN, HEAD = 3, 32, 16
DROPOUT, DECAY, MOMENTUM, TINY = 0.1, 1e-4, 0.1, 1e-5
_ONE = np.ones(1, dtype=np.float32)


class _Layer(NamedTuple):
    """Activations of one layer that the backward pass reads, for R rows (nodes)."""

    gathered: Floats
    inner: Floats
    active: Floats
    normal: Floats
    scale: Floats


class _Head(NamedTuple):
    """Activations of the read-out that the backward pass reads, for B graphs."""

    pooled: Floats
    share: Floats
    active: Floats
    mask: Floats
    mean: Floats
    spread_active: Floats
    spread: Floats


class Gin:
    """Three layers of 32 units, batch normalisation, a mean over nodes, and one of two heads.

    Without uncertainty the head gives a sigmoid times `scale`, trained by squared error; with it, a mean and a standard
    deviation, trained by the likelihood. Gradients are written out (the tests hold them against autograd): a batch
    holds ten graphs of eight nodes, on which a library spends several times the arithmetic.

    Args:
        labels: F, length of a node's label.
        uncertain: Which head.
        scale: The largest error, in percent, that the head without uncertainty gives.
        rng: Draws initial weights, orders and dropout masks.

    Attributes:
        flat: All weights.

    Source: Wei, Niu, Tang and Liang, NPENAS, 2020 (arXiv 2003.12857), section III, with sizes and training of its
    repository (``gin_predictor.py``, ``gin_uncertainty_predictor.py``, ``utils_solver.py``); Xu, Hu, Leskovec and
    Jegelka, How Powerful are Graph Neural Networks?, ICLR 2019.
    """

    def __init__(self, labels: int, uncertain: bool, rng: np.random.Generator, scale: float = 100.0) -> None:
        self._rng, self.uncertain, self._scale = rng, uncertain, np.float32(scale)
        shapes: list[tuple[int, ...]] = []
        for layer in range(LAYERS):
            shapes += [(labels if layer == 0 else HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,)]
            shapes += [(1, HIDDEN), (HIDDEN,)]
        shapes += [(HIDDEN, HEAD), (HEAD,), (HEAD, 1), (1,)] * (2 if uncertain else 1)
        self.flat: Floats = np.zeros(sum(map(prod, shapes)), dtype=np.float32)
        self._gradient = np.zeros_like(self.flat)
        self.parts, self._gradients = _views(self.flat, shapes), _views(self._gradient, shapes)
        biases = np.concatenate([np.full(prod(shape), len(shape) == 1) for shape in shapes])
        self._factors = np.where(biases, 2.0, 1.0).astype(np.float32)
        self._decay = np.where(biases, 0.0, DECAY).astype(np.float32)
        for layer in range(LAYERS):
            for weight, bias in (self.parts[6 * layer : 6 * layer + 2], self.parts[6 * layer + 2 : 6 * layer + 4]):
                bound = 1.0 / sqrt(len(weight))
                weight[:] = rng.uniform(-bound, bound, weight.shape)
                bias[:] = rng.uniform(-bound, bound, bias.shape)
            self.parts[6 * layer + 4][:] = 1.0
        for weight in self.parts[6 * LAYERS :: 2]:
            bound = sqrt(3.0 / len(weight))
            weight[:] = rng.uniform(-bound, bound, weight.shape)
        self._running = np.zeros((LAYERS, 2, HIDDEN), dtype=np.float32)
        self._running[:, 1] = 1.0

    def fit(self, graphs: GraphArrays, targets: Floats, *, epochs: int, batch: int, rate: float) -> None:
        """Trains by Adam without a first moment, at a rate that falls along a cosine to zero.

        Args:
            graphs: n graphs.
            targets: n errors as fractions, below 1 for the head without uncertainty.
            epochs: Passes over the data.
            batch: Graphs in a step.
            rate: Learning rate at the start; biases have twice as much.
        """
        adam, n = Adam(self.flat, betas=(0.0, 0.9)), len(targets)
        total, done = epochs * -(-n // batch), 0
        for _ in range(epochs):
            order = self._rng.permutation(n)
            shuffled, wanted = graphs.take(order), targets[order]
            mask = (self._rng.random((n, HEAD), dtype=np.float32) >= DROPOUT).astype(np.float32) / (1.0 - DROPOUT)
            for start in range(0, n, batch):
                part = slice(start, start + batch)
                gradient = self.gradient(shuffled.take(part), wanted[part], mask[part])
                gradient += self._decay * self.flat
                done += 1
                adam.step(gradient, rate * 0.5 * (1.0 + cos(pi * done / (total + 1))), self._factors)

    def predict(self, graphs: GraphArrays) -> tuple[Floats, Floats]:
        """Mean and standard deviation of n errors, in percent; the latter is 0 for the head without uncertainty."""
        states, _ = self._embed(graphs, training=False)
        head = self._read(graphs, states, _ONE)
        return head.mean[:, 0], head.spread[:, 0] if self.uncertain else np.zeros_like(head.mean[:, 0])

    def gradient(self, graphs: GraphArrays, targets: Floats, mask: Floats) -> Floats:
        """The gradient of the mean loss, in the order of `flat`; the running averages move on.

        Args:
            graphs: B graphs.
            targets: B errors as fractions.
            mask: B x 16 dropout factors.
        """
        states, layers = self._embed(graphs, training=True)
        head = self._read(graphs, states, mask)
        first, gradients = 6 * LAYERS, self._gradients
        residual = head.mean - np.float32(100.0) * targets[:, None]
        residual /= len(targets)
        if self.uncertain:
            ratio = residual * len(targets) / head.spread
            residual /= head.spread**2
            half = np.log(head.spread)  # half of the last activation
            to_last = np.minimum(2.0 * half + 1.0, 1.0)
            to_last *= 1.0 - ratio * ratio
            to_last /= 2 * len(targets)
            to_pooled = self._backward(to_last, head.spread_active, head.pooled, first + 4, _ONE)
            to_pooled += self._backward(residual, head.active, head.pooled, first, mask)
        else:
            residual *= 2.0 * head.mean * (1.0 - head.mean / self._scale)
            to_pooled = self._backward(residual, head.active, head.pooled, first, mask)
        to_state: Floats = head.share @ to_pooled[:, None, :]
        for layer in reversed(range(LAYERS)):
            saved, at = layers[layer], 6 * layer
            to_rows = to_state.reshape(-1, HIDDEN)
            count = float(graphs.real.sum())
            np.add.reduce(to_rows * saved.normal, axis=0, keepdims=True, out=gradients[at + 4])
            np.add.reduce(to_rows, axis=0, out=gradients[at + 5])
            to_active = to_rows - (gradients[at + 5] + saved.normal * gradients[at + 4]) / count
            to_active *= self.parts[at + 4] * saved.scale
            to_active *= graphs.real.reshape(-1, 1)
            to_active *= self._derivative(saved.active)
            np.matmul(saved.inner.T, to_active, out=gradients[at + 2])
            np.add.reduce(to_active, axis=0, out=gradients[at + 3])
            to_inner = to_active @ self.parts[at + 2].T
            to_inner *= saved.inner > 0
            np.matmul(saved.gathered.T, to_inner, out=gradients[at])
            np.add.reduce(to_inner, axis=0, out=gradients[at + 1])
            if layer:
                to_gathered = (to_inner @ self.parts[at].T).reshape(*graphs.real.shape, -1)
                to_state = np.matmul(graphs.gather.swapaxes(1, 2), to_gathered)
                to_state *= graphs.real[:, :, None]
        return self._gradient

    def _backward(self, to_out: Floats, active: Floats, pooled: Floats, at: int, mask: Floats) -> Floats:
        """The backward pass of one head, from its output to the mean over nodes."""
        np.matmul((active * mask).T, to_out, out=self._gradients[at + 2])
        np.add.reduce(to_out, axis=0, out=self._gradients[at + 3])
        to_active = to_out @ self.parts[at + 2].T
        to_active *= mask * self._derivative(active)
        np.matmul(pooled.T, to_active, out=self._gradients[at])
        np.add.reduce(to_active, axis=0, out=self._gradients[at + 1])
        to_pooled: Floats = np.matmul(to_active, self.parts[at].T)
        return to_pooled

    def _embed(self, graphs: GraphArrays, training: bool) -> tuple[Floats, list[_Layer]]:
        shape, real = graphs.real.shape, graphs.real.reshape(-1, 1)
        weight = real / real.sum()
        state, layers = graphs.labels, []
        for layer in range(LAYERS):
            into, into_bias, out, out_bias, scale, shift = self.parts[6 * layer : 6 * layer + 6]
            gathered = np.matmul(graphs.gather, state).reshape(len(real), -1)
            inner = gathered @ into
            inner += into_bias
            np.maximum(inner, 0.0, out=inner)
            active = inner @ out
            active += out_bias
            self._activate(active)
            running = self._running[layer]
            mean, variance = running
            if training:
                mean = weight.T @ active
                spread = active - mean
                variance = weight.T @ (spread * spread)
                count = len(real) if real.all() else float(real.sum())
                running *= 1.0 - MOMENTUM
                running[0] += MOMENTUM * mean[0]
                running[1] += MOMENTUM * count / max(count - 1.0, 1.0) * variance[0]
            inverse = 1.0 / np.sqrt(variance + TINY)
            normal = active - mean
            normal *= inverse
            rows = normal * scale
            rows += shift
            rows *= real
            state = rows.reshape(*shape, HIDDEN)
            layers.append(_Layer(gathered, inner, active, normal, inverse))
        return state, layers

    def _read(self, graphs: GraphArrays, state: Floats, mask: Floats) -> _Head:
        at = 6 * LAYERS
        share = (graphs.real / graphs.real.sum(axis=1, keepdims=True))[:, :, None]
        pooled = (state * share).sum(axis=1)
        active = pooled @ self.parts[at] + self.parts[at + 1]
        self._activate(active)
        mean = (active * mask) @ self.parts[at + 2] + self.parts[at + 3]
        if not self.uncertain:
            bounded = self._scale / (1.0 + np.exp(-np.clip(mean, -60, 60)))
            return _Head(pooled, share, active, mask, bounded, active, mean)
        spread_active = pooled @ self.parts[at + 4] + self.parts[at + 5]
        self._activate(spread_active)
        spread = spread_active @ self.parts[at + 6] + self.parts[at + 7]
        self._activate(spread)
        return _Head(pooled, share, active, mask, mean, spread_active, np.exp(np.minimum(spread, 60.0) / 2))

    def _activate(self, values: Floats) -> None:
        """In place: CELU for the uncertain network, a rectifier for the other, as published."""
        if self.uncertain:
            np.maximum(values, np.expm1(np.minimum(values, 0.0)), out=values)
        else:
            np.maximum(values, 0.0, out=values)

    def _derivative(self, active: Floats) -> Floats | npt.NDArray[np.bool_]:
        """The derivative of the activation, by its output."""
        return np.minimum(active + 1.0, 1.0) if self.uncertain else active > 0


def _views(flat: Floats, shapes: list[tuple[int, ...]]) -> list[Floats]:
    ends = np.cumsum([prod(shape) for shape in shapes])
    return [piece.reshape(shape) for piece, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
