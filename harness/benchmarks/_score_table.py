"""Training-free scores that ``equipoise tabulate SPACE IMAGES --scores`` computed: a Parquet file beside a table."""

from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.data.cache import Columns, open_columns

__all__ = ["stored_scores"]


def stored_scores(path: Path, space: SearchSpace, names: tuple[str, ...] | None = None) -> SizeReaders:
    """Functions that give the scores of a file, in the order of ``space.enumerate()``; none while it is missing.

    Args:
        path: The file: one row per class of equal networks (`SearchSpace.canonical`).
        space: Its space.
        names: Of its scores, so that a list of tasks reads no file; read from it if None.
    """
    return {name: partial(_column, path, space, name) for name in (_names(path) if names is None else names)}


@lru_cache(maxsize=8)
def _names(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return ()
    import pyarrow.parquet as pq

    return tuple(name for name in pq.read_schema(path).names if name != "architecture")


def _column(path: Path, space: SearchSpace, name: str) -> npt.NDArray[np.float64]:
    from equipoise.harness.data.sources import digest_of  # here: most searches read no score

    return np.asarray(open_columns(f"scores/{path.stem}", digest_of(path), lambda: _read(path, space))[name])


def _read(path: Path, space: SearchSpace) -> Columns:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        stored = pq.read_table(path).to_pydict()
        rows = {space.parse(text): row for row, text in enumerate(stored["architecture"])}
        order = [rows[space.canonical(architecture)] for architecture in space.enumerate()]
        return {name: np.array(stored[name], dtype=np.float64)[order] for name in _names(path)}
    except (KeyError, ValueError, TypeError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read as scores of {space.name} ({error!r})") from error
