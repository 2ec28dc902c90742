"""A graph isomorphism network that predicts an error, with its gradient and its training."""

from collections.abc import Sequence
from math import cos, pi, prod, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.class_batches import ClassBatch, batches_of
from equipoise.methods._shared.error_readout import UNITS, ErrorReadout, readout_parts, readout_shapes
from equipoise.methods._shared.flushed_adam import FlushedAdam
from equipoise.methods._shared.gin_layer import ARRAYS, GinLayer, layer_shapes, trained_parts
from equipoise.methods._shared.gin_workspace import Workspaces
from equipoise.methods._shared.network_arrays import parts_of
from equipoise.methods._shared.node_classes import ClassGraphs

__all__ = ["Gin"]

Floats = npt.NDArray[np.float32]

LAYERS, HIDDEN = 3, 32
DROPOUT, DECAY, MOMENTUM = 0.1, 1e-4, 0.1
NEGLIGIBLE = np.float32(1e-12)
"""Weights that decay made smaller are set to zero: denormal numbers, where they end, take four times as long."""
AT_ONCE = 64
"""Steps whose mini-batches are drawn together."""
REMEMBERED = 256
"""Last steps of a training that the running averages see; 0.9 to that power is below the precision of the numbers."""


class Gin:
    """Three layers of 32 units, batch normalisation, a mean over nodes, and one of two heads.

    Without uncertainty the head gives a sigmoid times `scale`, trained by squared error; with it, a mean and a standard
    deviation, trained by the likelihood. States that are the same for several nodes of a batch are computed once.
    Gradients are written out (the tests hold them against autograd): a batch of ten graphs has some thirty different
    states, on which a library spends many times the arithmetic.

    Args:
        labels: F, length of a node's label.
        uncertain: Which head.
        scale: The largest error, in percent, that the head without uncertainty gives.
        rng: Draws initial weights, orders and dropout masks.

    Attributes:
        flat: All weights.
        parts: The weights of each part, as views.
        gradients: Their gradients, in the same shapes.

    Source: Wei, Niu, Tang and Liang, NPENAS, 2020 (arXiv 2003.12857), section III, with sizes and training of its
    repository (``gin_predictor.py``, ``gin_uncertainty_predictor.py``, ``utils_solver.py``); Xu, Hu, Leskovec and
    Jegelka, How Powerful are Graph Neural Networks?, ICLR 2019.
    """

    def __init__(self, labels: int, uncertain: bool, rng: np.random.Generator, scale: float = 100.0) -> None:
        self._rng, self.uncertain = rng, uncertain
        shapes = [shape for layer in range(LAYERS) for shape in layer_shapes(HIDDEN if layer else labels, HIDDEN)]
        shapes += readout_shapes(HIDDEN, uncertain)
        self.flat: Floats = np.zeros(sum(map(prod, shapes)), dtype=np.float32)
        self._gradient, self._factors, self._decay = (np.zeros_like(self.flat) for _ in range(3))
        weights, gradients = parts_of(self.flat, shapes), parts_of(self._gradient, shapes)
        self.parts, self.gradients = _trained(weights), _trained(gradients)
        for number, (factor, decay) in enumerate(
            zip(_trained(parts_of(self._factors, shapes)), _trained(parts_of(self._decay, shapes)), strict=True)
        ):
            factor[...], decay[...] = (2.0, 0.0) if number % 2 else (1.0, DECAY)  # biases come second
        head, self._layers = LAYERS * ARRAYS, []
        for at in range(0, head, ARRAYS):
            piece = slice(at, at + ARRAYS)
            self._layers.append(GinLayer(weights[piece], gradients[piece], uncertain))
        self._readout = ErrorReadout(weights[head:], gradients[head:], uncertain, scale)
        self._workspaces = Workspaces(LAYERS, HIDDEN)
        for layer in range(LAYERS):
            *linear, scales, _ = self.parts[6 * layer : 6 * layer + 6]
            for weight, bias in (linear[:2], linear[2:]):
                bound = 1.0 / sqrt(len(weight))
                weight[:] = rng.uniform(-bound, bound, weight.shape)
                bias[:] = rng.uniform(-bound, bound, bias.shape)
            scales[:] = 1.0
        for weight in self.parts[6 * LAYERS :: 2]:
            bound = sqrt(3.0 / len(weight))
            weight[:] = rng.uniform(-bound, bound, weight.shape)

    def fit(self, graphs: ClassGraphs, targets: Floats, *, epochs: int, batch: int, rate: float) -> None:
        """Trains by Adam without a first moment, at a rate that falls along a cosine to zero.

        Args:
            graphs: n graphs.
            targets: n errors as fractions, below 1 for the head without uncertainty.
            epochs: Passes over the data.
            batch: Graphs in a step.
            rate: Learning rate at the start; biases have twice as much.
        """
        adam, n, scratch = FlushedAdam(self.flat, betas=(0.0, 0.9)), len(targets), np.empty_like(self.flat)
        per_epoch, done = -(-n // batch), 0
        total, together = epochs * per_epoch, max(1, AT_ONCE // per_epoch)
        percent = np.float32(100.0) * targets
        for begun in range(0, epochs, together):
            orders = np.tile(np.arange(n), (min(together, epochs - begun), 1))
            orders = self._rng.permuted(orders, axis=1)
            wanted, start = percent[orders].reshape(-1, 1), 0
            mask = _with_one(self._rng.random((orders.size, UNITS), dtype=np.float32) >= DROPOUT)
            for drawn in batches_of(graphs, orders, batch):
                end = start + len(drawn.share)
                gradient = self._step(drawn, wanted[start:end], mask[start:end])
                gradient += np.multiply(self._decay, self.flat, out=scratch)
                start, done = end, done + 1
                adam.step(gradient, rate * 0.5 * (1.0 + cos(pi * done / (total + 1))), self._factors)
                if done > total - REMEMBERED:
                    for layer in self._layers:
                        layer.normalisation.remember(drawn.nodes, MOMENTUM)
            self.flat[np.abs(self.flat) < NEGLIGIBLE] = 0.0

    def predict(self, graphs: ClassGraphs) -> tuple[Floats, Floats]:
        """Mean and standard deviation of n errors, in percent; the latter is 0 for the head without uncertainty."""
        means, spreads = [], []
        for batch in batches_of(graphs, np.arange(len(graphs.nodes))[None, :], AT_ONCE):
            head = self._readout.read(self._embed(batch, training=False), None)
            means.append(head.mean[:, 0])
            spreads.append(head.spread[:, 0] if self.uncertain else np.zeros_like(head.mean[:, 0]))
        return np.concatenate(means), np.concatenate(spreads)

    def gradient(self, graphs: ClassGraphs, targets: Floats, mask: Floats) -> list[Floats]:
        """The gradient of the mean loss with respect to `parts`.

        Args:
            graphs: B graphs.
            targets: B errors as fractions.
            mask: B x 16; 1 for units that are kept and 0 for those dropped.
        """
        (batch,) = batches_of(graphs, np.arange(len(targets))[None, :], len(targets))
        self._step(batch, np.float32(100.0) * targets[:, None], _with_one(mask))
        return self.gradients

    def _step(self, batch: ClassBatch, targets: Floats, mask: Floats) -> Floats:
        """The gradient in the order of the flat weights, for targets in percent."""
        head = self._readout.read(self._embed(batch, training=True), mask)
        to_pooled = self._readout.gradient(head, targets, mask)
        space, weight = self._workspaces.of(len(batch.weight)), batch.weight[:, None]
        batch.share.T.dot(to_pooled, space.to_state)
        for number in reversed(range(LAYERS)):
            layer, own = self._layers[number], space.layers[number]
            layer.backward(own.gathered if number else batch.labels, weight, own, space)
            if number:
                layer.pass_on(batch.gather, space)
        return self._gradient

    def _embed(self, batch: ClassBatch, training: bool) -> Floats:
        """The mean over the nodes of each graph, and one; what led there lies in the workspace."""
        space, gathered = self._workspaces.of(len(batch.weight)), batch.labels
        weight = batch.weight if training else None
        for number, (layer, own) in enumerate(zip(self._layers, space.layers, strict=True)):
            if number:
                gathered = batch.gather.dot(space.fed, own.gathered)
            layer.forward(gathered, weight, own, space.state)
        pooled: Floats = batch.share.dot(space.state)
        pooled[:, -1] = 1.0
        return pooled


def _trained(arrays: Sequence[Floats]) -> list[Floats]:
    """Views of the entries that are trained, matrices and biases in turn; a normalisation has scale and shift."""
    head = LAYERS * ARRAYS
    layers = [part for at in range(0, head, ARRAYS) for part in trained_parts(arrays[at : at + ARRAYS])]
    return layers + readout_parts(arrays[head:])


def _with_one(kept: npt.NDArray[Any]) -> Floats:
    """Factors of dropout, from what is kept, with a last one that is one."""
    mask = np.ones((len(kept), UNITS + 1), dtype=np.float32)
    np.divide(kept, np.float32(1.0 - DROPOUT), out=mask[:, :-1])
    return mask
