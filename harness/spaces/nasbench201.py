"""The NAS-Bench-201 space: one operation of five on each of the six edges of a four-node cell."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import Encoding
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.graph_encoding import DecodableAdjacency, Paths
from equipoise.harness.core.space import Architecture, Decision, LabelledDag
from equipoise.harness.spaces._product import ProductSpace

__all__ = ["EDGES", "OPERATIONS", "NasBench201"]

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))

CELL = "|{}|+|{}|{}|+|{}|{}|{}|"
_WORDS = tuple(tuple(f"{operation}~{source}" for operation in OPERATIONS) for source, _ in EDGES)

_Term = tuple[object, ...]


class NasBench201(ProductSpace):
    """15,625 cells, each stored by the benchmark under its own string: isomorphic strings have different values.

    `canonical` means *the same network in exact arithmetic*: skips are substituted, sums flattened, operations on
    zero are zero, convolutions with different weights are different functions, and pooling is a function without
    weights that is not distributed over sums. That gives 5,260 classes, one of them the disconnected cells (5,044 if
    pooling, which is linear, were distributed). The paper's rule on strings (Dong and Yang
    2020, section 3.2: 6,466 classes) merges networks that share a convolution with networks that own two, and keeps
    equal sums apart; `paper_string` writes it.
    """

    name = "nasbench201"
    source = "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search, ICLR 2020"
    decisions = tuple(Decision(f"edge {source}->{target}", OPERATIONS) for source, target in EDGES)

    def graph(self, prefix: Architecture) -> LabelledDag:
        """Four nodes (input, two sums, output) and the decided edges labelled by operation; ``none`` is no edge."""
        kept = [
            (edge, OPERATIONS[option])
            for edge, option in zip(EDGES, prefix, strict=False)
            if OPERATIONS[option] != "none"
        ]
        edges, labels = tuple(edge for edge, _ in kept), tuple(label for _, label in kept)
        return LabelledDag(("input", "sum", "sum", "output"), edges, labels)

    def format(self, architecture: Architecture) -> str:
        """The string of the NAS-Bench-201 API, for example ``|nor_conv_3x3~0|+|none~0|...|``."""
        words = [edge[option] for edge, option in zip(_WORDS, architecture, strict=True)]
        return CELL.format(*words)

    def parse(self, text: str) -> Architecture:
        """Reads the string of the NAS-Bench-201 API.

        Raises:
            SpaceError: The text is not such a string.
        """
        nodes = [node.strip("|").split("|") for node in text.strip().split("+")]
        words = [word.rpartition("~") for node in nodes for word in node]
        sources = [source for _, _, source in words]
        if [len(node) for node in nodes] != [1, 2, 3] or sources != [str(source) for source, _ in EDGES]:
            raise SpaceError(
                f"{self.name}: '{text}' is no cell; a cell reads |op~0|+|op~0|op~1|+|op~0|op~1|op~2| with op in "
                f"{', '.join(OPERATIONS)}"
            )
        return tuple(self.option(position, word, text) for position, (word, _, _) in enumerate(words))

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """Those of every space, ``adjacency`` (one column per edge and operation but ``none``) and ``path``."""
        operations = self.decisions[0].options[1:]
        return {
            **super().encodings,
            "adjacency": DecodableAdjacency(self.graph, 4, EDGES, operations, read=_from_scores),
            "path": self.paths,
        }

    @cached_property
    def paths(self) -> Paths:
        """The sequences of one to three operations other than ``none``."""
        return Paths(self.graph, self.decisions[0].options[1:], shortest=1, longest=3)

    def canonical(self, architecture: Architecture) -> Architecture:
        """The first cell, in the order of `enumerate`, that computes the same network."""
        return self._representatives[self.index(architecture)]

    @cached_property
    def _representatives(self) -> list[Architecture]:
        first: dict[object, Architecture] = {}
        return [first.setdefault(_network(cell), cell) for cell in self.enumerate()]

    def paper_string(self, architecture: Architecture) -> str:
        """The unique string of the paper's own rule: skips substituted, sums sorted, zeros written as ``#`` and kept.

        Source: Dong and Yang 2020, section 3.2 (6,466 distinct strings over the space).
        """
        nodes = ["0"]
        for target in (1, 2, 3):
            terms = []
            for (source, end), option in zip(EDGES, architecture, strict=True):
                if end != target:
                    continue
                operation = OPERATIONS[option]
                if operation == "none" or nodes[source] == "#":
                    terms.append("#")
                else:
                    terms.append(nodes[source] if operation == "skip_connect" else f"({nodes[source]})@{operation}")
            nodes.append("+".join(sorted(terms)))
        return nodes[-1]


def _from_scores(edges: npt.NDArray[np.float64], _: npt.NDArray[np.float64]) -> Architecture:
    """The operation of the highest score on each edge; ``none`` where no score is above a half."""
    return tuple(np.where(edges.max(axis=1) > 0.5, 1 + edges.argmax(axis=1), 0).tolist())


def _network(architecture: Architecture) -> object:
    """A form equal for two cells only when they are the same network up to naming the convolutions' weights.

    Weights need a name only where they are used twice: those of the edge into the first node, where two paths lead on
    to the output. All other edges occur once.
    """
    there = {edge: OPERATIONS[option] != "none" for edge, option in zip(EDGES, architecture, strict=True)}
    shared = there[1, 3] and there[1, 2] and there[2, 3] and "conv" in OPERATIONS[architecture[0]]
    return _expression(architecture, {0: 0} if shared else {})


def _expression(architecture: Architecture, names: dict[int, int]) -> tuple[_Term, ...]:
    """The output as a sorted tuple of terms; a term is an operation, the name of its weights, and its argument."""
    nodes: list[tuple[_Term, ...]] = [((),)]
    for target in (1, 2, 3):
        terms: list[_Term] = []
        for edge, ((source, end), option) in enumerate(zip(EDGES, architecture, strict=True)):
            if end != target or OPERATIONS[option] == "none" or not nodes[source]:
                continue
            if OPERATIONS[option] == "skip_connect":
                terms.extend(nodes[source])
            else:
                terms.append((option, names.get(edge, -1), nodes[source]))
        nodes.append(tuple(sorted(terms)))
    return nodes[-1]
