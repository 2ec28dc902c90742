"""Architectures as graphs whose nodes are operations: what graph predictors read."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, LabelledDag, SearchSpace

__all__ = ["GraphArrays", "GraphReader", "operations_of"]

Floats = npt.NDArray[np.float32]


class GraphArrays(NamedTuple):
    """n graphs, padded to the N nodes of the largest.

    Attributes:
        gather: n x N x N; row i has a one for node i itself and for each node that feeds it.
        labels: n x N x F one-hot labels; zero for padding.
        real: n x N, one where there is a node.
    """

    gather: Floats
    labels: Floats
    real: Floats

    def take(self, chosen: slice | npt.NDArray[np.int64]) -> "GraphArrays":
        """Some of the graphs."""
        return GraphArrays(self.gather[chosen], self.labels[chosen], self.real[chosen])


def operations_of(graph: LabelledDag) -> tuple[list[str], list[tuple[int, int]]]:
    """The graph whose nodes are the operations: itself, or where edges are labelled, the graph of its edges.

    In the latter, inputs and outputs stay nodes, a labelled edge becomes one, and each is fed by what ends where it
    begins (so a sum is no node).

    Returns:
        Labels of the nodes, and pairs (source, target).
    """
    if not any(graph.edge_labels):
        return list(graph.node_labels), list(graph.edges)
    labels: list[str] = []
    starts: list[tuple[int, int]] = []
    for number, label in enumerate(graph.node_labels):
        if "input" in label:
            labels.append(label)
            starts.append((-1, number))
    for (source, target), label in sorted(zip(graph.edges, graph.edge_labels, strict=True)):
        labels.append(label)
        starts.append((source, target))
    for number, label in enumerate(graph.node_labels):
        if "output" in label:
            labels.append(label)
            starts.append((number, -2))
    edges = [
        (earlier, later)
        for later, (source, _) in enumerate(starts)
        for earlier, (_, target) in enumerate(starts[:later])
        if source == target
    ]
    return labels, edges


class GraphReader:
    """Turns architectures into arrays, by their graphs alone.

    Args:
        space: The space.
        shown: Architectures whose labels have columns, the same in every `read`; others have none. Where none are
            shown, the columns are those of the architectures read.

    Attributes:
        words: The labels of the columns, where they are fixed.
    """

    def __init__(self, space: SearchSpace, shown: Sequence[Architecture] = ()) -> None:
        self._space = space
        self._known: dict[Architecture, tuple[list[str], list[tuple[int, int]]]] = {}
        self.words = sorted({word for architecture in shown for word in self._graph(architecture)[0]})

    def read(self, architectures: Sequence[Architecture]) -> GraphArrays:
        """The graphs of n architectures; F is the number of labels shown, or of those among them."""
        graphs = [self._graph(architecture) for architecture in architectures]
        words = self.words or sorted({word for own, _ in graphs for word in own})
        columns = {label: number for number, label in enumerate(words)}
        n, nodes = len(graphs), max(len(labels) for labels, _ in graphs)
        gather = np.zeros((n, nodes, nodes), dtype=np.float32)
        hot = np.zeros((n, nodes, len(columns)), dtype=np.float32)
        real = np.zeros((n, nodes), dtype=np.float32)
        for row, (labels, edges) in enumerate(graphs):
            own = range(len(labels))
            gather[row, own, own] = 1.0
            for node, label in enumerate(labels):
                if label in columns:
                    hot[row, node, columns[label]] = 1.0
            real[row, own] = 1.0
            for source, target in edges:
                gather[row, target, source] = 1.0
        return GraphArrays(gather, hot, real)

    def _graph(self, architecture: Architecture) -> tuple[list[str], list[tuple[int, int]]]:
        known = self._known.get(architecture)
        if known is None:
            known = self._known[architecture] = operations_of(self._space.graph(architecture))
        return known
