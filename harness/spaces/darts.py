"""The DARTS space of NAS-Bench-301: a normal and a reduction cell of four nodes with two labelled inputs each."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import DecodableEncoding, Encoding, Parameter
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.graph_encoding import DecodableAdjacency, Paths
from equipoise.harness.core.space import Architecture, Decision, LabelledDag
from equipoise.harness.spaces._product import ProductSpace

__all__ = ["CELLS", "OPERATIONS", "PAIRS", "Darts", "cells_of"]

CELLS = ("normal", "reduce")
OPERATIONS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
NODES = (2, 3, 4, 5)
"""The intermediate nodes; 0 and 1 are the outputs of the two cells before."""

PAIRS = {node: tuple(combinations(range(node), 2)) for node in NODES}
"""The pairs of distinct earlier nodes that may feed a node, the smaller number first."""

_WIDTHS = {node: 2 + (len(PAIRS[node]) > 1) for node in NODES}

_PLACES = NODES[-1] + 2
"""Nodes of a cell in the graph: two inputs, four sums, the output."""

_NODE_LABELS = tuple(
    label
    for cell in CELLS
    for label in (f"{cell} input 0", f"{cell} input 1", *[f"{cell} sum"] * len(NODES), f"{cell} output")
)

_CELL_EDGES = [
    (
        [(first + node, first + _PLACES - 1) for node in NODES],
        [
            (_WIDTHS[node], [[(first + u, first + node), (first + v, first + node)] for u, v in PAIRS[node]])
            for node in NODES
        ],
    )
    for first in (0, _PLACES)
]
"""For each cell the edges of its output, and for each node its decisions and the two edges of each pair of inputs."""

_Inputs = list[tuple[int, int]]


def _decisions() -> tuple[Decision, ...]:
    found: list[Decision] = []
    for cell in CELLS:
        for node in NODES:
            if len(PAIRS[node]) > 1:
                found.append(Decision(f"{cell} inputs {node}", tuple(f"{u}+{v}" for u, v in PAIRS[node])))
            found += [Decision(f"{cell} operation {node}{which}", OPERATIONS) for which in "ab"]
    return tuple(found)


class Darts(ProductSpace):
    """1,037,664,180 squared = 1.0767e18 genotypes, which are never listed.

    Each intermediate node has exactly two distinct predecessors. The choice of the pair is one decision (as in the
    configuration space of NAS-Bench-301) and its two operations two more, the smaller predecessor first, so that a
    genotype has one form and every combination is valid. Node 2 has one possible pair and no decision for it.
    The output, a concatenation of the four nodes, is fixed. Nodes are told apart by number, as the benchmark does:
    `canonical` merges only the order within a pair.
    """

    name = "darts"
    source = (
        "Liu, Simonyan and Yang, DARTS, ICLR 2019, in the form of Siems et al., NAS-Bench-301, 2020 "
        "(seven operations, no 'none', two inputs a node)"
    )
    decisions = _decisions()

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The 120 genotypes one edit away: 96 change an operation, 24 move the source of an edge."""
        edges = _unpack(architecture)
        found = []
        for place in range(len(edges)):
            for option in range(len(OPERATIONS)):
                if option != edges[place][1]:
                    found.append(_pack(_with(edges, place, (edges[place][0], option))))
        found += [_pack(_with(edges, place, (source, edges[place][1]))) for place, source in _moves(edges)]
        return found

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws one of the 120 neighbours, exactly uniformly, without listing them."""
        edges, number = _unpack(architecture), int(rng.integers(120))
        place, step = divmod(number, len(OPERATIONS) - 1)
        if place < len(edges):
            source, option = edges[place]
            return _pack(_with(edges, place, (source, (option + 1 + step) % len(OPERATIONS))))
        place, source = _moves(edges)[number - len(edges) * (len(OPERATIONS) - 1)]
        return _pack(_with(edges, place, (source, edges[place][1])))

    def graph(self, prefix: Architecture) -> LabelledDag:
        """Both cells as one graph of two parts: two inputs, four sums and the output of each.

        An input that is known before its operation has the edge label ``undecided``.
        """
        edges: list[tuple[int, int]] = []
        edge_labels: list[str] = []
        start = 0
        for outputs, parts in _CELL_EDGES:
            for width, into in parts:
                own = prefix[start : start + width]
                start += width
                if own:
                    operations = own if width == 2 else own[1:]
                    edges += into[0 if width == 2 else own[0]]
                    edge_labels += [OPERATIONS[option] for option in operations]
                    edge_labels += ["undecided"] * (2 - len(operations))
            edges += outputs
            edge_labels += ["concatenate"] * len(NODES)
        return LabelledDag(_NODE_LABELS, tuple(edges), tuple(edge_labels))

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """Those of every space, ``adjacency``, ``path``, and ``conditional``, as NAS-Bench-301 writes genotypes.

        Scores of ``adjacency`` are read as DARTS reads its weights: each node keeps its two strongest inputs, and on
        each the strongest operation. ``path`` has 11,200 columns, of which the first 224 are the paths of up to two
        operations.
        """
        places = [(first + u, first + v) for first in (0, _PLACES) for v in NODES for u in range(v)]
        return {
            **super().encodings,
            "conditional": Conditional(),
            "adjacency": DecodableAdjacency(self.graph, 2 * _PLACES, places, OPERATIONS, read=_from_scores),
            "path": self.paths,
        }

    @cached_property
    def paths(self) -> Paths:
        """The sequences of one to four operations, for each cell and each of its two inputs."""
        return Paths(
            self.graph,
            OPERATIONS,
            shortest=1,
            longest=len(NODES),
            starts=[f"{cell} input {number}" for cell in CELLS for number in (0, 1)],
            ends=[f"{cell} output" for cell in CELLS],
        )

    def format(self, architecture: Architecture) -> str:
        """The genotype as DARTS and NAS-Bench-301 print it."""
        edges = _unpack(architecture)
        half = len(edges) // 2
        parts = []
        for cell, own in zip(CELLS, (edges[:half], edges[half:]), strict=True):
            listed = ", ".join(f"('{OPERATIONS[option]}', {source})" for source, option in own)
            parts.append(f"{cell}=[{listed}], {cell}_concat=range(2, 6)")
        return f"Genotype({', '.join(parts)})"

    def parse(self, text: str) -> Architecture:
        """Reads a genotype, the two inputs of a node in either order.

        Raises:
            SpaceError: The text is not a genotype of this space.
        """
        edges: _Inputs = []
        for cell in CELLS:
            match = re.search(rf"\b{cell}=\[((?:\('\w+', ?\d+\)(?:, ?)?)*)\]", text)
            own = [] if match is None else re.findall(r"\('(\w+)', ?(\d+)\)", match[1])
            if len(own) != 2 * len(NODES):
                raise SpaceError(
                    f"{self.name}: '{text}' is no genotype: {cell} needs {2 * len(NODES)} pairs ('operation', node), "
                    f"found {len(own)}"
                )
            for operation, source in own:
                edges.append((int(source), self.option(len(self.decisions) - 1, operation, text)))
        return self.from_edges(edges)

    def from_edges(self, edges: _Inputs) -> Architecture:
        """Makes a genotype of 16 (predecessor, operation number) pairs: two per node, normal cell first.

        Raises:
            SpaceError: A node has the same predecessor twice, or one that does not come before it.
        """
        for place, node in enumerate(NODES * 2):
            sources = sorted(source for source, _ in edges[2 * place : 2 * place + 2])
            if tuple(sources) not in PAIRS[node]:
                raise SpaceError(
                    f"{self.name}: node {node} has inputs {sources}; it takes two different nodes before it"
                )
        return _pack(edges)


class Conditional(DecodableEncoding):
    """34 categorical parameters: the inputs of six nodes, and an operation for each of the 28 edges they may choose.

    An operation matters only where its edge is chosen: the configuration space of NAS-Bench-301 (Siems et al. 2020).
    """

    def __init__(self) -> None:
        found: list[Parameter] = []
        for cell in CELLS:
            for node in NODES:
                pairs, inputs = PAIRS[node], len(found)
                if len(pairs) > 1:
                    found.append(Parameter(f"{cell} inputs {node}", "categorical", len(pairs)))
                for source in range(node):
                    chosen = tuple(number for number, pair in enumerate(pairs) if source in pair)
                    when = (inputs, chosen) if len(pairs) > 1 else None
                    found.append(Parameter(f"{cell} {source}->{node}", "categorical", len(OPERATIONS), when))
        self.parameters, self.width = tuple(found), len(found)

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """Numbers of pairs and operations, n x 34; 0 for the edges that are not chosen."""
        rows = []
        for architecture in architectures:
            edges, row = iter(_unpack(architecture)), list[int]()
            for node in NODES * 2:
                own = dict((next(edges), next(edges)))
                if len(PAIRS[node]) > 1:
                    row.append(PAIRS[node].index(tuple(own)))
                row += [own.get(source, 0) for source in range(node)]
            rows.append(row)
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.width)

    def decode(self, values: Sequence[float]) -> Architecture:
        """The chosen pairs with the operations of their edges; always a genotype."""
        found: list[int] = []
        rest = list(map(int, values))
        for node in NODES * 2:
            pair = PAIRS[node][0]
            if len(PAIRS[node]) > 1:
                pair = PAIRS[node][rest[0]]
                found.append(rest.pop(0))
            found += [rest[source] for source in pair]
            rest = rest[node:]
        return tuple(found)


def cells_of(architecture: Architecture) -> tuple[_Inputs, _Inputs]:
    """The normal and the reduction cell, each as eight (predecessor, operation number), two per node."""
    edges = _unpack(architecture)
    return edges[: len(edges) // 2], edges[len(edges) // 2 :]


def _unpack(architecture: Architecture) -> _Inputs:
    """The 16 edges as (predecessor, operation), two per node."""
    edges: _Inputs = []
    rest = architecture
    for node in NODES * 2:
        own, rest = rest[: _WIDTHS[node]], rest[_WIDTHS[node] :]
        pair = PAIRS[node][0] if _WIDTHS[node] == 2 else PAIRS[node][own[0]]
        edges += zip(pair, own[-2:], strict=True)
    return edges


def _pack(edges: _Inputs) -> Architecture:
    found: list[int] = []
    for place, node in enumerate(NODES * 2):
        (u, first), (v, second) = sorted(edges[2 * place : 2 * place + 2])
        if _WIDTHS[node] > 2:
            found.append(PAIRS[node].index((u, v)))
        found += [first, second]
    return tuple(found)


def _with(edges: _Inputs, place: int, edge: tuple[int, int]) -> _Inputs:
    return [*edges[:place], edge, *edges[place + 1 :]]


def _moves(edges: _Inputs) -> list[tuple[int, int]]:
    """Every (edge, other predecessor it could have)."""
    found = []
    for place in range(len(edges)):
        node = NODES[place // 2 % len(NODES)]
        taken = {edges[place][0], edges[place ^ 1][0]}
        found += [(place, source) for source in range(node) if source not in taken]
    return found


def _from_scores(edges: npt.NDArray[np.float64], _: npt.NDArray[np.float64]) -> Architecture:
    """Discretises as Liu et al. do, section 2.4: the two strongest inputs of each node, the strongest operation."""
    strongest, operation = edges.max(axis=1), edges.argmax(axis=1)
    found: _Inputs = []
    first = 0
    for node in NODES * 2:
        kept = np.argsort(-strongest[first : first + node], kind="stable")[:2]
        found += [(int(source), int(operation[first + source])) for source in kept]
        first += node
    return _pack(found)
