"""The NAS-Bench-101 space: cells of up to seven nodes and nine edges, with an operation on each inner node."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from itertools import compress

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import Encoding, Masked
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.graph_encoding import DecodableAdjacency, Paths
from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace
from equipoise.harness.spaces._nasbench101_classes import ABSENT, EDGES, INNER, MAX_EDGES, OUTPUT, Classes, classes
from equipoise.harness.spaces._nasbench101_edits import edits
from equipoise.harness.spaces._nasbench101_encodings import EdgeBits, EdgeNumbers, EdgeScores

__all__ = ["OPERATIONS", "NasBench101"]

OPERATIONS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
"""In the order in which the benchmark numbers them in its graph hash."""

CLASSES = 423_624


class NasBench101(SearchSpace):
    """423,624 cells: operations of the five inner nodes first, then the 21 possible edges, target by target.

    A cell has two to seven nodes. An absent inner node has the operation ``none``; absent nodes come last, and
    their edges are absent. A decided ``none`` therefore fixes the size. The mask of `legal` is exact: every node of a
    complete cell lies on a path from input to output and there are at most nine edges, so nothing of a cell is ever
    pruned away.

    The benchmark stores one entry for each class of isomorphic cells. `key` and `canonical` both give its
    representative, `graph_hash` the name under which the official files know it, and `sample` is exactly uniform
    over the classes (option by option would favour cells with many labellings).
    """

    name = "nasbench101"
    source = "Ying et al., NAS-Bench-101: Towards Reproducible Neural Architecture Search, ICML 2019"
    decisions = (
        *(Decision(f"operation {node}", (*OPERATIONS, "none")) for node in range(1, OUTPUT)),
        *(Decision(f"edge {u}->{'output' if v == OUTPUT else v}", ("no", "yes")) for u, v in EDGES),
    )
    default_encoding = "A"

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """Every option from which a cell can be completed within nine edges, without loose ends.

        With B edges left, every decided node without an outgoing edge (o of them) and every node still to come (r of
        them) needs one edge of its own, except that the last node takes all that is left: o + r - 1 <= B.
        """
        position = len(prefix)
        if position < INNER:
            return _AFTER_ABSENT if position and prefix[-1] == ABSENT else _ANY_OPERATION
        sources = 0
        for bit in compress(_SOURCES, prefix[INNER:]):
            sources |= bit
        number = position - INNER
        entered = 1 in prefix[INNER + _FIRST_INTO[EDGES[number][1]] :]
        return _edge_mask(INNER - prefix[:INNER].count(ABSENT), number, sources, entered, sum(prefix[INNER:]))

    def contains(self, architecture: Architecture) -> bool:
        """Tells whether this is a cell without loose ends and with at most nine edges."""
        return len(architecture) == len(self.decisions) and self._classes.find(architecture) is not None

    def graph(self, prefix: Architecture) -> LabelledDag:
        """Input, the inner nodes that are not known to be absent (``undecided`` so far), output; the edges so far."""
        operations = prefix[:INNER]
        labels = ["input", *(OPERATIONS[option] for option in operations if option != ABSENT)]
        if ABSENT not in operations:
            labels += ["undecided"] * (INNER - len(operations))
        labels.append("output")
        last = len(labels) - 1
        edges = [
            (u, last if v == OUTPUT else v) for (u, v), option in zip(EDGES, prefix[INNER:], strict=False) if option
        ]
        return LabelledDag(tuple(labels), tuple(edges), ("",) * len(edges))

    def matrix(self, architecture: Architecture) -> tuple[npt.NDArray[np.int8], tuple[str, ...]]:
        """The adjacency matrix (n x n, upper triangular) and the n labels: a spec of the official API."""
        labels, edges, _ = self.graph(architecture)
        matrix = np.zeros((len(labels), len(labels)), dtype=np.int8)
        for u, v in edges:
            matrix[u, v] = 1
        return matrix, labels

    def from_matrix(self, matrix: npt.ArrayLike, labels: Sequence[str], prune: bool = False) -> Architecture:
        """Reads a spec of the official API.

        Args:
            matrix: n x n, upper triangular, of 0 and 1.
            labels: n of them, ``input`` first and ``output`` last.
            prune: Omit nodes that are on no path from input to output, as the official API does.

        Raises:
            SpaceError: It is no cell of the space.
        """
        adjacency = np.asarray(matrix)
        if adjacency.ndim != 2 or adjacency.shape != (len(labels),) * 2 or np.any(np.tril(adjacency)):
            raise SpaceError(
                f"{self.name}: a cell is an upper triangular n x n matrix with n labels; got shape {adjacency.shape} "
                f"and {len(labels)} labels"
            )
        if prune:
            kept = _on_a_path(adjacency)
            adjacency, labels = adjacency[np.ix_(kept, kept)], [labels[node] for node in kept]
        nodes = len(labels)
        if not 2 <= nodes <= OUTPUT + 1 or labels[0] != "input" or labels[-1] != "output":
            raise SpaceError(
                f"{self.name}: a cell has 2 to {OUTPUT + 1} connected nodes from input to output; got {list(labels)}"
            )
        operations = [self.option(node - 1, labels[node], ",".join(labels)) for node in range(1, nodes - 1)]
        place = [*range(nodes - 1), OUTPUT]
        chosen = {(place[u], place[v]) for u, v in zip(*np.nonzero(adjacency), strict=True)}
        absent = [ABSENT] * (INNER - len(operations))
        architecture = (*operations, *absent, *(int(edge in chosen) for edge in EDGES))
        if not self.contains(architecture):
            raise SpaceError(
                f"{self.name}: {_rows(adjacency)} with {len(chosen)} edges is no cell: every node lies on a path from "
                f"input to output, and there are at most {MAX_EDGES} edges"
            )
        return architecture

    def graph_hash(self, architecture: Architecture) -> str:
        """The name under which the official files store the cell: equal for isomorphic cells.

        MD5 over degrees and labels, passed between neighbours, one round per node (Ying et al., code of NAS-Bench-101).
        """
        matrix, labels = self.matrix(architecture)
        numbers = [-1, *(OPERATIONS.index(label) for label in labels[1:-1]), -2]
        rows, nodes = matrix.tolist(), range(len(labels))
        before = [[w for w in nodes if rows[w][v]] for v in nodes]
        after = [[w for w in nodes if rows[v][w]] for v in nodes]
        names = [_md5(str((len(after[v]), len(before[v]), numbers[v]))) for v in nodes]
        for _ in nodes:
            names = [
                _md5(
                    "|".join(
                        ("".join(sorted(names[w] for w in before[v])), "".join(sorted(names[w] for w in after[v])), n)
                    )
                )
                for v, n in enumerate(names)
            ]
        return _md5(str(sorted(names)))

    @property
    def _classes(self) -> Classes:
        return classes()

    def key(self, architecture: Architecture) -> Architecture:
        """The representative of the isomorphism class under which the benchmark stores this cell."""
        return self._classes.representative(self.index(architecture))

    def index(self, architecture: Architecture) -> int:
        """The number of the cell's class, by two table look-ups.

        Raises:
            SpaceError: It is no cell of the space.
        """
        found = self._classes.find(architecture)
        if found is None:
            raise SpaceError(f"{self.name}: {architecture} is no cell of the space")
        return found

    def representative(self, number: int) -> Architecture:
        """The representative of the class of that number: the inverse of `index`."""
        return self._classes.representative(number)

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n representatives, exactly uniformly over the classes that the benchmark distinguishes."""
        return [self._classes.representative(number) for number in rng.integers(CLASSES, size=n).tolist()]

    def enumerate(self) -> Iterator[Architecture]:
        """Yields the representative of every class."""
        return map(self._classes.representative, range(self._classes.size))

    @cached_property
    def size(self) -> int:
        """423,624; the tests count them."""
        return CLASSES

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The classes one edit of the labelled graph away.

        An edit changes the operation of a node, adds or removes an edge, inserts a node with one input and one output
        (beside an edge, on it, or where there is none), or removes such a node again, with or without an edge in its
        place. Every edit can be undone by another.
        """
        return list(map(self._classes.representative, _neighbours(architecture, self.index(architecture))))

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws uniformly over `neighbours`; those of the last thousand architectures are remembered."""
        numbers = _neighbours(architecture, self.index(architecture))
        return self._classes.representative(numbers[int(rng.integers(len(numbers)))])

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """Those of every space, ``masked``, ``adjacency``, ``path``, and ``A``, ``B`` and ``C`` of HPO studies.

        ``A`` has 21 edge bits, ``B`` nine edge numbers and ``C`` 21 scores and the number of edges, each followed by
        the five operations. Read back, they and ``adjacency`` (edges whose score is above a half) refuse more than
        nine edges and then prune loose ends, as the studies did. Many proposals in such an encoding
        are no cells: of uniformly random values 27 % are cells in A, 79 % in B and 43 % in C (measured by
        ``tests/spaces/test_nasbench101.py``).
        """
        return {
            **super().encodings,
            "masked": Masked(self.decisions, self.legal),
            "adjacency": DecodableAdjacency(
                self.graph, OUTPUT + 1, EDGES, node_labels=OPERATIONS, inner=range(1, OUTPUT), read=self._from_scores
            ),
            "path": self.paths,
            "A": EdgeBits(self._from_edges),
            "B": EdgeNumbers(self._from_edges),
            "C": EdgeScores(self._from_edges),
        }

    @cached_property
    def paths(self) -> Paths:
        """The sequences of up to five operations."""
        return Paths(self.graph, OPERATIONS, shortest=0, longest=INNER)

    def _from_edges(self, operations: Sequence[int], chosen: Sequence[int]) -> Architecture:
        """The pruned cell; where there is none, all five nodes with the edges as chosen, which is no cell either."""
        bits = [int(number in chosen) for number in range(len(EDGES))]
        if len(chosen) <= MAX_EDGES:
            matrix = np.zeros((OUTPUT + 1, OUTPUT + 1), dtype=np.int8)
            for number in chosen:
                matrix[EDGES[number]] = 1
            kept = _on_a_path(matrix)
            if kept:
                labels = ["input", *(OPERATIONS[option] for option in operations), "output"]
                return self.from_matrix(matrix, labels, prune=True)
        return (*operations, *bits)

    def _from_scores(self, edges: npt.NDArray[np.float64], nodes: npt.NDArray[np.float64]) -> Architecture:
        return self._from_edges(nodes.argmax(axis=1).tolist(), np.flatnonzero(edges[:, 0] > 0.5).tolist())

    def format(self, architecture: Architecture) -> str:
        """Rows of the matrix and labels, for example ``011/001/000:input,maxpool3x3,output``.

        Options that make no cell are listed one by one.
        """
        if not self.contains(architecture):
            return super().format(architecture)
        matrix, labels = self.matrix(architecture)
        return f"{_rows(matrix)}:{','.join(labels)}"

    def parse(self, text: str) -> Architecture:
        """Reads what `format` wrote.

        Raises:
            SpaceError: The text is not a cell of the space.
        """
        if ":" not in text and "," in text:
            return super().parse(text)
        match = re.fullmatch(r"([01/]+):([\w,-]+)", text.strip())
        rows = match[1].split("/") if match else []
        if match is None or any(len(row) != len(rows) for row in rows):
            raise SpaceError(f"{self.name}: '{text}' is no cell; one reads 011/001/000:input,maxpool3x3,output")
        return self.from_matrix([list(map(int, row)) for row in rows], match[2].split(","))


def _constant(*options: bool) -> npt.NDArray[np.bool_]:
    mask = np.array(options)
    mask.flags.writeable = False  # one array for all callers
    return mask


_ANY_OPERATION, _AFTER_ABSENT = _constant(*[True] * (ABSENT + 1)), _constant(*[False] * ABSENT, True)
_EDGE_MASKS = {(no, yes): _constant(no, yes) for no in (False, True) for yes in (False, True)}
_SOURCES = tuple(1 << source for source, _ in EDGES)
_FIRST_INTO = {v: min(number for number, edge in enumerate(EDGES) if edge[1] == v) for v in range(1, OUTPUT + 1)}


@cache
def _edge_mask(inner: int, number: int, sources: int, entered: bool, count: int) -> npt.NDArray[np.bool_]:
    """The mask of an edge, as a function of few small numbers, so that there are few distinct masks.

    Args:
        inner: Number of inner nodes.
        number: Number of the edge in `EDGES`.
        sources: One bit per node, set where it has an outgoing edge so far.
        entered: Whether the edge's target has an incoming edge.
        count: Edges so far.
    """
    nodes = [*range(inner + 1), OUTPUT]
    u, v = EDGES[number]
    if u not in nodes or v not in nodes:
        return _EDGE_MASKS[True, False]
    closed = {node for node in nodes if sources >> node & 1}
    without = _completes(nodes, (u, v), closed, entered, MAX_EDGES - count)
    return _EDGE_MASKS[without, _completes(nodes, (u, v), closed | {u}, True, MAX_EDGES - count - 1)]


def _completes(nodes: list[int], last: tuple[int, int], closed: set[int], entered: bool, budget: int) -> bool:
    """Tells whether a cell decided up to and including the edge `last` can be completed with so many edges more."""
    u, v = last
    waiting = [node for node in nodes if node < v and node not in closed]
    candidates = [node for node in nodes if u < node < v]
    if v == OUTPUT:
        return set(waiting) <= set(candidates) and len(waiting) <= budget and (entered or bool(candidates))
    if not entered and not candidates:
        return False
    to_come = sum(node > v for node in nodes)
    extra = not entered and not set(waiting) & set(candidates)  # an edge that serves nothing but entering v
    return len(waiting) + 1 + to_come - 1 + extra <= budget


def _on_a_path(adjacency: npt.NDArray[np.int8]) -> list[int]:
    nodes = range(len(adjacency))
    reached, reaching = {0}, {len(adjacency) - 1}
    for v in nodes:
        if any(adjacency[u, v] for u in reached if u < v):
            reached.add(v)
    for u in reversed(nodes):
        if any(adjacency[u, v] for v in reaching if u < v):
            reaching.add(u)
    return sorted(reached & reaching)


def _rows(matrix: npt.NDArray[np.int8]) -> str:
    return "/".join("".join(map(str, row)) for row in matrix.tolist())


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@lru_cache(maxsize=1_000)
def _neighbours(architecture: Architecture, own: int) -> tuple[int, ...]:
    """The numbers of the classes one edit away, in the order of the edits; a mutation draws one of a hundred."""
    find = classes().find
    found = dict.fromkeys(number for edited in edits(architecture) if (number := find(edited)) is not None)
    found.pop(own, None)
    return tuple(found)
