"""Sizes in closed form, for the spaces whose networks are the same whatever table or surrogate is asked."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks import _darts_sizes, _nasbench101_sizes
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.scores import FREE
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.harness.data.sources import digest_of
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101

__all__ = ["MEASURES", "CountedSizes", "is_counted"]

Array = npt.NDArray[np.float64]
Count = Callable[[str, Sequence[Architecture]], Array]

MEASURES = tuple(score.name for score in FREE)

MOST_LISTED = 1_000_000

_COUNTS: Mapping[str, Count] = {
    Darts.name: _darts_sizes.darts_sizes,
    NasBench101.name: _nasbench101_sizes.nasbench101_sizes,
}


def is_counted(space: SearchSpace) -> bool:
    """Whether the sizes of the networks of a space have a closed form here."""
    return space.name in _COUNTS


class CountedSizes:
    """The size of any network of a space.

    Args:
        space: One that `is_counted`.
        measure: ``parameters`` or ``flops``.
    """

    def __init__(self, space: SearchSpace, measure: str) -> None:
        self._space, self._measure = space, measure

    def __getstate__(self) -> dict[str, object]:
        """Leaves what was counted behind."""
        return {name: value for name, value in vars(self).items() if name != "everything"}

    def __call__(self, architectures: Sequence[Architecture]) -> Array:
        """The sizes of n architectures."""
        return _COUNTS[self._space.name](self._measure, architectures)

    @cached_property
    def everything(self) -> Array:
        """The sizes of all architectures of a space that can be listed, in the order of ``space.enumerate()``.

        They are counted once and kept in the cache, by the code that counts them.

        Raises:
            SpaceError: The space is too large.
        """
        if self._space.size > MOST_LISTED:
            raise SpaceError(f"{self._space.name} has {self._space.size:,} architectures, which are not listed")
        code = Path(inspect.getfile(_COUNTS[self._space.name]))
        columns = open_columns(f"{self._space.name}/sizes", digest_of(code), self._count_all)
        return np.asarray(columns[self._measure])

    def _count_all(self) -> Columns:
        listed = list(self._space.enumerate())
        return {measure: _COUNTS[self._space.name](measure, listed) for measure in MEASURES}
