"""Tables that are made of a fetched file."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._table import TableTask
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.data.cache import Columns
from equipoise.harness.data.sources import Source, source

__all__ = ["FetchedTable", "in_order"]


class FetchedTable(TableTask):
    """Base of the tabular tasks whose file `equipoise data fetch` brings.

    Attributes:
        source_name: The file, as ``harness/data/sources.toml`` names it.
    """

    source_name: ClassVar[str]

    @property
    def file(self) -> Source:
        """The file it is made of."""
        return source(self.source_name)

    @property
    def data_digest(self) -> str:
        """SHA-256 of the upstream file."""
        return self.file.sha256

    def skip(self) -> str | None:
        """The command that gets the file, where it is missing."""
        return self.file.missing()

    def columns(self) -> Columns:
        """Reads the fetched file, after its digest was compared."""
        return self.read(self.file.checked())

    @abstractmethod
    def read(self, path: Path) -> Columns:
        """Reads the upstream file into columns; called once, when the cache has no entry."""

    def in_order(self, values: Mapping[Architecture, float], what: str) -> npt.NDArray[np.float64]:
        """As the function `in_order`."""
        return in_order(self.space, values, what, self.file.path)


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
