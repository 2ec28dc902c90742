"""A graph isomorphism network that predicts an error, with its gradient and its training."""

from math import cos, pi, prod, sqrt

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.error_readout import UNITS, ErrorReadout, activate
from equipoise.methods._shared.flushed_adam import FlushedAdam
from equipoise.methods._shared.graph_rows import GraphRows, Workspace
from equipoise.methods._shared.network_arrays import above_zero, keep_only, parts_of
from equipoise.methods._shared.operation_graphs import GraphArrays

__all__ = ["Gin"]

Floats = npt.NDArray[np.float32]

LAYERS, HIDDEN = 3, 32
DROPOUT, DECAY, MOMENTUM, TINY = 0.1, 1e-4, 0.1, 1e-5
NEGLIGIBLE = np.float32(1e-12)
"""Weights that decay made smaller are set to zero: denormal numbers, where they end, take four times as long."""
ZERO, ONE = np.float32(0.0), np.float32(1.0)


class Gin:
    """Three layers of 32 units, batch normalisation, a mean over nodes, and one of two heads.

    Without uncertainty the head gives a sigmoid times `scale`, trained by squared error; with it, a mean and a standard
    deviation, trained by the likelihood. Gradients are written out (the tests hold them against autograd): a batch
    holds ten graphs of eight nodes, on which a library spends several times the arithmetic. For the same reason, a
    normalisation is part of the matrix that follows it, and a bias the last row of its matrix: the same function in
    half the array operations.

    Args:
        labels: F, length of a node's label.
        uncertain: Which head.
        scale: The largest error, in percent, that the head without uncertainty gives.
        rng: Draws initial weights, orders and dropout masks.

    Attributes:
        flat: All weights.
        parts: The weights of each part, as views.

    Source: Wei, Niu, Tang and Liang, NPENAS, 2020 (arXiv 2003.12857), section III, with sizes and training of its
    repository (``gin_predictor.py``, ``gin_uncertainty_predictor.py``, ``utils_solver.py``); Xu, Hu, Leskovec and
    Jegelka, How Powerful are Graph Neural Networks?, ICLR 2019.
    """

    def __init__(self, labels: int, uncertain: bool, rng: np.random.Generator, scale: float = 100.0) -> None:
        self._rng, self.uncertain = rng, uncertain
        shapes: list[tuple[int, ...]] = []
        for layer in range(LAYERS):
            shapes += [(labels if layer == 0 else HIDDEN, HIDDEN), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,)]
            shapes += [(1, HIDDEN), (HIDDEN,)]
        shapes += [(HIDDEN, UNITS), (UNITS,), (UNITS, 1), (1,)] * (2 if uncertain else 1)
        self.flat: Floats = np.zeros(sum(map(prod, shapes)), dtype=np.float32)
        self._gradient = np.zeros_like(self.flat)
        self.parts = parts_of(self.flat, shapes)
        paired = [(prod(a) + prod(b), a[-1]) for a, b in zip(shapes[::2], shapes[1::2], strict=True)]
        joined: list[tuple[int, ...]] = [(size // columns, columns) for size, columns in paired]
        self._joined, self._joined_gradients = parts_of(self.flat, joined), parts_of(self._gradient, joined)
        joint = 3 * LAYERS
        self._readout = ErrorReadout(self._joined[joint:], self._joined_gradients[joint:], uncertain, scale)
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
        self._workspaces: dict[tuple[int, ...], Workspace] = {}

    def fit(self, graphs: GraphArrays, targets: Floats, *, epochs: int, batch: int, rate: float) -> None:
        """Trains by Adam without a first moment, at a rate that falls along a cosine to zero.

        Args:
            graphs: n graphs.
            targets: n errors as fractions, below 1 for the head without uncertainty.
            epochs: Passes over the data.
            batch: Graphs in a step.
            rate: Learning rate at the start; biases have twice as much.
        """
        adam, n = FlushedAdam(self.flat, betas=(0.0, 0.9)), len(targets)
        total, done = epochs * -(-n // batch), 0
        rows, scratch = GraphRows.of(graphs), np.empty_like(self.flat)
        for _ in range(epochs):
            order = self._rng.permutation(n)
            shuffled, wanted = rows.take(order), targets[order]
            mask = (self._rng.random((n, UNITS), dtype=np.float32) >= DROPOUT).astype(np.float32) / (1.0 - DROPOUT)
            for start in range(0, n, batch):
                part = slice(start, start + batch)
                gradient = self._step(shuffled.take(part), wanted[part], mask[part])
                gradient += np.multiply(self._decay, self.flat, out=scratch)
                done += 1
                adam.step(gradient, rate * 0.5 * (1.0 + cos(pi * done / (total + 1))), self._factors)
            self.flat[np.abs(self.flat) < NEGLIGIBLE] = 0.0

    def predict(self, graphs: GraphArrays) -> tuple[Floats, Floats]:
        """Mean and standard deviation of n errors, in percent; the latter is 0 for the head without uncertainty."""
        rows = GraphRows.of(graphs)
        head = self._readout.read(self._embed(rows, self._workspace(rows), training=False), ONE)
        return head.mean[:, 0], head.spread[:, 0] if self.uncertain else np.zeros_like(head.mean[:, 0])

    def gradient(self, graphs: GraphArrays, targets: Floats, mask: Floats) -> Floats:
        """The gradient of the mean loss, in the order of `flat`; the running averages move on.

        Args:
            graphs: B graphs.
            targets: B errors as fractions.
            mask: B x 16 dropout factors.
        """
        return self._step(GraphRows.of(graphs), targets, mask)

    def _workspace(self, rows: GraphRows) -> Workspace:
        shape = rows.share.shape[0], rows.share.shape[2]
        if shape not in self._workspaces:
            self._workspaces[shape] = Workspace(*shape, HIDDEN, LAYERS)
        return self._workspaces[shape]

    def _step(self, rows: GraphRows, targets: Floats, mask: Floats) -> Floats:
        space = self._workspace(rows)
        head = self._readout.read(self._embed(rows, space, training=True), mask)
        to_pooled = self._readout.gradient(head, targets, mask)
        count, at = np.float32(space.count), LAYERS - 1
        to_scale = np.add.reduce(to_pooled * space.pooled, axis=0)
        to_shift = np.add.reduce(to_pooled, axis=0)
        to_pooled *= space.scales[at]
        np.multiply(rows.share.swapaxes(1, 2), to_pooled[:, None, :], out=space.to_state)
        for layer in reversed(range(LAYERS)):
            scale, inverse, at = space.scales[layer], space.inverses[layer], 3 * layer
            to_scale -= space.statistics[layer, 0] * to_shift
            norm = self._joined_gradients[at + 2]
            np.multiply(to_scale, inverse, out=norm[0])
            norm[1] = to_shift
            to_active, active = space.to_active, space.active[layer]
            np.multiply(space.centred[layer], norm[0] * inverse * scale / -count, out=to_active)
            to_active -= scale * to_shift / count
            to_active += space.to_rows
            if self.uncertain:
                to_active *= np.minimum(active + ONE, ONE) * space.real
            else:
                keep_only(to_active, above_zero(active))
            np.matmul(space.inner[layer].T, to_active, out=self._joined_gradients[at + 1])
            np.matmul(to_active, self._joined[at + 1].T, out=space.to_inner)
            keep_only(space.to_inner, above_zero(space.inner[layer]))
            to_inner = space.to_inner[:, :-1]
            if not layer:
                np.matmul(rows.first.reshape(len(to_inner), -1).T, to_inner, out=self._joined_gradients[0])
                break
            matrix, into = space.matrices[layer - 1], self.parts[6 * layer]
            to_matrix = space.gathered[layer - 1].T @ to_inner
            product = to_matrix[:HIDDEN] * into
            to_scale, to_shift = product @ space.ones, into @ to_matrix[HIDDEN]
            gradient = self._joined_gradients[at]
            np.multiply(to_matrix[:HIDDEN], space.scales[layer - 1][:, None], out=gradient[:HIDDEN])
            gradient[:HIDDEN] += space.shifts[layer - 1][:, None] * to_matrix[HIDDEN]
            gradient[HIDDEN] = to_matrix[HIDDEN + 1]
            np.matmul(to_inner, matrix[:HIDDEN].T, out=space.to_gathered)
            np.matmul(rows.gather.swapaxes(1, 2), space.to_gathered_graphs, out=space.to_state)
        return self._gradient

    def _embed(self, rows: GraphRows, space: Workspace, training: bool) -> Floats:
        """The mean over the nodes of each graph; what led there lies in the workspace."""
        space.begin(rows)
        gathered = rows.first.reshape(len(space.real), -1)
        for layer in range(LAYERS):
            matrix = self._joined[3 * layer]
            if layer:
                gathered, matrix = space.gathered[layer - 1], space.matrices[layer - 1]
                into = self.parts[6 * layer]
                np.matmul(rows.gather, space.active_graphs[layer - 1], out=space.gathered_graphs[layer - 1])
                np.multiply(into, space.scales[layer - 1][:, None], out=matrix[:HIDDEN])
                np.matmul(space.shifts[layer - 1], into, out=matrix[HIDDEN])
                matrix[HIDDEN + 1] = self.parts[6 * layer + 1]
            inner, active = space.inner[layer], space.active[layer]
            np.matmul(gathered, matrix, out=space.inner_states[layer])
            np.maximum(inner, ZERO, out=inner)
            np.matmul(inner, self._joined[3 * layer + 1], out=active)
            activate(active, self.uncertain)
            mean, variance = statistics = space.statistics[layer]
            if training:
                space.measure(layer)
            else:
                statistics[:] = self._running[layer]
            inverse, (scale, shift) = space.inverses[layer], self._joined[3 * layer + 2]
            np.add(variance, TINY, out=inverse)
            np.sqrt(inverse, out=inverse)
            np.divide(scale, inverse, out=space.scales[layer])
            np.reciprocal(inverse, out=inverse)
            np.subtract(shift, mean * space.scales[layer], out=space.shifts[layer])
        if training:
            self._running *= 1.0 - MOMENTUM
            self._running += space.statistics * space.momenta(MOMENTUM)
        np.matmul(rows.share, space.active_graphs[-1], out=space.pooled[:, None, :])
        pooled: Floats = space.pooled * space.scales[-1] + space.shifts[-1]
        return pooled
