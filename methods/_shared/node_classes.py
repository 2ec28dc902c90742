"""Nodes of architectures in classes: nodes that nothing upstream tells apart are stored once."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.operation_graphs import operations_of

__all__ = ["ClassGraphs", "ClassReader"]

Integers = npt.NDArray[np.intp]


class ClassGraphs(NamedTuple):
    """n graphs of at most N nodes, which are of C classes.

    Attributes:
        nodes: n x N; the class of each node, -1 for padding.
        gathered: C x D; the class itself and the classes of the nodes that feed its nodes, -1 for padding.
        labels: C x (F + 1); the sum of the one-hot labels of those classes, and one.
    """

    nodes: Integers
    gathered: Integers
    labels: npt.NDArray[np.float32]

    def take(self, chosen: slice) -> "ClassGraphs":
        """Some of the graphs."""
        return self._replace(nodes=self.nodes[chosen])


class ClassReader:
    """Turns architectures into graphs of classes.

    Two nodes are of one class if their labels are equal and the nodes that feed them are of the same classes, each
    counted as often. In a network that passes states along the edges of a directed acyclic graph, they have the same
    state after every layer. Ten random cells of NAS-Bench-201 have 68 nodes of 32 classes.

    Args:
        space: Seen through its graphs alone.
        shown: Architectures whose labels have columns; others have none.

    Attributes:
        words: The labels of the columns.
    """

    def __init__(self, space: SearchSpace, shown: Sequence[Architecture]) -> None:
        self._space = space
        self.words = sorted({word for architecture in shown for word in operations_of(space.graph(architecture))[0]})
        self._columns = {word: number for number, word in enumerate(self.words)}
        # (column of the label, classes of the sources) to class
        self._classes: dict[tuple[int, tuple[int, ...]], int] = {}
        self._known: dict[Architecture, tuple[int, ...]] = {}

    def read(self, architectures: Sequence[Architecture]) -> ClassGraphs:
        """The graphs of n architectures."""
        found = [self._classes_of(architecture) for architecture in architectures]
        keys = list(self._classes)
        own = np.eye(len(self.words) + 1, len(self.words), dtype=np.float32)[[column for column, _ in keys]]
        gathered = _padded([(number, *sources) for number, (_, sources) in enumerate(keys)])
        labels = np.concatenate([own, np.zeros_like(own[:1])])[gathered].sum(axis=1)  # -1 finds the row of zeros
        ones = np.ones((len(labels), 1), dtype=np.float32)
        return ClassGraphs(_padded(found), gathered, np.concatenate([labels, ones], axis=1))

    def _classes_of(self, architecture: Architecture) -> tuple[int, ...]:
        known = self._known.get(architecture)
        if known is None:
            labels, edges = operations_of(self._space.graph(architecture))
            feeding: list[list[int]] = [[] for _ in labels]
            for source, target in edges:
                feeding[target].append(source)
            now: list[int] = []
            for label, sources in zip(labels, feeding, strict=True):  # topological order
                key = self._columns.get(label, len(self.words)), tuple(sorted([now[source] for source in sources]))
                now.append(self._classes.setdefault(key, len(self._classes)))
            known = self._known[architecture] = tuple(now)
        return known


def _padded(rows: Sequence[Sequence[int]]) -> Integers:
    """The rows as one array, with -1 where one has ended."""
    table = np.full((len(rows), max(map(len, rows))), -1, dtype=np.intp)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table
