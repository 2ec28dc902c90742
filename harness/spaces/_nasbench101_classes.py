"""The isomorphism classes of NAS-Bench-101 as tables: made once per process (about 0.3 s), looked up afterwards."""

from bisect import bisect_right
from functools import lru_cache
from itertools import permutations, product

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture

__all__ = ["ABSENT", "EDGES", "INNER", "MAX_EDGES", "OUTPUT", "Classes", "classes"]

INNER = 5
OUTPUT = INNER + 1
ABSENT = 3
"""The operation number of an absent inner node."""
MAX_EDGES = 9
EDGES = tuple((u, v) for v in range(1, OUTPUT + 1) for u in range(v))
"""Possible edges, target by target; node 0 is the input, node 6 the output."""

_Bits = npt.NDArray[np.int64]


class Classes:
    """All cells, by the class of isomorphic cells they belong to.

    A cell is a wiring (a pattern of 21 bits; 6,472 of them are valid) and the operations of its inner nodes (a number
    in base 3). Two cells are isomorphic when a permutation of the inner nodes carries one onto the other; the least
    pattern among the wirings so reached is the representative, with the least number among the operations.

    Attributes:
        size: The number of classes.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[int, ...], tuple[int, npt.NDArray[np.int32]]] = {}
        self._operations: dict[tuple[int, ...], tuple[int, int]] = {}  # to the number of nodes and the code
        self._offsets: list[int] = []
        self._wirings: list[tuple[int, ...]] = []  # of the representatives, one per offset
        self._codes: list[npt.NDArray[np.int64]] = []
        self.size = 0
        for inner in range(INNER + 1):
            self._add(inner)

    def _add(self, inner: int) -> None:
        patterns = _valid_patterns(inner)
        known = {pattern: row for row, pattern in enumerate(patterns.tolist())}
        orders = list(permutations(range(1, inner + 1)))
        images = np.stack([_relabelled(patterns, order) for order in orders])
        operations = np.array(list(product(range(ABSENT), repeat=inner)), dtype=np.int64)
        absent = (ABSENT,) * (INNER - inner)
        self._operations |= {(*row, *absent): (inner, code) for code, row in enumerate(map(tuple, operations.tolist()))}
        weights = ABSENT ** np.arange(inner - 1, -1, -1)
        moved = np.stack([operations[:, np.argsort(order)] @ weights for order in orders])
        valid = np.isin(images, patterns)
        least = np.where(valid, images, np.iinfo(np.int64).max).min(axis=0)
        numbers: dict[int, npt.NDArray[np.int32]] = {}
        for pattern in np.unique(least).tolist():
            own = images[:, known[pattern]] == pattern
            canonical = moved[own].min(axis=0)
            codes, rank = np.unique(canonical, return_inverse=True)
            numbers[pattern] = (self.size + rank).astype(np.int32)
            self._offsets.append(self.size)
            self._wirings.append(_unpacked(pattern))
            self._codes.append(operations[codes])
            self.size += len(codes)
        for row, pattern in enumerate(patterns.tolist()):
            target = int(least[row])
            order = int(np.argmax(images[:, row] == target))
            self._rows[_unpacked(pattern)] = (inner, numbers[target][moved[order]])

    def find(self, architecture: Architecture) -> int | None:
        """The number of a cell's class; None if it is no cell."""
        row = self._rows.get(architecture[INNER:])
        operations = self._operations.get(architecture[:INNER])
        if row is None or operations is None or row[0] != operations[0]:
            return None
        return row[1].item(operations[1])

    def representative(self, number: int) -> Architecture:
        """The representative of a class."""
        place = bisect_right(self._offsets, number) - 1
        operations = self._codes[place][number - self._offsets[place]].tolist()
        return (*operations, *[ABSENT] * (INNER - len(operations)), *self._wirings[place])


@lru_cache(maxsize=1)
def classes() -> Classes:
    """The tables, made at the first call."""
    return Classes()


def _valid_patterns(inner: int) -> _Bits:
    """All wirings over some inner nodes in which every node lies on a path and at most nine edges are used."""
    nodes = [*range(inner + 1), OUTPUT]
    own = [position for position, (u, v) in enumerate(EDGES) if u in nodes and v in nodes]
    compact = np.arange(1 << len(own), dtype=np.int64)
    patterns = sum((((compact >> place) & 1) << position for place, position in enumerate(own)), np.zeros_like(compact))
    wanted = np.bitwise_count(patterns) <= MAX_EDGES
    for node in nodes:
        if node != 0:
            wanted &= (patterns & _mask(target=node)) != 0
        if node != OUTPUT:
            wanted &= (patterns & _mask(source=node)) != 0
    return np.asarray(patterns[wanted])


def _mask(source: int | None = None, target: int | None = None) -> int:
    return sum(1 << position for position, (u, v) in enumerate(EDGES) if u == source or v == target)


def _relabelled(patterns: _Bits, order: tuple[int, ...]) -> _Bits:
    """Moves inner node i to order[i - 1]; -1 where an edge would then point backwards."""
    place = [0, *order, *range(len(order) + 1, OUTPUT), OUTPUT]
    image, backwards = np.zeros_like(patterns), np.zeros(len(patterns), dtype=np.bool_)
    positions = {edge: position for position, edge in enumerate(EDGES)}
    for position, (u, v) in enumerate(EDGES):
        bit = (patterns >> position) & 1
        target = positions.get((place[u], place[v]))
        if target is None:
            backwards |= bit.astype(np.bool_)
        else:
            image |= bit << target
    image[backwards] = -1
    return image


def _unpacked(pattern: int) -> tuple[int, ...]:
    return tuple((pattern >> position) & 1 for position in range(len(EDGES)))
