"""The parameters over which studies of hyperparameter optimisers have searched NAS-Bench-101.

Source: the code of Ying et al. 2019 and Klein et al. (nas_benchmarks), also in HPOBench: cases A, B and C.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.architecture import Architecture
from equipoise.harness.core.encoding import DecodableEncoding, Parameter
from equipoise.harness.spaces._nasbench101_classes import ABSENT, EDGES, INNER, MAX_EDGES

__all__ = ["EdgeBits", "EdgeNumbers", "EdgeScores", "Read"]

Read = Callable[[Sequence[int], Sequence[int]], Architecture]
"""Makes a cell of five operations and the numbers of the chosen edges; loose ends are pruned."""


class _Edges(DecodableEncoding):
    """Parameters of the edges, then the five operations. An absent node is written as operation 0 without edges.

    Args:
        read: Makes a cell of the decoded operations and edges.
        edges: The parameters of the edges.
    """

    def __init__(self, read: Read, edges: Sequence[Parameter]) -> None:
        operations = [Parameter(f"operation {node}", "categorical", ABSENT) for node in range(1, INNER + 1)]
        self.parameters = (*edges, *operations)
        self.width = len(self.parameters)
        self._read = read

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """The parameters' values, n x `width`."""
        rows = [
            [*self._write(a[INNER:]), *(0 if option == ABSENT else option for option in a[:INNER])]
            for a in architectures
        ]
        return np.array(rows, dtype=np.float64).reshape(len(rows), self.width)

    def decode(self, values: Sequence[float]) -> Architecture:
        """The cell, or, where there is none, all nodes and the chosen edges as they are."""
        chosen = self._chosen(values[:-INNER])
        return self._read([int(value) for value in values[-INNER:]], chosen)

    @abstractmethod
    def _write(self, bits: Sequence[int]) -> Sequence[float]:
        """The parameters of a cell's edges."""

    @abstractmethod
    def _chosen(self, values: Sequence[float]) -> list[int]:
        """The numbers of the edges that these parameters choose."""


class EdgeBits(_Edges):
    """Encoding A: one bit per possible edge, 21 in all. 27 % of uniformly random values are cells.

    Args:
        read: Makes a cell of the decoded operations and edges.
    """

    def __init__(self, read: Read) -> None:
        super().__init__(read, [Parameter(f"edge {u}->{v}", "categorical", 2) for u, v in EDGES])

    def _write(self, bits: Sequence[int]) -> Sequence[float]:
        return bits

    def _chosen(self, values: Sequence[float]) -> list[int]:
        return [number for number, bit in enumerate(values) if bit]


class EdgeNumbers(_Edges):
    """Encoding B: nine numbers of edges, repeated where there are fewer. 79 % of uniformly random values are cells.

    Args:
        read: Makes a cell of the decoded operations and edges.
    """

    def __init__(self, read: Read) -> None:
        super().__init__(read, [Parameter(f"number {k}", "categorical", len(EDGES)) for k in range(1, MAX_EDGES + 1)])

    def _write(self, bits: Sequence[int]) -> Sequence[float]:
        numbers = [number for number, bit in enumerate(bits) if bit]
        return [*numbers, *[numbers[-1]] * (MAX_EDGES - len(numbers))]

    def _chosen(self, values: Sequence[float]) -> list[int]:
        return sorted({int(value) for value in values})


class EdgeScores(_Edges):
    """Encoding C: one score per possible edge, and the number of edges to take. 43 % of random values are cells.

    Args:
        read: Makes a cell of the decoded operations and edges.
    """

    def __init__(self, read: Read) -> None:
        scores = [Parameter(f"score {u}->{v}", "float") for u, v in EDGES]
        super().__init__(read, [*scores, Parameter("edges", "integer", MAX_EDGES + 1)])

    def _write(self, bits: Sequence[int]) -> Sequence[float]:
        return [*bits, sum(bits)]

    def _chosen(self, values: Sequence[float]) -> list[int]:
        highest = sorted(range(len(EDGES)), key=lambda number: -values[number])
        return highest[: int(values[-1])]
