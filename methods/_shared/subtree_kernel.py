"""Weisfeiler-Lehman kernels between architectures, from histograms that grow by an architecture at a time."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.operation_graphs import operations_of

__all__ = ["Comparison", "SubtreeKernel", "live_part"]

Array = npt.NDArray[np.float64]
Histogram = dict[Hashable, int]


def live_part(labels: Sequence[str], edges: Sequence[tuple[int, int]]) -> tuple[list[str], list[tuple[int, int]]]:
    """The nodes on a path from an input to an output, with the edges between them.

    Inputs and outputs stay, whatever leads to them. A graph without nodes of that name stays whole.
    """
    inputs = {node for node, label in enumerate(labels) if "input" in label}
    outputs = {node for node, label in enumerate(labels) if "output" in label}
    if not inputs or not outputs:
        return list(labels), list(edges)
    reached, useful = set(inputs), set(outputs)
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        if source in reached:
            reached.add(target)
    for source, target in sorted(edges, key=lambda edge: -edge[0]):
        if target in useful:
            useful.add(source)
    kept = sorted((reached & useful) | inputs | outputs)
    number = {node: position for position, node in enumerate(kept)}
    live = reached & useful
    within = [(number[u], number[v]) for u, v in edges if u in live and v in live]
    return [labels[node] for node in kept], within


class Comparison:
    """Inner products of n observed and m other architectures, level by level, and the norms of both.

    Args:
        products: For each level, n x m.
        left: For each level, n squared norms.
        right: For each level, m squared norms.
    """

    def __init__(self, products: Sequence[Array], left: Sequence[Array], right: Sequence[Array]) -> None:
        self._products, self._left, self._right = products, left, right

    def kernel(self, depth: int) -> Array:
        """The kernel of levels 0 to `depth`, normalised so that any architecture is 1 to itself; n x m."""
        total: Array = np.sum(self._products[: depth + 1], axis=0)
        left, right = np.sum(self._left[: depth + 1], axis=0), np.sum(self._right[: depth + 1], axis=0)
        return total / np.sqrt(np.outer(left, right))


class SubtreeKernel:
    """Histograms of the labels that Weisfeiler-Lehman refinement gives the nodes of an operation graph.

    Level 0 are the operations. A label of level i is that of the node at level i - 1 with those of the nodes it feeds.
    Two architectures are compared by sum_labels c(l) c'(l), or by sum_labels min(c(l), c'(l)), the value of the best
    assignment of nodes to nodes. Both are inner products: the second of indicators that a label occurs at least once,
    twice, and so on.

    Args:
        space: Draws the graphs.
        depth: The last level.
        assignment: Whether nodes are assigned; otherwise all pairs are counted.

    Source: Shervashidze, Schweitzer, van Leeuwen, Mehlhorn and Borgwardt, Weisfeiler-Lehman Graph Kernels, JMLR 2011;
    Kriege, Giscard and Wilson, On Valid Optimal Assignment Kernels, NeurIPS 2016.
    """

    def __init__(self, space: SearchSpace, depth: int, assignment: bool) -> None:
        self._space, self._depth, self._assignment = space, depth, assignment
        self._ids: list[dict[Hashable, int]] = [{} for _ in range(depth + 1)]
        self._columns: list[dict[Hashable, int]] = [{} for _ in range(depth + 1)]
        self._rows: list[Array] = [np.zeros((0, 0)) for _ in range(depth + 1)]
        self._norms: list[Array] = [np.zeros(0) for _ in range(depth + 1)]
        self._grams: list[Array] = [np.zeros((0, 0)) for _ in range(depth + 1)]
        self._known: dict[Architecture, list[Histogram]] = {}

    def histograms(self, architecture: Architecture) -> list[Histogram]:
        """The features of each level with their counts."""
        found = self._known.get(architecture)
        if found is None:
            labels, edges = live_part(*operations_of(self._space.graph(architecture)))
            found = self._known[architecture] = [self._features(level) for level in self._refined(labels, edges)]
        return found

    def _refined(self, labels: Sequence[str], edges: Sequence[tuple[int, int]]) -> list[list[int]]:
        fed: list[list[int]] = [[] for _ in labels]
        for source, target in edges:
            fed[source].append(target)
        own = [self._ids[0].setdefault(label, len(self._ids[0])) for label in labels]
        levels = [own]
        for ids in self._ids[1:]:
            told = [(own[node], *sorted(own[target] for target in targets)) for node, targets in enumerate(fed)]
            own = [ids.setdefault(label, len(ids)) for label in told]
            levels.append(own)
        return levels

    def _features(self, labels: Sequence[int]) -> Histogram:
        counts = Counter(labels)
        if not self._assignment:
            return dict(counts.items())
        return {(label, n): 1 for label, count in counts.items() for n in range(count)}

    def add(self, architecture: Architecture) -> None:
        """Observes one more architecture."""
        for level, histogram in enumerate(self.histograms(architecture)):
            columns, rows = self._columns[level], self._rows[level]
            for feature in histogram:
                columns.setdefault(feature, len(columns))
            n = len(rows)
            grown = np.zeros((n + 1, len(columns)))
            grown[:n, : rows.shape[1]] = rows
            for feature, count in histogram.items():
                grown[n, columns[feature]] = count
            gram = np.zeros((n + 1, n + 1))
            gram[:n, :n] = self._grams[level]
            gram[n] = gram[:, n] = grown @ grown[n]
            self._rows[level], self._grams[level] = grown, gram
            self._norms[level] = np.append(self._norms[level], gram[n, n])

    def observed(self) -> Comparison:
        """The observed architectures with themselves."""
        return Comparison(self._grams, self._norms, self._norms)

    def to(self, architectures: Sequence[Architecture]) -> Comparison:
        """The observed architectures with m others."""
        told = [self.histograms(architecture) for architecture in architectures]
        products, norms = [], []
        for level, (columns, rows) in enumerate(zip(self._columns, self._rows, strict=True)):
            others = np.zeros((len(told), len(columns)))
            for row, levels in enumerate(told):
                for feature, count in levels[level].items():
                    if (column := columns.get(feature)) is not None:
                        others[row, column] = count
            products.append(rows @ others.T)
            squares = [sum(count * count for count in levels[level].values()) for levels in told]
            norms.append(np.asarray(squares, dtype=np.float64))
        return Comparison(products, self._norms, norms)
