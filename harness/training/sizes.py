"""Parameters and multiply-adds of networks that are trained here, exact, without building each network.

A module of `Networks` may offer ``parts(architecture, macro)``: the parts of a network that depend on the architecture,
such that the size of a network is the sum of the sizes of its parts and of a rest that all networks share. The sizes of
the parts then follow from a few networks, which are built once. Without ``parts`` each network is built.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.harness.training.setup import Setup

__all__ = ["BuiltSizes"]


DRAWN = 400
"""Architectures among which those to be built are chosen."""

Array = npt.NDArray[np.float64]


class BuiltSizes:
    """The sizes of the networks of a setup.

    Args:
        setup: Gives the setup; it must pickle.
        measure: ``parameters``, or ``flops``: multiplications with additions for one image.
    """

    def __init__(self, setup: Callable[[], Setup], measure: str) -> None:
        self._get, self._measure = setup, measure
        self._known: dict[Architecture, float] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leaves behind what can be computed again."""
        return {"_get": self._get, "_measure": self._measure, "_known": {}}

    def __call__(self, architectures: Sequence[Architecture]) -> Array:
        """The sizes of n architectures."""
        if self._parts is None:
            for architecture in architectures:
                if architecture not in self._known:
                    self._known[architecture] = self._build(architecture)
            return np.array([self._known[architecture] for architecture in architectures])
        each = self._of_each_part  # it finds the columns
        return np.rint(self._counts(architectures) @ each)

    @cached_property
    def everything(self) -> Array:
        """The sizes of all architectures of a space that can be listed, in the order of ``space.enumerate()``."""
        return self(list(self._setup.space.enumerate()))

    @cached_property
    def _setup(self) -> Setup:
        return self._get()

    @property
    def _parts(self) -> Callable[[Architecture, Any], Sequence[Hashable]] | None:
        return getattr(self._setup.networks, "parts", None)

    @cached_property
    def _columns(self) -> dict[Hashable, int]:
        """The column of each kind of part; column 0 is the rest."""
        return {None: 0}

    def _counts(self, architectures: Sequence[Architecture]) -> Array:
        assert self._parts is not None
        table = np.zeros((len(architectures), len(self._columns)))
        table[:, 0] = 1.0
        for row, architecture in enumerate(architectures):
            for part, count in Counter(self._parts(architecture, self._setup.macro)).items():
                table[row, self._columns[part]] = count
        return table

    @cached_property
    def _of_each_part(self) -> Array:
        """The sizes of the rest and of each kind of part, by the networks that span the counts of all."""
        assert self._parts is not None
        space, rng = self._setup.space, np.random.default_rng(0)
        drawn = space.sample(rng, DRAWN)
        for architecture in drawn:
            for part in self._parts(architecture, self._setup.macro):
                self._columns.setdefault(part, len(self._columns))
        counts = self._counts(drawn)
        chosen: list[int] = []
        for row in range(len(drawn)):
            if np.linalg.matrix_rank(counts[[*chosen, row]]) > len(chosen):
                chosen.append(row)
        built = np.array([self._build(drawn[row]) for row in chosen])
        return np.asarray(np.linalg.lstsq(counts[chosen], built, rcond=None)[0])

    def _build(self, architecture: Architecture) -> float:
        from equipoise.harness.training.flops import count_multiply_adds

        setup, images = self._setup, self._setup.images
        if self._measure == "parameters":
            return float(setup.networks.count_parameters(architecture, setup.macro, images.channels, images.classes))
        network: Any = setup.networks.build(architecture, setup.macro, images.channels, images.classes, 1)
        return float(count_multiply_adds(network, images.channels, images.side))
