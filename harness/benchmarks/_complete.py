"""Values of a file in the order of a space, after it was seen that none is missing."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["in_order"]


def in_order(
    space: SearchSpace, values: Mapping[Architecture, float], what: str, path: Path
) -> npt.NDArray[np.float64]:
    """The values in the order of ``space.enumerate()``.

    Args:
        space: Whose architectures there must be, all of them and no others.
        values: Read from a file.
        what: What an error calls a value.
        path: The file.

    Raises:
        DataError: The table lacks architectures of the space, has others, or holds a value that is not finite.
    """
    rows = list(space.enumerate())
    missing = [row for row in rows if row not in values]
    if missing or len(values) != len(rows):
        example = f", for example {space.format(missing[0])}" if missing else ""
        raise DataError(
            f"{path}: {len(values)} architectures with {what}; {space.name} has {len(rows)}, of "
            f"which {len(missing)} are missing{example}; get the file again"
        )
    column = np.array([values[row] for row in rows], dtype=np.float64)
    if not np.isfinite(column).all():
        row = rows[int(np.flatnonzero(~np.isfinite(column))[0])]
        raise DataError(f"{path}: {what} of {space.format(row)} is not a finite number")
    return column
