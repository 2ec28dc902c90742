"""Graphs as tensors: what the networks see of a space, through its decisions, masks and graphs alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, LabelledDag, SearchSpace
from equipoise.methods.graph_vae.masks import Masks

__all__ = ["GraphBatch", "GraphReader", "Layout"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MOST_CACHED = 30_000
"""Prefixes whose masks and graphs are remembered by a reader; forgotten beyond."""


class GraphBatch(NamedTuple):
    """B graphs, padded to the N nodes of the largest graph met in the space; E messages in all.

    Each edge carries two messages, one along it and one against it. Nodes are numbered through the batch: node v of
    graph b is b N + v.

    Attributes:
        labels: B x N numbers of node labels; 0 is padding.
        senders: E nodes.
        receivers: E nodes.
        kinds: E numbers below 2L: the edge label, plus L for a message against its edge.
    """

    labels: Ints
    senders: Ints
    receivers: Ints
    kinds: Ints


@dataclass(frozen=True)
class Layout:
    """Where the options of each decision lie among the columns of the networks.

    Decisions with equal option lists are of one kind and share columns (`kind_columns`); in a history, each decision
    has columns of its own (`own_offset`).

    Attributes:
        widths: D numbers of options.
        kind_offset: D first columns among the options of all kinds.
        kind_columns: Columns of all kinds together.
        own_offset: D first columns among the options of all decisions.
        own_columns: Columns of all decisions together.
        runs_from: D prefix lengths: the graph on which each decision is decided is that of so many decisions.
    """

    widths: tuple[int, ...]
    kind_offset: tuple[int, ...]
    kind_columns: int
    own_offset: tuple[int, ...]
    own_columns: int
    runs_from: tuple[int, ...]

    @property
    def graph_runs(self) -> int:
        """Runs of the graph network for one architecture."""
        return len(set(self.runs_from))

    @classmethod
    def of(cls, space: SearchSpace, graph_runs: int) -> "Layout":
        """Lays out a space.

        Args:
            space: The space.
            graph_runs: How often the graph network may run while an architecture is decoded. With fewer runs than
                decisions, these are spread evenly, and a decision between two runs is told what was decided since.
        """
        kinds: dict[tuple[str, ...], int] = {}
        columns = 0
        for decision in space.decisions:
            if decision.options not in kinds:
                kinds[decision.options] = columns
                columns += len(decision.options)
        widths = space.cardinalities
        own = [0, *np.cumsum(widths).tolist()]
        total = len(widths)
        runs = min(graph_runs, total)
        starts = sorted({position * total // runs for position in range(runs)})
        runs_from = tuple(max(start for start in starts if start <= position) for position in range(total))
        return cls(
            widths, tuple(kinds[d.options] for d in space.decisions), columns, tuple(own[:-1]), own[-1], runs_from
        )


class GraphReader(Masks):
    """Turns prefixes of a space into padded graphs, and finds which nodes each decision is about.

    Label numbers, the largest size and the footprints come from the prefixes of `probes` random architectures; a
    label that these did not show shares the number of an unknown one. Nothing is enumerated.

    Args:
        space: The space.
        rng: Draws the probes.
        probes: Architectures looked at.

    Attributes:
        nodes: N, the largest number of nodes.
        node_labels: Numbers given to node labels, padding and unknown included.
        edge_labels: L, numbers given to edge labels, 0 for an unknown one.
        footprints: D x 2 x N weights: the share of each node among those whose label or incoming edges (first row),
            or whose outgoing edges (second row), depend on the decision.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator, probes: int = 32) -> None:
        super().__init__(space)
        drawn = space.sample(rng, probes)
        graphs = [space.graph(cell[:length]) for cell in drawn for length in range(len(space.decisions) + 1)]
        self.nodes = max(len(graph.node_labels) for graph in graphs)
        self._node_numbers = _numbered((label for graph in graphs for label in graph.node_labels), first=2)
        self._edge_numbers = _numbered((label for graph in graphs for label in graph.edge_labels), first=1)
        self.node_labels, self.edge_labels = len(self._node_numbers) + 2, len(self._edge_numbers) + 1
        most = max(len(graph.edges) for graph in graphs)
        self._rows: dict[Architecture, int] = {}
        self._labels = np.zeros((256, self.nodes), dtype=np.int64)
        self._messages = np.full((256, 2 * most, 3), -1, dtype=np.int64)
        self.footprints = self._footprints(drawn[: max(4, probes // 4)])

    def batch(self, prefixes: Sequence[Architecture]) -> GraphBatch:
        """The graphs of B legal prefixes of any lengths."""
        rows = self._rows
        if len(rows) + len(prefixes) > MOST_CACHED:
            rows.clear()
        for prefix in prefixes:
            if prefix not in rows:
                self._read(prefix)
        chosen = [rows[prefix] for prefix in prefixes]
        messages = self._messages[chosen]
        graph, slot = np.nonzero(messages[:, :, 2] >= 0)
        senders, receivers, kinds = messages[graph, slot].T
        first = graph * self.nodes
        return GraphBatch(self._labels[chosen], first + senders, first + receivers, np.ascontiguousarray(kinds))

    def _read(self, prefix: Architecture) -> None:
        row = self._rows[prefix] = len(self._rows)
        if row == len(self._labels):
            self._labels = np.concatenate([self._labels, self._labels])
            self._messages = np.concatenate([self._messages, self._messages])
        graph = self.space.graph(prefix)
        self._labels[row] = 0
        numbers = [self._node_numbers.get(label, 1) for label in graph.node_labels[: self.nodes]]
        self._labels[row, : len(numbers)] = numbers
        found: list[int] = []
        for (source, target), label in zip(graph.edges, graph.edge_labels, strict=True):
            if max(source, target) >= self.nodes:  # of a node that was cut off
                continue
            kind = self._edge_numbers.get(label, 0)
            found += (source, target, kind, target, source, kind + self.edge_labels)
        if 2 * len(graph.edges) > self._messages.shape[1]:
            room = np.full((len(self._messages), 2 * len(graph.edges), 3), -1, dtype=np.int64)
            room[:, : self._messages.shape[1]] = self._messages
            self._messages = room
        self._messages[row] = -1
        self._messages[row].ravel()[: len(found)] = found

    def _footprints(self, architectures: Sequence[Architecture]) -> Floats:
        counts = np.zeros((len(self.space.decisions), 2, self.nodes), dtype=np.float32)
        for architecture in architectures:
            for position in range(len(architecture)):
                prefix = architecture[:position]
                options = np.flatnonzero(self.legal(prefix)).tolist()
                seen = [self.space.graph((*prefix, option)) for option in options]
                views = [_ends(graph) for graph in (seen if len(seen) > 1 else [self.space.graph(prefix), *seen])]
                for side in (0, 1):
                    for node in range(self.nodes):
                        if len({view[side].get(node) for view in views}) > 1:
                            counts[position, side, node] += 1.0
        totals = counts.sum(axis=2, keepdims=True)
        shares: Floats = np.where(totals > 0, counts / np.maximum(totals, 1.0), np.float32(1.0 / self.nodes))
        return shares


def _numbered(labels: Iterable[str], first: int) -> dict[str, int]:
    return {label: number for number, label in enumerate(sorted(set(labels)), first)}


def _ends(graph: LabelledDag) -> tuple[dict[int, object], dict[int, object]]:
    """The parts of each node that a decision can change: (label and incoming edges, outgoing edges)."""
    incoming: dict[int, list[object]] = {node: [label] for node, label in enumerate(graph.node_labels)}
    outgoing: dict[int, list[object]] = {}
    for (source, target), label in zip(graph.edges, graph.edge_labels, strict=True):
        incoming[target].append((source, label))
        outgoing.setdefault(source, []).append((target, label))
    return {v: tuple(e) for v, e in incoming.items()}, {v: tuple(e) for v, e in outgoing.items()}
