"""The graph encoder of GATES: information flows along an architecture, gated by its operations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.operation_graphs import GraphReader
from equipoise.methods.graph_vae.parameters import Parameters

__all__ = ["FlowRanker"]

LAYERS, WIDTH, HIDDEN, LABEL, HEAD = 4, 128, 96, 48, 200
MARGIN, DROPOUT, PAIRS, RATE = 0.1, 0.1, 4, 1e-3


class FlowRanker:
    """Scores architectures, and is trained to put the better of two first.

    Node states start from a learned vector at the inputs and zero elsewhere; each layer sends them through a matrix and
    along the links, multiplies what a node receives by a gate of its operation, and adds what it had. The mean over
    all nodes but the inputs goes through a perceptron.

    Args:
        space: Seen through its graphs alone.
        rng: Draws weights, pairs, dropout masks and the architectures whose labels are known.

    Source: Ning, Zheng, Zhao, Wang and Yang, A Generic Graph-based Neural Architecture Encoding Scheme for
    Predictor-based NAS, ECCV 2020 (GATES), section 3.2 (encoder) and 3.3 (ranking loss), with the sizes and training of
    its repository (``examples/research/gates/nbc_flow_gcn128x4.yaml``). Differs from it: operations on edges become
    nodes (`operations_of`); dropout masks are drawn per architecture, not per pair.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator) -> None:
        torch.set_num_threads(1)
        self._rng, self._reader = rng, GraphReader(space, space.sample(rng, 100))
        words = self._reader.words
        self._inputs = torch.tensor([float("input" in word) for word in words])
        shapes: dict[str, tuple[int, ...]] = {"start": (LABEL, HIDDEN), "start_bias": (HIDDEN,)}
        shapes |= {"input_table": (1, LABEL), "label_table": (len(words), LABEL)}
        for layer in range(LAYERS):
            shapes[f"send_{layer}"] = (WIDTH if layer else HIDDEN, WIDTH)
            shapes[f"gate_{layer}"] = (LABEL, WIDTH)
            shapes[f"gate_{layer}_bias"] = (WIDTH,)
        shapes |= {"inner": (WIDTH, HEAD), "inner_bias": (HEAD,), "score": (HEAD, 1), "score_bias": (1,)}
        self._parameters = Parameters(shapes, rng, RATE, clip=np.inf)

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
        better = torch.from_numpy(np.where(errors[first] < errors[second], 1.0, -1.0).astype(np.float32))
        graphs = self._graphs(architectures)
        for _ in range(epochs):
            chosen = self._rng.permutation(len(first))[: PAIRS * len(errors)]
            mask = (self._rng.random((len(errors), HEAD), dtype=np.float32) >= DROPOUT) / np.float32(1.0 - DROPOUT)
            scores = self._scores(graphs, torch.from_numpy(mask))
            gap = scores[torch.from_numpy(first[chosen])] - scores[torch.from_numpy(second[chosen])]
            loss = torch.relu(MARGIN - better[torch.from_numpy(chosen)] * gap).mean()
            self._parameters.descend(loss)

    def score(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """Scores of n architectures; larger is better."""
        with torch.no_grad():
            scores = self._scores(self._graphs(architectures), torch.ones(1))
        return np.asarray(scores.numpy(), dtype=np.float64)

    def _graphs(self, architectures: Sequence[Architecture]) -> tuple[Any, Any, Any]:
        gather, labels, real = self._reader.read(architectures)
        links = gather - np.eye(gather.shape[1], dtype=np.float32) * real[:, :, None]
        return torch.from_numpy(links), torch.from_numpy(labels), torch.from_numpy(real)

    def _scores(self, graphs: tuple[Any, Any, Any], mask: Any) -> Any:
        w = self._parameters.views()
        links, labels, real = graphs
        inputs = labels @ self._inputs
        state = (inputs[:, :, None] * w["input_table"]) @ w["start"] + w["start_bias"]
        for layer in range(LAYERS):
            sent = state @ w[f"send_{layer}"]
            gates = torch.sigmoid(w["label_table"] @ w[f"gate_{layer}"] + w[f"gate_{layer}_bias"])
            state = (labels @ gates) * torch.bmm(links, sent) + sent
            state = torch.relu(state) if layer + 1 < LAYERS else state
        counted = (real - inputs).clamp(min=0.0)
        pooled = (state * counted[:, :, None]).sum(dim=1) / counted.sum(dim=1, keepdim=True).clamp(min=1.0)
        inner = torch.relu(pooled @ w["inner"] + w["inner_bias"]) * mask
        return (inner @ w["score"] + w["score_bias"]).squeeze(-1)
