"""A space of listed recurrent cells: one decision, whose options are the cells."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SpaceError, nearest
from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace

__all__ = ["OPERATIONS", "CellDefinition", "ListedCells"]

OPERATIONS = (
    "linear",
    "blend",
    "elementwise_prod",
    "elementwise_sum",
    "activation_tanh",
    "activation_sigm",
    "activation_leaky_relu",
)
"""Klyuchnikov et al. 2022, section III."""

CellDefinition = Mapping[str, tuple[str, tuple[str, ...]]]
"""Node to its operation and its inputs: other nodes, ``x``, or ``h_prev_K``; the nodes ``h_new_K`` are the outputs."""


class ListedCells(SearchSpace):
    """A list of cells, named by the numbers of their source: cells cannot be constructed in it.

    The cells are the options of one decision. `graph` draws a cell, for methods that use it, but there are no edits:
    every cell is a neighbour of every other. `canonical` is the first cell of the list with the same graph, as tested
    by colour refinement over predecessors and successors, like the hash of NAS-Bench-101.

    Args:
        name: Name of the space.
        source: Paper.
        cells: Number to definition.

    Raises:
        SpaceError: A definition has an unknown operation, an unknown input, or a cycle.
    """

    def __init__(self, name: str, source: str, cells: Mapping[str, CellDefinition]) -> None:
        self.name, self.source = name, source
        self.cells = dict(sorted(cells.items()))
        self.decisions = (Decision("cell", tuple(self.cells)),)
        for number, definition in self.cells.items():
            _in_order(f"{name} {number}", definition)

    @property
    def parameters(self) -> tuple[object, ...]:
        """The name and the cells."""
        return (
            self.name,
            tuple((number, tuple(sorted(definition.items()))) for number, definition in self.cells.items()),
        )

    @cached_property
    def _graphs(self) -> list[LabelledDag]:
        return [_drawn(number, definition) for number, definition in self.cells.items()]

    @cached_property
    def size(self) -> int:
        """The number of cells."""
        return len(self.cells)

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:  # noqa: ARG002 - there is one decision
        """Every cell of the list."""
        return np.ones(len(self.cells), dtype=np.bool_)

    def enumerate(self) -> Iterator[Architecture]:
        """Yields the cells in the order of the list."""
        return ((number,) for number in range(len(self.cells)))

    def graph(self, prefix: Architecture) -> LabelledDag:
        """Inputs, operations and outputs of the cell; an edge into ``blend`` is labelled by the place of the input."""
        return self._graphs[prefix[0]] if prefix else LabelledDag((), (), ())

    def canonical(self, architecture: Architecture) -> Architecture:
        """The first cell with the same graph."""
        return self._representatives[architecture[0]]

    @cached_property
    def _representatives(self) -> list[Architecture]:
        first: dict[object, Architecture] = {}
        return [first.setdefault(_colours(graph), (number,)) for number, graph in enumerate(self._graphs)]

    def format(self, architecture: Architecture) -> str:
        """The number of the cell."""
        return self.decisions[0].options[architecture[0]]

    def parse(self, text: str) -> Architecture:
        """Reads the number of a cell.

        Raises:
            SpaceError: There is none of that number.
        """
        if text.strip() not in self.cells:
            raise SpaceError(f"{self.name}: no cell '{text}' in the list; {nearest(text, self.cells)}")
        return (self.decisions[0].options.index(text.strip()),)


def _colours(graph: LabelledDag) -> tuple[bytes, ...]:
    """The sorted colours of the nodes after colour refinement over predecessors and successors."""
    colours = [label.encode() for label in graph.node_labels]
    for _ in graph.node_labels:
        near: list[list[bytes]] = [[] for _ in colours]
        for (source, target), label in zip(graph.edges, graph.edge_labels, strict=True):
            near[target].append(b"from" + label.encode() + colours[source])
            near[source].append(b"to" + label.encode() + colours[target])
        colours = [sha256(b"".join([own, *sorted(seen)])).digest() for own, seen in zip(colours, near, strict=True)]
    return tuple(sorted(colours))


def _drawn(name: str, definition: CellDefinition) -> LabelledDag:
    labels: list[str] = []
    numbers: dict[str, int] = {}
    edges: list[tuple[int, int]] = []
    edge_labels: list[str] = []
    for node in _in_order(name, definition):
        numbers[node] = len(labels)
        operation, inputs = definition.get(node, (node, ()))
        labels.append(operation)
        for place, source in enumerate(inputs):
            edges.append((numbers[source], numbers[node]))
            edge_labels.append(str(place) if operation == "blend" else "")
    for node in sorted(name for name in definition if re.fullmatch(r"h_new_\d+", name)):
        edges.append((numbers[node], len(labels)))
        edge_labels.append("")
        labels.append(node)
    return LabelledDag(tuple(labels), tuple(edges), tuple(edge_labels))


def _in_order(name: str, definition: CellDefinition) -> Sequence[str]:
    """All nodes and inputs in topological order."""
    for node, (operation, inputs) in definition.items():
        if operation not in OPERATIONS:
            raise SpaceError(f"{name}: operation '{operation}' of {node}; {nearest(operation, OPERATIONS)}")
        for source in inputs:
            if source not in definition and source != "x" and not source.startswith("h_prev_"):
                raise SpaceError(f"{name}: {node} takes '{source}', which is neither a node nor an input of the cell")
    try:
        return tuple(TopologicalSorter({node: inputs for node, (_, inputs) in definition.items()}).static_order())
    except CycleError as error:
        raise SpaceError(f"{name}: its nodes depend on each other in a cycle ({error.args[1]})") from error
