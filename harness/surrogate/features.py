"""The features of an architecture that a surrogate predicts from: numbers of its graph, on any space."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import OneHot
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["GraphFeatures"]

BLOCK = 512
"""Graphs per block: so many fit into the caches of a processor."""

_Floats = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]


class _Drawn(NamedTuple):
    """A graph whose labels are all on nodes."""

    labels: Sequence[str]
    edges: Sequence[tuple[int, int]]


class _Padded(NamedTuple):
    """A batch of n graphs, padded to V nodes.

    Attributes:
        links: n x V x V, 1 for an edge.
        marks: n x V x L, 1 for the label of a node; all 0 for padding and for labels that do not count.
        there: n x V, whether there is such a node.
        labels: n x V, the number of its label; L for those that do not count.
    """

    links: _Floats
    marks: _Floats
    there: _Flags
    labels: npt.NDArray[np.int64]


class GraphFeatures:
    """The features of the architectures of a space.

    The options of the key, one-hot, and features that do not depend on the order of nodes: the number of nodes, edges
    and paths, the length of the longest and the shortest path, the number of edges from one label to another, and for
    each label the number of its nodes, their share of the paths, the largest and smallest number of them on a path, and
    the depth of the deepest one, by longest and by shortest paths. An edge with a label counts as a node with that
    label.

    Args:
        space: The space of the architectures.
        labels: The labels that count.
        links: The pairs of them whose edges are counted.
    """

    def __init__(self, space: SearchSpace, labels: Sequence[str], links: Sequence[tuple[str, str]]) -> None:
        self.labels, self.links = tuple(labels), tuple(links)
        self._space, self._options = space, OneHot(space.decisions)
        self._label = {label: number for number, label in enumerate(labels)}
        self._link = np.full((len(labels) + 1, len(labels) + 1), len(links))
        for number, (u, v) in enumerate(links):
            self._link[self._label[u], self._label[v]] = number

    @classmethod
    def seen_in(cls, space: SearchSpace, architectures: Sequence[Architecture]) -> "GraphFeatures":
        """The features with the labels and pairs that occur in some architectures."""
        labels, links = set[str](), set[tuple[str, str]]()
        for architecture in architectures:
            graph = _draw(space, space.key(architecture))
            labels.update(graph.labels)
            links.update((graph.labels[u], graph.labels[v]) for u, v in graph.edges)
        return cls(space, sorted(labels), sorted(links))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        options = [f"{d.name} = {option}" for d in self._space.decisions for option in d.options]
        depths = "deepest by the longest path", "deepest by the shortest path"
        told = ("nodes with", "paths through", "most on a path", "fewest on a path", *depths)
        by_label = [f"{what} {label}" for what in told for label in self.labels]
        edges = [f"{u} -> {v}" for u, v in self.links]
        return (*options, "nodes", "edges", "log of paths", "longest path", "shortest path", *by_label, *edges)

    def of(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float32]:
        """The features of n architectures, n x `names`."""
        found = np.empty((len(architectures), len(self.names)), dtype=np.float32)
        for start in range(0, len(architectures), BLOCK):
            keys = [self._space.key(architecture) for architecture in architectures[start : start + BLOCK]]
            graphs = self._padded([_draw(self._space, key) for key in keys])
            parts = self._options.encode(keys), _described(graphs), self._linked(graphs)
            found[start : start + BLOCK] = np.hstack(parts)
        return found

    def _linked(self, graphs: _Padded) -> _Floats:
        number, u, v = graphs.links.nonzero()
        link = self._link[graphs.labels[number, u], graphs.labels[number, v]]
        size = len(graphs.links), len(self.links) + 1
        counts = np.bincount(number * size[1] + link, minlength=size[0] * size[1]).reshape(size)
        return counts[:, :-1].astype(np.float64)

    def _padded(self, graphs: Sequence[_Drawn]) -> _Padded:
        size = max(len(labels) for labels, _ in graphs)
        there = np.arange(size) < np.array([len(graph.labels) for graph in graphs])[:, None]
        other = len(self.labels)
        labels = np.full(there.shape, other)
        labels[there] = [self._label.get(label, other) for graph in graphs for label in graph.labels]
        marks = (labels[:, :, None] == np.arange(other)).astype(np.float64)
        number = np.repeat(np.arange(len(graphs)), [len(graph.edges) for graph in graphs])
        u, v = np.array([edge for graph in graphs for edge in graph.edges], dtype=np.int64).reshape(-1, 2).T
        links = np.zeros((len(graphs), size, size))
        links[number, u, v] = 1.0
        return _Padded(links, marks, there, labels)


def _draw(space: SearchSpace, architecture: Architecture) -> _Drawn:
    """The graph, with a node in the middle of each edge that has a label."""
    nodes, edges, edge_labels = space.graph(architecture)
    if not any(edge_labels):
        return _Drawn(nodes, edges)
    labels, found = list[str](), list[tuple[int, int]]()
    entering: list[list[tuple[int, str]]] = [[] for _ in nodes]
    for (u, v), label in zip(edges, edge_labels, strict=True):
        entering[v].append((u, label))
    place: list[int] = []
    for node, own in zip(nodes, entering, strict=True):  # sources come before their targets, and stay so
        sources, here = [], len(labels)
        for u, label in own:
            source = place[u]
            if label:
                found.append((source, here))
                labels.append(label)
                source, here = here, here + 1
            sources.append(source)
        for source in sources:
            found.append((source, here))
        place.append(here)
        labels.append(node)
    return _Drawn(labels, found)


def _described(graphs: _Padded) -> _Floats:
    """The features that do not depend on the order of nodes, except those of pairs of labels."""
    links, marks, there, _ = graphs
    first, last = there & ~links.any(axis=1), there & ~links.any(axis=2)
    before, after = _paths(links, first), _paths(links.transpose(0, 2, 1), last)
    paths = (before * last).sum(axis=1)
    through = np.einsum("nv,nvl->nl", before * after, marks) / np.maximum(paths, 1)[:, None]
    weights = np.concatenate([there[:, :, None], marks], axis=2)
    most, fewest = np.split(_heaviest(links, np.concatenate([weights, -weights], axis=2), first), 2, axis=2)
    fewest = -fewest
    ends = last[:, :, None]
    longest = np.where(ends, most, -np.inf).max(axis=1)
    shortest = np.where(ends, fewest, np.inf).min(axis=1)
    by_longest = np.where(marks > 0, most[:, :, :1], 0.0).max(axis=1)
    by_shortest = np.where(marks > 0, fewest[:, :, :1], 0.0).max(axis=1)
    counts = there.sum(axis=1), links.sum(axis=(1, 2)), np.log1p(paths), longest[:, 0], shortest[:, 0]
    by_label = marks.sum(axis=1), through, longest[:, 1:], shortest[:, 1:], by_longest, by_shortest
    return np.hstack([np.stack(counts, axis=1), *by_label])


def _paths(links: _Floats, starts: _Flags) -> _Floats:
    """The number of paths from the starts to each node, n x V."""
    found = current = starts.astype(np.float64)
    while current.any():  # at most V times: the graphs have no cycles
        current = (current[:, None, :] @ links)[:, 0]
        found = found + current
    return found


def _heaviest(links: _Floats, weights: _Floats, first: _Flags) -> _Floats:
    """The largest sum of weights (n x V x k) on a path from a start up to each node, n x V x k."""
    best = np.where(first[:, :, None], weights, -np.inf)
    barred = np.where(links > 0, 0.0, -np.inf)
    feeds = links.max(axis=0)
    for target in range(1, links.shape[1]):  # nodes are in topological order
        sources = feeds[:target, target].nonzero()[0]  # in any graph of the batch: few, where all are drawn alike
        if len(sources):
            before = best[:, sources] + barred[:, sources, target, None]
            np.maximum(best[:, target], before.max(axis=1) + weights[:, target], out=best[:, target])
    return best
