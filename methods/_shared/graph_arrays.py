"""Labelled graphs of a whole space as arrays, so that what is said of graphs is computed for thousands at once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, LabelledDag, SearchSpace

__all__ = ["GraphArrays", "GraphReader"]

ABSENT, PLAIN = -1, 0
"""Codes of what is not there, and of labels that are no operation; operations count from 1."""

Labels = npt.NDArray[np.int16]
Flags = npt.NDArray[np.bool_]


class GraphArrays(NamedTuple):
    """M graphs on common places.

    Attributes:
        nodes: M x N codes of node labels.
        edges: M x P codes of edge labels, a column per pair of places.
        starts: M x N, whether the node is an input.
        ends: M x N, whether it is an output.
    """

    nodes: Labels
    edges: Labels
    starts: Flags
    ends: Flags


class GraphReader:
    """Turns architectures of a space into `GraphArrays`, by what a reference set of its graphs shows.

    An *operation* is a label, of nodes or edges, whose number differs between graphs; the rest (inputs, sums,
    concatenations) is plain. *Inputs* are nodes whose label never has a predecessor, *outputs* those whose label
    never has a successor. A *block* is a set of places that edges connect: the two cells of DARTS are two blocks.
    Nodes keep their numbers as places, and the last node takes the last place.

    Args:
        space: Draws the graphs.
        reference: Architectures that show every label: all, or a sample.

    Attributes:
        operations: Labels, sorted.
        places: N.
        pairs: P pairs (source, target), ordered by target: every walk over them is in topological order.
        blocks: For each block its places and the columns of its pairs.
    """

    def __init__(self, space: SearchSpace, reference: Sequence[Architecture]) -> None:
        self._space = space
        graphs = [space.graph(architecture) for architecture in reference]
        self.places = max((len(graph.node_labels) for graph in graphs), default=0)
        entered, left, pairs = set[str](), set[str](), set[tuple[int, int]]()
        for graph in graphs:
            place = self._place(graph)
            for u, v in graph.edges:
                left.add(graph.node_labels[u])
                entered.add(graph.node_labels[v])
                pairs.add((place[u], place[v]))
        self.pairs = sorted(pairs, key=lambda pair: (pair[1], pair[0]))
        self._columns = {pair: column for column, pair in enumerate(self.pairs)}
        labels = sorted({label for graph in graphs for label in (*graph.node_labels, *graph.edge_labels)})
        self._starts = {label for label in labels if label not in entered}
        self._ends = {label for label in labels if label not in left}
        self.operations = tuple(sorted(set(labels) - _constant(graphs, labels) - {""}))
        self._codes = {label: code for code, label in enumerate(self.operations, 1)}
        self.blocks = _blocks(self.places, self.pairs)

    def _place(self, graph: LabelledDag) -> Sequence[int]:
        return [*range(len(graph.node_labels) - 1), self.places - 1]

    def read(self, architectures: Sequence[Architecture]) -> GraphArrays:
        """Reads M architectures.

        Labels that the reference set does not have count as plain, pairs that it does not have are dropped.
        """
        shape = (len(architectures), self.places)
        nodes = np.full(shape, ABSENT, dtype=np.int16)
        edges = np.full((len(architectures), len(self.pairs)), ABSENT, dtype=np.int16)
        starts, ends = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
        code, column = self._codes.get, self._columns.get
        last = self.places - 1
        for row, architecture in enumerate(architectures):
            labels, links, edge_labels = self._space.graph(architecture)
            final = len(labels) - 1
            for node, label in enumerate(labels[: last + 1]):
                place = last if node == final else node
                nodes[row, place] = code(label, PLAIN)
                starts[row, place] = label in self._starts
                ends[row, place] = label in self._ends
            for (u, v), label in zip(links, edge_labels, strict=True):
                if (number := column((u, last if v == final else v))) is not None:
                    edges[row, number] = code(label, PLAIN)
        return GraphArrays(nodes, edges, starts, ends)


def _constant(graphs: Sequence[LabelledDag], labels: Sequence[str]) -> set[str]:
    """The labels that occur equally often in every graph."""
    numbers = {label: number for number, label in enumerate(labels)}
    counts = np.zeros((len(graphs), len(labels)), dtype=np.int32)
    for row, graph in zip(counts, graphs, strict=True):
        for label in (*graph.node_labels, *graph.edge_labels):
            row[numbers[label]] += 1
    same = np.ptp(counts, axis=0) == 0 if len(graphs) else np.ones(len(labels), dtype=np.bool_)
    return {label for label, constant in zip(labels, same, strict=True) if constant}


def _blocks(places: int, pairs: Sequence[tuple[int, int]]) -> list[tuple[list[int], list[int]]]:
    own = list(range(places))
    for u, v in pairs:
        low, high = sorted((own[u], own[v]))
        own = [low if block == high else block for block in own]
    linked = sorted({own[u] for u, _ in pairs})
    return [
        (
            [place for place in range(places) if own[place] == block],
            [column for column, (u, _) in enumerate(pairs) if own[u] == block],
        )
        for block in linked
    ]
