"""Graphs whose common parts are stored once: what a layer computes alike for many nodes is computed once."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.operation_graphs import operations_of

__all__ = ["Layer", "Matrix", "NodeReader", "SharedNodes"]

Matrix: TypeAlias = Any
"""Of float32: dense, or a `csr_array` of scipy, which has no types."""

SMALL = 20_000
"""Entries of a matrix that is kept dense: its products cost less than the bookkeeping of a sparse one."""


class Layer(NamedTuple):
    """One layer of messages, from C classes of nodes to the D into which it divides them.

    Attributes:
        labels: D x F one-hot labels.
        sources: 2D x C; row d counts the classes of the nodes that feed a node of class d, row D + d marks the class
            that it had before.
    """

    labels: npt.NDArray[np.float32]
    sources: Matrix


class SharedNodes(NamedTuple):
    """The nodes of n graphs, those of one value together.

    Attributes:
        inputs: One for each class at the start: 1.0 if its nodes are inputs.
        layers: From the first on.
        share: n x classes after the last layer; the share of each among the nodes of a graph that are no inputs.
    """

    inputs: npt.NDArray[np.float32]
    layers: tuple[Layer, ...]
    share: Matrix

    def transposed(self) -> "SharedNodes":
        """The same with all matrices transposed but the labels."""
        layers = tuple(Layer(layer.labels, _transposed(layer.sources)) for layer in self.layers)
        return SharedNodes(self.inputs, layers, _transposed(self.share))


class NodeReader:
    """Turns architectures into shared nodes, by their graphs alone.

    Where states start alike at all inputs and alike at all other nodes, the state of a node after k layers depends on
    what leads to it in k steps, and on nothing else: nodes of equal labels whose sources are of equal classes are of
    one class (colour refinement). Of 300 cells of NAS-Bench-201, 2,000 nodes are of 2 classes at the start, and of some
    450 after four layers.

    Args:
        space: The space.
        shown: Architectures whose labels have columns; all other labels share the last one.
        depth: Layers.

    Attributes:
        words: The labels of the columns but the last.
    """

    def __init__(self, space: SearchSpace, shown: Sequence[Architecture], depth: int) -> None:
        self._space, self._depth = space, depth
        # for each layer: (column of the label, class before, classes of the sources) to class
        self._classes: list[dict[tuple[int, int, tuple[int, ...]], int]] = [{} for _ in range(depth)]
        self._keys: list[list[tuple[int, int, tuple[int, ...]]]] = [[] for _ in range(depth)]
        self._known: dict[Architecture, tuple[int, ...]] = {}
        self.words = sorted({word for architecture in shown for word in operations_of(space.graph(architecture))[0]})
        self._columns = {word: number for number, word in enumerate(self.words)}

    def read(self, architectures: Sequence[Architecture]) -> SharedNodes:
        """The nodes of n architectures."""
        found = [self._last_classes(architecture) for architecture in architectures]
        used = sorted({number for row in found for number in row})
        share = _matrix(found, used, [1.0 / len(row) for row in found for _ in row])
        layers: list[Layer] = []
        for keys in reversed(self._keys):
            chosen = [keys[number] for number in used]
            used = sorted({number for _, own, sources in chosen for number in (own, *sources)})
            labels = np.eye(len(self.words) + 1, dtype=np.float32)[[label for label, _, _ in chosen]]
            rows = [*(sources for _, _, sources in chosen), *((own,) for _, own, _ in chosen)]
            layers.append(Layer(labels, _matrix(rows, used)))
        return SharedNodes(np.array(used, dtype=np.float32), tuple(reversed(layers)), share)

    def _last_classes(self, architecture: Architecture) -> tuple[int, ...]:
        """The classes, after the last layer, of the nodes of a graph that are no inputs."""
        known = self._known.get(architecture)
        if known is None:
            labels, edges = operations_of(self._space.graph(architecture))
            sources: list[list[int]] = [[] for _ in labels]
            for source, target in edges:
                sources[target].append(source)
            columns = [self._columns.get(label, len(self.words)) for label in labels]
            now = [int("input" in label) for label in labels]
            is_input = list(now)
            for classes, kept in zip(self._classes, self._keys, strict=True):
                before = now
                now = []
                for column, own, feeding in zip(columns, before, sources, strict=True):
                    key = column, own, tuple(sorted([before[source] for source in feeding]))
                    number = classes.setdefault(key, len(kept))
                    if number == len(kept):
                        kept.append(key)
                    now.append(number)
            known = tuple(number for number, skipped in zip(now, is_input, strict=True) if not skipped)
            self._known[architecture] = known
        return known


def _matrix(rows: Sequence[Sequence[int]], used: Sequence[int], values: Sequence[float] | None = None) -> Matrix:
    """The matrix that counts, in each row, the numbers listed for it, or sums the values given for them.

    Args:
        rows: Numbers among `used`.
        used: What the columns stand for.
        values: One for each number in all rows.
    """
    place = {number: column for column, number in enumerate(used)}
    columns = np.array([place[number] for row in rows for number in row], dtype=np.int32)
    weights = np.ones(len(columns), dtype=np.float32) if values is None else np.array(values, dtype=np.float32)
    lengths = [len(row) for row in rows]
    if len(rows) * len(used) > SMALL:
        from scipy.sparse import csr_array  # here, since it loads slowly and small spaces need none

        ends = np.cumsum([0, *lengths], dtype=np.int32)
        return csr_array((weights, columns, ends), shape=(len(rows), len(used)))
    dense = np.zeros((len(rows), len(used)), dtype=np.float32)
    np.add.at(dense, (np.repeat(np.arange(len(rows)), lengths), columns), weights)
    return dense


def _transposed(matrix: Matrix) -> Matrix:
    return matrix.T if isinstance(matrix, np.ndarray) else matrix.T.tocsr()
