"""The cells of NAS-Bench-201 as NASLib's files write them."""

from typing import Any

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench201 import NasBench201

__all__ = ["EDGES", "OPERATIONS", "SPACE", "cell_of"]

OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
"""The operations behind the numbers 0 to 4 of NASLib's files."""
EDGES = (0, 1, 3, 2, 4, 5)
"""The places of the space's edges, ordered by target, in NASLib's files, which order them by source.

Both can be seen in the data: with any other order of the operations, or of the edges, the accuracies agree less with
the embedded ones, and with these the correlation is 0.998.
"""

SPACE = NasBench201()


def cell_of(numbers: Any) -> Architecture:
    """The cell that NASLib's files list by six numbers.

    Raises:
        SpaceError: They are no such numbers.
    """
    if not (isinstance(numbers, tuple) and len(numbers) == 6 and all(number in range(5) for number in numbers)):
        raise SpaceError(f"{SPACE.name}: {numbers} is no cell")
    return tuple(SPACE.decisions[0].options.index(OPERATIONS[numbers[place]]) for place in EDGES)
