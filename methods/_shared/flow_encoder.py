"""The graph encoder of GATES: information flows along an architecture, gated by its operations."""

from collections.abc import Sequence
from math import prod, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.flushed_adam import FlushedAdam
from equipoise.methods._shared.shared_nodes import NodeReader, SharedNodes

__all__ = ["FlowRanker"]

Floats = npt.NDArray[np.float32]

LAYERS, WIDTH, HIDDEN, LABEL, HEAD = 4, 128, 96, 48, 200
MARGIN, DROPOUT, PAIRS, RATE = 0.1, 0.1, 4, 1e-3


class _Step(NamedTuple):
    """Activations of one layer that the backward pass reads, for C classes of nodes that become D."""

    state: Floats
    received: Floats
    by_label: Floats
    """Gates of each label."""
    gates: Floats


class FlowRanker:
    """Scores architectures, and is trained to put the better of two first.

    Node states start from a learned vector at the inputs and zero elsewhere; each layer sends them through a matrix and
    along the links, multiplies what a node receives by a gate of its operation, and adds what it had. The mean over
    all nodes but the inputs goes through a perceptron. Nodes whose states are equal after a layer, in one architecture
    or in several, are computed once: the same function at a fifth of the arithmetic. Gradients are written out (the
    tests hold them against autograd): what is left to compute costs less than a library's bookkeeping.

    Args:
        space: Seen through its graphs alone.
        rng: Draws weights, pairs, dropout masks and the architectures whose labels are known.

    Attributes:
        flat: All weights.
        parts: The weights by name, as views.

    Source: Ning, Zheng, Zhao, Wang and Yang, A Generic Graph-based Neural Architecture Encoding Scheme for
    Predictor-based NAS, ECCV 2020 (GATES), section 3.2 (encoder) and 3.3 (ranking loss), with the sizes and training of
    its repository (``examples/research/gates/nbc_flow_gcn128x4.yaml``). Differs from it: operations on edges become
    nodes (`operations_of`); dropout masks are drawn per architecture, not per pair.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator) -> None:
        self._rng, self._reader = rng, NodeReader(space, space.sample(rng, 100), LAYERS)
        labels = len(self._reader.words)
        shapes: dict[str, tuple[int, ...]] = {"start": (LABEL, HIDDEN), "start_bias": (HIDDEN,)}
        shapes |= {"input_table": (1, LABEL), "label_table": (labels, LABEL)}
        for layer in range(LAYERS):
            shapes[f"send_{layer}"] = (WIDTH if layer else HIDDEN, WIDTH)
            shapes[f"gate_{layer}"] = (LABEL, WIDTH)
            shapes[f"gate_{layer}_bias"] = (WIDTH,)
        shapes |= {"inner": (WIDTH, HEAD), "inner_bias": (HEAD,), "score": (HEAD, 1), "score_bias": (1,)}
        self._shapes = shapes
        self.flat: Floats = np.concatenate([_start(*item, rng) for item in shapes.items()]).astype(np.float32)
        self._gradient = np.zeros_like(self.flat)
        self.parts, self._gradients = self._views(self.flat), self._views(self._gradient)
        self._adam = FlushedAdam(self.flat)

    def _views(self, flat: Floats) -> dict[str, Floats]:
        ends = np.cumsum([prod(shape) for shape in self._shapes.values()])[:-1]
        return {
            name: piece.reshape(shape)
            for (name, shape), piece in zip(self._shapes.items(), np.split(flat, ends), strict=True)
        }

    def fit(self, architectures: Sequence[Architecture], errors: npt.NDArray[np.float64], epochs: int) -> None:
        """Continues training: one step per epoch, on four newly drawn pairs per architecture.

        Args:
            architectures: n of them.
            errors: n; equal ones make no pair.
            epochs: Steps.
        """
        first, second = np.nonzero(np.triu(errors[:, None] != errors[None, :], 1))
        if not len(first):
            return
        better = np.where(errors[first] < errors[second], 1.0, -1.0).astype(np.float32)
        nodes = self._reader.read(architectures)
        backwards, count = nodes.transposed(), min(PAIRS * len(errors), len(first))
        for _ in range(epochs):
            chosen = self._rng.choice(len(first), size=count, replace=False, shuffle=False)
            kept = self._rng.random((len(errors), HEAD), dtype=np.float32) >= DROPOUT
            mask = kept.astype(np.float32) / np.float32(1.0 - DROPOUT)
            pairs = first[chosen], second[chosen]
            self.gradient(nodes, backwards, mask, pairs, better[chosen])
            self._adam.step(self._gradient, RATE)

    def score(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """Scores of n architectures; larger is better."""
        nodes = self._reader.read(architectures)
        pooled, _ = self._pool(nodes)
        return (self._inner(pooled) @ self.parts["score"] + self.parts["score_bias"])[:, 0].astype(np.float64)

    def gradient(
        self,
        nodes: SharedNodes,
        backwards: SharedNodes,
        mask: Floats,
        pairs: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
        better: Floats,
    ) -> Floats:
        """The gradient of the mean hinge loss of m pairs, in the order of `flat`.

        Args:
            nodes: Of n architectures.
            backwards: The same, transposed.
            mask: n x 200 dropout factors.
            pairs: m first and m second architectures, by row.
            better: 1.0 where the first is better, -1.0 where the second is.
        """
        w, g = self.parts, self._gradients
        pooled, steps = self._pool(nodes)
        inner = self._inner(pooled)
        dropped = inner * mask
        scores = (dropped @ w["score"])[:, 0]
        pulls = np.where(better * (scores[pairs[0]] - scores[pairs[1]]) < MARGIN, better / -len(better), 0.0)
        n = len(scores)
        to_score = (np.bincount(pairs[0], pulls, n) - np.bincount(pairs[1], pulls, n)).astype(np.float32)[:, None]
        np.matmul(dropped.T, to_score, out=g["score"])
        np.sum(to_score, axis=0, out=g["score_bias"])
        to_inner = to_score * w["score"].T
        to_inner *= mask
        to_inner *= inner > 0
        np.matmul(pooled.T, to_inner, out=g["inner"])
        np.sum(to_inner, axis=0, out=g["inner_bias"])
        to_state = np.asarray(backwards.share @ (to_inner @ w["inner"].T), dtype=np.float32)
        g["label_table"][:] = 0.0
        for number in reversed(range(LAYERS)):
            layer, step, classes = nodes.layers[number], steps[number], len(to_state)
            to_both = np.empty((2 * classes, WIDTH), dtype=np.float32)
            np.multiply(to_state, step.gates, out=to_both[:classes])
            to_both[classes:] = to_state
            to_state *= step.received
            to_gates = layer.labels.T @ to_state
            to_gates *= step.by_label * (1.0 - step.by_label)
            np.sum(to_gates, axis=0, out=g[f"gate_{number}_bias"])
            np.matmul(w["label_table"].T, to_gates[:-1], out=g[f"gate_{number}"])
            g["label_table"] += to_gates[:-1] @ w[f"gate_{number}"].T
            to_sent = backwards.layers[number].sources @ to_both
            np.matmul(step.state.T, to_sent, out=g[f"send_{number}"])
            to_state = to_sent @ w[f"send_{number}"].T
            if number:
                to_state *= step.state > 0
        np.sum(to_state, axis=0, out=g["start_bias"])
        to_start = nodes.inputs[None, :] @ to_state
        np.matmul(to_start, w["start"].T, out=g["input_table"])
        np.matmul(w["input_table"].T, to_start, out=g["start"])
        return self._gradient

    def _pool(self, nodes: SharedNodes) -> tuple[Floats, list[_Step]]:
        """The mean state over the nodes of each architecture, and what led there."""
        w, steps = self.parts, list[_Step]()
        state: Floats = nodes.inputs[:, None] * (w["input_table"] @ w["start"]) + w["start_bias"]
        for number, layer in enumerate(nodes.layers):
            both = layer.sources @ (state @ w[f"send_{number}"])
            received, after = both[: len(layer.labels)], both[len(layer.labels) :]
            by_label: Floats = np.zeros(
                (layer.labels.shape[1], WIDTH), dtype=np.float32
            )  # the last: labels without a column
            np.matmul(w["label_table"], w[f"gate_{number}"], out=by_label[:-1])
            by_label += w[f"gate_{number}_bias"]
            np.reciprocal(1.0 + np.exp(-by_label), out=by_label)
            gates = layer.labels @ by_label
            steps.append(_Step(state, received, by_label, gates))
            after += gates * received
            state = np.maximum(after, 0.0, out=after) if number + 1 < LAYERS else after
        return nodes.share @ state, steps

    def _inner(self, pooled: Floats) -> Floats:
        inner: Floats = pooled @ self.parts["inner"]
        inner += self.parts["inner_bias"]
        return np.maximum(inner, 0.0, out=inner)


def _start(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Biases at zero, vectors of labels small, matrices uniform by their inputs."""
    if name.endswith("_bias"):
        return np.zeros(prod(shape))
    if name.endswith("_table"):
        return rng.normal(0.0, 0.3, prod(shape))
    bound = 1.0 / sqrt(shape[0])
    return rng.uniform(-bound, bound, prod(shape))
