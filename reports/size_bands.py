"""Regret given size: the incumbent among the networks that have about as many parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import EquipoiseError
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Task
from equipoise.reports.statistics.arrays import Array

__all__ = ["BANDS", "GivenSize", "SizeBands", "given_size", "size_bands"]


BANDS = 5
"""Bands of equally many architectures, as far as ties of size allow."""


@dataclass(frozen=True)
class SizeBands:
    """The bands of a task.

    Attributes:
        edges: b - 1 sizes: band i holds the sizes above edge i - 1, up to edge i.
        sizes: The parameters of every architecture, ascending.
        errors: The errors of each band's architectures, ascending.
        optimum: The least error of all.
    """

    edges: Array
    sizes: Array
    errors: tuple[Array, ...]
    optimum: float

    def band(self, sizes: Array) -> npt.NDArray[np.int64]:
        """The band of each size."""
        return np.searchsorted(self.edges, sizes)


@dataclass(frozen=True)
class GivenSize:
    """The incumbents of r runs among the networks of their size.

    Attributes:
        percentile: r: share of the space that is smaller, ties counted half.
        regret: r: error minus the least error of the band.
        better: r: share of the band with a smaller error.
    """

    percentile: Array
    regret: Array
    better: Array


def size_bands(task: Task, errors: Array) -> SizeBands | None:
    """The bands of a task by its number of parameters; None where it does not tell them.

    Args:
        task: Tells the sizes.
        errors: Of every architecture, in the order of ``space.enumerate()``.
    """
    try:
        sizes = task.resource("parameters")
        everything = None if sizes is None else np.asarray(sizes.everything, dtype=np.float64)
    except EquipoiseError:
        return None
    if everything is None or len(np.unique(everything)) < BANDS:
        return None
    edges = np.unique(np.quantile(everything, np.arange(1, BANDS) / BANDS, method="lower"))
    place = np.searchsorted(edges, everything)
    banded = tuple(np.sort(errors[place == band]) for band in range(len(edges) + 1))
    kept = [band for band, found in enumerate(banded) if len(found)]
    if len(kept) < len(banded):  # the last edge may be the largest size
        edges, banded = edges[: len(kept) - 1], tuple(banded[band] for band in kept)
    return SizeBands(edges, np.sort(everything), banded, float(errors.min()))


def given_size(bands: SizeBands, task: Task, incumbents: Mapping[str, Sequence[Architecture]]) -> dict[str, GivenSize]:
    """The incumbents of each method among the networks of their size.

    Args:
        bands: Of the task.
        task: Tells sizes and expected errors.
        incumbents: Of each method, one per run.
    """
    found, size_of = {}, task.resource("parameters")
    for label, architectures in incumbents.items():
        if not architectures or size_of is None:
            continue
        sizes = np.asarray(size_of(architectures), dtype=np.float64)
        errors = np.array([task.expected(one) for one in architectures], dtype=np.float64)
        own = [bands.errors[band] for band in bands.band(sizes)]
        below, upto = (np.searchsorted(bands.sizes, sizes, side) for side in ("left", "right"))
        found[label] = GivenSize(
            percentile=(below + upto) / (2 * len(bands.sizes)),
            regret=np.array([error - band[0] for error, band in zip(errors, own, strict=True)]),
            better=np.array(
                [np.searchsorted(band, error) / len(band) for error, band in zip(errors, own, strict=True)]
            ),
        )
    return found
