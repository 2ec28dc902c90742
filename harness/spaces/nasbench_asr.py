"""The NAS-Bench-ASR space: three nodes in a row, an operation on each, and skips past them."""

import hashlib
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.files import parse_json
from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace
from equipoise.harness.spaces._product import ProductSpace

__all__ = ["OPERATIONS", "NasBenchAsr"]

OPERATIONS = ("linear", "conv5", "conv5d2", "conv7", "conv7d2", "zero")
"""In the benchmark's numbering; ``d2`` is a dilation of 2."""

NODES = 3
OUTPUT = NODES + 1
ZERO = OPERATIONS.index("zero")
_STARTS = (0, 2, 5)
"""Where the operation of each node stands among the decisions; its skips follow."""

_Flags = npt.NDArray[np.bool_]


class NasBenchAsr(ProductSpace):
    """8,242 cells for speech recognition, described by 13,824 labelled ones.

    Node n computes its operation on the node before it; its n skips add the values of the input and of earlier nodes to
    the input of the next node. The benchmark draws a cell as the graph of these connections, removes zero operations
    and all that is then on no path from input to output, and stores one entry for each class of isomorphic graphs:
    `key` and `canonical` give the first labelled cell of the class, and `graph_hash` the name in the official files.
    """

    name = "nasbench_asr"
    source = "Mehrotra et al., NAS-Bench-ASR: Reproducible Neural Architecture Search for Speech Recognition, ICLR 2021"
    decisions = tuple(
        decision
        for node in range(1, NODES + 1)
        for decision in (
            Decision(f"operation {node}", OPERATIONS),
            *(Decision(f"skip {source}->{node + 1}", ("no", "yes")) for source in range(node)),
        )
    )

    def graph(self, prefix: Architecture) -> LabelledDag:
        """Input, the three nodes (``undecided`` so far), output; the row, and the skips decided so far."""
        labels = ["input", *("undecided" for _ in range(NODES)), "output"]
        edges = [(node, node + 1) for node in range(OUTPUT)]
        for node, start in enumerate(_STARTS, 1):
            if start < len(prefix):
                labels[node] = OPERATIONS[prefix[start]]
            edges += [(source, node + 1) for source, skip in enumerate(prefix[start + 1 : start + 1 + node]) if skip]
        edges.sort()
        return LabelledDag(tuple(labels), tuple(edges), ("",) * len(edges))

    def key(self, architecture: Architecture) -> Architecture:
        """The first cell of the class under which the benchmark stores this one."""
        return _classes().cells[self.index(architecture)]

    def index(self, architecture: Architecture) -> int:
        """The number of the cell's class."""
        return _classes().numbers[super().index(architecture)]

    def enumerate(self) -> Iterator[Architecture]:
        """Yields the first cell of every class."""
        return iter(_classes().cells)

    @cached_property
    def size(self) -> int:
        """8,242."""
        return len(_classes().cells)

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n cells, exactly uniformly over the classes that the benchmark distinguishes."""
        cells = _classes().cells
        return [cells[number] for number in rng.integers(len(cells), size=n).tolist()]

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws uniformly among the classes one changed decision away."""
        return SearchSpace.mutate(self, architecture, rng)

    def format(self, architecture: Architecture) -> str:
        """The benchmark's own notation, for example ``[[1, 0], [1, 0, 0], [1, 0, 0, 0]]``."""
        return str([list(architecture[start : start + node + 1]) for node, start in enumerate(_STARTS, 1)])

    def parse(self, text: str) -> Architecture:
        """Reads the benchmark's own notation.

        Raises:
            SpaceError: The text is not such a list.
        """
        try:
            nodes = parse_json(text)
            architecture = tuple(option for node in nodes for option in node)
            lengths = [len(node) for node in nodes]
        except (ValueError, TypeError):
            architecture, lengths = (), []
        if lengths != [2, 3, 4] or not all(type(o) is int for o in architecture) or not self.contains(architecture):
            raise SpaceError(
                f"{self.name}: '{text}' is no cell; one reads [[1, 0], [1, 0, 0], [1, 0, 0, 0]]: of each node the "
                f"operation (0 to {ZERO}) and a 0 or 1 for each skip"
            )
        return architecture

    def graph_hash(self, architecture: Architecture) -> str:
        """The name under which the official files know the cell: MD5 over degrees and labels, as in NAS-Bench-101."""
        connected, labels = _minimal(np.array([architecture]))
        alive = [node for node in range(OUTPUT + 1) if labels[0, node] != _DEAD]
        matrix = connected[0][np.ix_(alive, alive)]
        nodes = range(len(alive))
        # The official code counts edges in floating point, and its hash is over the text of the numbers.
        degrees = [(float(matrix[v].sum()), float(matrix[:, v].sum())) for v in nodes]
        numbers = [{0: -1, OUTPUT: -2}.get(node, int(labels[0, node])) for node in alive]
        names = [_md5(str((*degrees[v], numbers[v]))) for v in nodes]
        for _ in nodes:
            names = [
                _md5(
                    "|".join(
                        (
                            "".join(sorted(names[w] for w in nodes if matrix[w, v])),
                            "".join(sorted(names[w] for w in nodes if matrix[v, w])),
                            names[v],
                        )
                    )
                )
                for v in nodes
            ]
        return _md5(str(sorted(names)))


class _Classes(NamedTuple):
    """The classes of all labelled cells: their first cells, and the class number of each labelled cell."""

    cells: list[Architecture]
    numbers: list[int]


_DEAD = -1
_INNER = tuple(range(1, OUTPUT))


@lru_cache(maxsize=1)
def _classes() -> _Classes:
    widths = [width for node in range(1, NODES + 1) for width in (len(OPERATIONS), *(2,) * node)]
    cells = np.stack([axis.ravel() for axis in np.indices(widths)], axis=1)
    connected, labels = _minimal(cells)
    codes = np.min([_code(connected, labels, order) for order in permutations(_INNER)], axis=0)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return _Classes(list(map(tuple, cells[np.sort(first)].tolist())), rank[inverse].tolist())


def _minimal(cells: npt.NDArray[np.int64]) -> tuple[_Flags, npt.NDArray[np.int64]]:
    """The graphs of n cells without zeros and loose ends: connections (n x 5 x 5) and operations (n x 5, -1: gone)."""
    connected = np.zeros((len(cells), OUTPUT + 1, OUTPUT + 1), dtype=np.bool_)
    labels = np.zeros((len(cells), OUTPUT + 1), dtype=np.int64)
    for node in range(OUTPUT):
        connected[:, node, node + 1] = True
    for node, start in enumerate(_STARTS, 1):
        labels[:, node] = cells[:, start]
        for source in range(node):
            connected[:, source, node + 1] |= cells[:, start + 1 + source] == 1
        zero = cells[:, start] == ZERO
        connected[zero, node, :] = False
    for node, start in enumerate(_STARTS, 1):
        connected[cells[:, start] == ZERO, :, node] = False
    forward, backward = np.zeros(labels.shape, dtype=np.bool_), np.zeros(labels.shape, dtype=np.bool_)
    forward[:, 0] = backward[:, OUTPUT] = True
    for node in range(1, OUTPUT + 1):
        forward[:, node] = (forward & connected[:, :, node]).any(axis=1)
    for node in range(OUTPUT - 1, -1, -1):
        backward[:, node] = (backward & connected[:, node, :]).any(axis=1)
    alive = forward & backward
    connected &= alive[:, :, None] & alive[:, None, :]
    return connected, np.where(alive, labels, _DEAD)


def _code(connected: _Flags, labels: npt.NDArray[np.int64], order: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """A number for each graph with its inner nodes in another order: equal numbers, equal graphs."""
    place = [0, *order, OUTPUT]
    moved, named = connected[:, place][:, :, place], labels[:, place] + 1
    code = np.zeros(len(labels), dtype=np.int64)
    for values, base in ((moved.reshape(len(moved), -1), 2), (named, len(OPERATIONS) + 1)):
        for column in values.T:
            code = code * base + column
    return code


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
