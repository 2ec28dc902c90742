"""A list of recurrent cells that somebody trained: a space of one decision, whose option is a cell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SpaceError, nearest
from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace

__all__ = ["OPERATIONS", "ListedCells", "Recipe"]

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

Recipe = Mapping[str, tuple[str, tuple[str, ...]]]
"""Node to its operation and its inputs: other nodes, ``x``, or ``h_prev_K``; the nodes ``h_new_K`` are the outputs."""


class ListedCells(SearchSpace):
    """Cells by the numbers that their source gave them, and nothing beyond: a list, not a space one can construct in.

    The cells are the options of one decision. `graph` draws a cell, for methods that look into it, but there are no
    edits: every cell is a neighbour of every other. `canonical` is the first cell of the list with the same graph, as
    far as the colours of its nodes tell, refined from both sides as NAS-Bench-101 does for its hash.

    Args:
        name: Of the space.
        source: Paper.
        cells: Number to recipe.

    Raises:
        SpaceError: A recipe has another operation, an input from nowhere, or a cycle.
    """

    def __init__(self, name: str, source: str, cells: Mapping[str, Recipe]) -> None:
        self.name, self.source = name, source
        self.cells = dict(sorted(cells.items()))
        self.decisions = (Decision("cell", tuple(self.cells)),)
        for number, recipe in self.cells.items():
            _in_order(f"{name} {number}", recipe)

    @property
    def parameters(self) -> tuple[object, ...]:
        """The name and the cells."""
        return (self.name, tuple((number, tuple(sorted(recipe.items()))) for number, recipe in self.cells.items()))

    @cached_property
    def _graphs(self) -> list[LabelledDag]:
        return [_drawn(number, recipe) for number, recipe in self.cells.items()]

    @cached_property
    def size(self) -> int:
        """How many cells are listed."""
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
    """The sorted colours of the nodes, refined by those of predecessors and successors until nothing can change."""
    colours = [label.encode() for label in graph.node_labels]
    for _ in graph.node_labels:
        near: list[list[bytes]] = [[] for _ in colours]
        for (source, target), label in zip(graph.edges, graph.edge_labels, strict=True):
            near[target].append(b"from" + label.encode() + colours[source])
            near[source].append(b"to" + label.encode() + colours[target])
        colours = [sha256(b"".join([own, *sorted(seen)])).digest() for own, seen in zip(colours, near, strict=True)]
    return tuple(sorted(colours))


def _drawn(what: str, recipe: Recipe) -> LabelledDag:
    labels: list[str] = []
    numbers: dict[str, int] = {}
    edges: list[tuple[int, int]] = []
    edge_labels: list[str] = []
    for node in _in_order(what, recipe):
        numbers[node] = len(labels)
        operation, inputs = recipe.get(node, (node, ()))
        labels.append(operation)
        for place, source in enumerate(inputs):
            edges.append((numbers[source], numbers[node]))
            edge_labels.append(str(place) if operation == "blend" else "")
    for node in sorted(name for name in recipe if re.fullmatch(r"h_new_\d+", name)):
        edges.append((numbers[node], len(labels)))
        edge_labels.append("")
        labels.append(node)
    return LabelledDag(tuple(labels), tuple(edges), tuple(edge_labels))


def _in_order(what: str, recipe: Recipe) -> Sequence[str]:
    """All nodes and inputs, every one after what it is made of."""
    for node, (operation, inputs) in recipe.items():
        if operation not in OPERATIONS:
            raise SpaceError(f"{what}: operation '{operation}' of {node}; {nearest(operation, OPERATIONS)}")
        for source in inputs:
            if source not in recipe and source != "x" and not source.startswith("h_prev_"):
                raise SpaceError(f"{what}: {node} takes '{source}', which is nowhere in the cell")
    try:
        return tuple(TopologicalSorter({node: inputs for node, (_, inputs) in recipe.items()}).static_order())
    except CycleError as error:
        raise SpaceError(f"{what}: its nodes depend on each other in a cycle ({error.args[1]})") from error
