"""Graphs as tensors: what the networks see of a space, through its decisions, masks and graphs alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods.graph_vae.masks import Masks

__all__ = ["GraphBatch", "GraphReader", "Layout"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MOST_CACHED = 30_000
"""Prefixes whose masks and graphs are remembered by a reader; forgotten beyond."""
PROBES = 64
"""Architectures that show the labels of a space."""


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
    """Where the options of each decision lie among the columns of a one-hot code.

    Attributes:
        widths: D numbers of options.
        offsets: D first columns.
        columns: C, columns of all decisions together.
        widest: W, the largest number of options.
    """

    widths: tuple[int, ...]
    offsets: tuple[int, ...]
    columns: int
    widest: int

    @classmethod
    def of(cls, space: SearchSpace) -> "Layout":
        """Lays out a space."""
        ends = np.cumsum(space.cardinalities).tolist()
        return cls(space.cardinalities, (0, *ends[:-1]), ends[-1], max(space.cardinalities))

    def one_hot(self, codes: Ints) -> Floats:
        """The one-hot code of B architectures given as rows of option numbers, B x C."""
        hot = np.zeros((len(codes), self.columns), dtype=np.float32)
        hot[np.arange(len(codes))[:, None], codes + np.array(self.offsets)] = 1.0
        return hot


class GraphReader(Masks):
    """Turns prefixes of a space into padded graphs.

    Label numbers and the largest size come from the prefixes of `PROBES` architectures, the same in every run, so that
    stored weights fit; a label that these did not show shares the number of an unknown one. Nothing is enumerated.

    Args:
        space: The space.

    Attributes:
        nodes: N, the largest number of nodes.
        node_labels: Numbers given to node labels, padding and unknown included.
        edge_labels: L, numbers given to edge labels, 0 for an unknown one.
    """

    def __init__(self, space: SearchSpace) -> None:
        super().__init__(space)
        drawn = space.sample(np.random.default_rng(0), PROBES)
        graphs = [space.graph(cell[:length]) for cell in drawn for length in range(len(space.decisions) + 1)]
        self.nodes = max(len(graph.node_labels) for graph in graphs)
        self._node_numbers = _numbered((label for graph in graphs for label in graph.node_labels), first=2)
        self._edge_numbers = _numbered((label for graph in graphs for label in graph.edge_labels), first=1)
        self.node_labels, self.edge_labels = len(self._node_numbers) + 2, len(self._edge_numbers) + 1
        most = max(len(graph.edges) for graph in graphs)
        self._rows: dict[Architecture, int] = {}
        self._labels = np.zeros((256, self.nodes), dtype=np.int64)
        self._messages = np.full((256, 2 * most, 3), -1, dtype=np.int64)

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


def _numbered(labels: Iterable[str], first: int) -> dict[str, int]:
    return {label: number for number, label in enumerate(sorted(set(labels)), first)}
