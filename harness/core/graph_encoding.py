"""Encodings of the graph of an architecture: its adjacency, or the paths through it."""

from collections.abc import Callable, Sequence
from copy import copy

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.architecture import Architecture, LabelledDag
from equipoise.harness.core.encoding import DecodableEncoding, Encoding, Parameter

__all__ = ["Adjacency", "DecodableAdjacency", "Paths"]

_Array = npt.NDArray[np.float64]


class Adjacency(Encoding):
    """One column per edge label for every pair of nodes that may be linked, then one per label of every inner node.

    A graph with fewer nodes than the largest leaves the columns of the missing inner nodes at 0; its last node keeps
    the last place.

    Args:
        graph: Draws an architecture.
        nodes: The number of nodes of the largest graph.
        pairs: The pairs (source, target) of places that may be linked.
        edge_labels: The labels an edge may have; ``("",)`` where edges have none.
        node_labels: The labels an inner node may have; empty where they are fixed.
        inner: The places of the nodes so labelled.
    """

    def __init__(
        self,
        graph: Callable[[Architecture], LabelledDag],
        nodes: int,
        pairs: Sequence[tuple[int, int]],
        edge_labels: Sequence[str] = ("",),
        node_labels: Sequence[str] = (),
        inner: Sequence[int] = (),
    ) -> None:
        self._graph, self._last = graph, nodes - 1
        self._edges = [(u, v, label) for u, v in pairs for label in edge_labels]
        self._labels = [(place, label) for place in inner for label in node_labels]
        self._edge_columns = {edge: column for column, edge in enumerate(self._edges)}
        self._node_columns = {label: len(self._edges) + column for column, label in enumerate(self._labels)}
        self.width = len(self._edges) + len(self._labels)

    def encode(self, architectures: Sequence[Architecture]) -> _Array:
        """Returns 1 for the edges and labels that are present, n x `width`."""
        hot = np.zeros((len(architectures), self.width))
        for row, architecture in zip(hot, architectures, strict=True):
            labels, edges, edge_labels = self._graph(architecture)
            place = [*range(len(labels) - 1), self._last]
            links = ((place[u], place[v], label) for (u, v), label in zip(edges, edge_labels, strict=True))
            columns = [self._edge_columns.get(link) for link in links]
            columns += [self._node_columns.get(node) for node in zip(place, labels, strict=True)]
            row[[column for column in columns if column is not None]] = 1.0
        return hot


class DecodableAdjacency(Adjacency, DecodableEncoding):
    """The continuous adjacency matrix: read back, a column is a score from 0 to 1, which the space interprets.

    Source: White, Neiswanger, Nolen and Savani, A Study on Encodings for Neural Architecture Search, NeurIPS 2020.

    Args:
        graph: See `Adjacency`; so are the next five.
        nodes: The number of nodes of the largest graph.
        pairs: The pairs of places that may be linked.
        edge_labels: The labels an edge may have.
        node_labels: The labels an inner node may have.
        inner: The places of the nodes so labelled.
        read: Turns scores of pairs (pairs x edge labels) and of nodes (inner x node labels) into options.
    """

    def __init__(
        self,
        graph: Callable[[Architecture], LabelledDag],
        nodes: int,
        pairs: Sequence[tuple[int, int]],
        edge_labels: Sequence[str] = ("",),
        node_labels: Sequence[str] = (),
        inner: Sequence[int] = (),
        *,
        read: Callable[[_Array, _Array], Architecture],
    ) -> None:
        super().__init__(graph, nodes, pairs, edge_labels, node_labels, inner)
        self._read, self._shapes = read, ((len(pairs), len(edge_labels)), (len(inner), len(node_labels)))
        names = [f"{u}->{v} {label}".rstrip() for u, v, label in self._edges]
        names += [f"{place} = {label}" for place, label in self._labels]
        self.parameters = tuple(Parameter(name, "float") for name in names)

    def decode(self, values: Sequence[float]) -> Architecture:
        """Returns the space's interpretation of the scores."""
        edges, nodes = np.split(np.asarray(values, dtype=np.float64), [len(self._edges)])
        return self._read(edges.reshape(self._shapes[0]), nodes.reshape(self._shapes[1]))


class Paths(Encoding):
    """One column for each sequence of labels that a path from an input to an output may have: is there such a path?

    Columns are ordered by the length of the sequence, shortest first, so that the first k columns are the truncated
    path encoding. Nodes have no names in it: isomorphic graphs have equal vectors.

    Source: White, Neiswanger and Savani, BANANAS: Bayesian Optimization with Neural Architectures, AAAI 2021.
    Differs from the paper: an edge of NAS-Bench-201 with the operation ``none`` is no edge, so nothing passes over it.

    Args:
        graph: Draws an architecture.
        labels: The labels that count, on nodes or edges; others are passed without trace.
        shortest: The least number of labels on a path.
        longest: The largest.
        starts: Labels of the nodes where paths begin; paths with different starts have different columns.
        ends: Labels of the nodes where they end.

    Attributes:
        longest: The largest number of labels on a path.
    """

    def __init__(
        self,
        graph: Callable[[Architecture], LabelledDag],
        labels: Sequence[str],
        shortest: int,
        longest: int,
        starts: Sequence[str] = ("input",),
        ends: Sequence[str] = ("output",),
    ) -> None:
        self._graph, self._base, self.longest = graph, len(labels), longest
        self._digits = {label: digit for digit, label in enumerate(labels)}
        self._starts = {label: number for number, label in enumerate(starts)}
        self._ends = frozenset(ends)
        sizes = [len(starts) * self._base**length for length in range(shortest, longest + 1)]
        self._offsets = dict(zip(range(shortest, longest + 1), np.cumsum((0, *sizes[:-1])).tolist(), strict=True))
        self.width = sum(sizes)

    def truncated(self, longest: int) -> "Paths":
        """Returns the encoding of the paths with at most so many labels: the first columns of this one."""
        shorter = copy(self)
        shorter.longest = min(longest, self.longest)
        shorter._offsets = {length: offset for length, offset in self._offsets.items() if length <= longest}
        shorter.width = self._offsets.get(longest + 1, self.width) if shorter._offsets else 0
        return shorter

    def encode(self, architectures: Sequence[Architecture]) -> _Array:
        """Returns 1 for the paths that are present, n x `width`."""
        hot = np.zeros((len(architectures), self.width))
        for row, architecture in zip(hot, architectures, strict=True):
            row[self.columns(architecture)] = 1.0
        return hot

    def columns(self, architecture: Architecture) -> list[int]:
        """Returns the columns that are 1, in ascending order, for models with sparse inputs."""
        labels, edges, edge_labels = self._graph(architecture)
        reached: list[set[tuple[int, int]]] = [  # (length, code) of the paths that end here so far
            {(0, self._starts[label])} if label in self._starts else set() for label in labels
        ]
        for (u, v), label in sorted(zip(edges, edge_labels, strict=True)):
            found = reached[u]
            for word in (label, labels[v]):
                digit = self._digits.get(word)
                if digit is not None:
                    found = {(length + 1, code * self._base + digit) for length, code in found}
            reached[v] |= found
        ended = set().union(*(paths for paths, label in zip(reached, labels, strict=True) if label in self._ends))
        return sorted(self._offsets[length] + code for length, code in ended if length in self._offsets)
