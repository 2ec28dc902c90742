"""Sizes in closed form, for the spaces whose networks are the same whatever table or surrogate is asked."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._darts_sizes import darts_sizes
from equipoise.harness.benchmarks._nasbench101_sizes import nasbench101_sizes
from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.benchmarks._transnas_micro_sizes import transnas_micro_sizes
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.scores import FREE
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.transnas_micro import TransNasMicro

__all__ = ["LISTED", "MEASURES", "CountedSizes", "is_counted", "size_readers"]

Array = npt.NDArray[np.float64]
Count = Callable[[str, Sequence[Architecture]], Array]

MEASURES = tuple(score.name for score in FREE)

SAMPLED = 1_000
"""Architectures by whose sizes a cached count is known: another formula counts some of them otherwise."""

LISTED = 1_000_000
"""A space of so many architectures is read as a whole, once; a larger one is not listed."""

_COUNTS: Mapping[type[SearchSpace], Count] = {
    Darts: darts_sizes,
    NasBench101: nasbench101_sizes,
    TransNasMicro: transnas_micro_sizes,
}


def is_counted(space: SearchSpace) -> bool:
    """Whether the sizes of the networks of a space have a closed form here."""
    return type(space) in _COUNTS


class CountedSizes:
    """The size of any network of a space.

    Args:
        space: One that `is_counted`.
        measure: ``parameters`` or ``flops``.
    """

    def __init__(self, space: SearchSpace, measure: str) -> None:
        self._space, self._measure, self._count = space, measure, _COUNTS[type(space)]

    def __getstate__(self) -> dict[str, object]:
        """Leaves what was counted behind."""
        return {name: value for name, value in vars(self).items() if name != "everything"}

    def __call__(self, architectures: Sequence[Architecture]) -> Array:
        """The sizes of n architectures."""
        return self._count(self._measure, architectures)

    @cached_property
    def everything(self) -> Array:
        """The sizes of all architectures of a space that can be listed, in the order of ``space.enumerate()``.

        They are counted once and kept in the cache, by the sizes of a sample.

        Raises:
            SpaceError: The space is too large.
        """
        if self._space.size > LISTED:
            raise SpaceError(f"{self._space.name} has {self._space.size:,} architectures, which are not listed")
        sampled = self._space.sample(np.random.default_rng(0), SAMPLED)
        digest = hashlib.sha256(b"".join(self._count(measure, sampled).tobytes() for measure in MEASURES)).hexdigest()
        columns = open_columns(f"{self._space.name}/sizes", digest, self._count_all)
        return np.asarray(columns[self._measure])

    def _count_all(self) -> Columns:
        listed = list(self._space.enumerate())
        return {measure: self._count(measure, listed) for measure in MEASURES}


def size_readers(space: SearchSpace) -> SizeReaders:
    """Functions that give both measures of all architectures, as a table takes them."""
    return {measure: partial(_everything, space, measure) for measure in MEASURES}


def _everything(space: SearchSpace, measure: str) -> Array:
    return CountedSizes(space, measure).everything
