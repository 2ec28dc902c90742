"""The vectors in which studies of hyperparameter optimisers have written NAS-Bench-101 cells."""

import numpy as np
import numpy.typing as npt

from harness.space import Architecture
from harness.spaces._nasbench101_classes import ABSENT, EDGES, INNER, MAX_EDGES

__all__ = ["SHAPES", "chosen_edges", "vector"]

SHAPES = {"A": 26, "B": 14, "C": 27}
"""Length of a vector in each encoding."""


def vector(architecture: Architecture, kind: str) -> list[float]:
    """Writes a cell; an absent node gets operation 0 and no edges."""
    bits = architecture[INNER:]
    operations = [0 if option == ABSENT else option for option in architecture[:INNER]]
    if kind == "A":
        return [*bits, *operations]
    if kind == "B":
        numbers = [number for number, bit in enumerate(bits) if bit]
        return [*numbers, *[numbers[-1]] * (MAX_EDGES - len(numbers)), *operations]
    return [*bits, sum(bits), *operations]


def chosen_edges(values: npt.NDArray[np.float64], kind: str) -> list[tuple[int, int]]:
    """The edges that a vector, without its operations, asks for."""
    if kind == "A":
        return [edge for edge, bit in zip(EDGES, values, strict=True) if bit]
    if kind == "B":
        return [EDGES[number] for number in sorted({int(value) for value in values})]
    strongest = np.argsort(-values[:-1], kind="stable")[: int(values[-1])]
    return [EDGES[number] for number in strongest.tolist()]
