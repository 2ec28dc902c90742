"""Graph features of a space: standardised, in groups, and for a space that can be listed kept in the data cache."""

import inspect
from collections.abc import Sequence
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import islice
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.methods._shared import graph_arrays, graph_features, graph_paths, graph_walk
from equipoise.methods._shared.graph_arrays import GraphReader
from equipoise.methods._shared.graph_features import raw_features

__all__ = ["LARGEST", "LINEAR", "SpaceFeatures", "is_listable", "space_features"]

LARGEST = 50_000
"""Architectures up to which a space is listed."""
REFERENCE = 2_000
"""Architectures drawn from a larger space, to learn its labels and the scale of its features."""
EXPLAINED, MOST_COMPONENTS = 0.99, 16
"""Of each group the principal components are kept that explain so much of its variance, at most so many."""
LINEAR = "operations"
"""The group of the standardised operation counts, which are meant for a linear term."""

Array = npt.NDArray[np.float32]


class SpaceFeatures:
    """Features of the architectures of one space.

    A group is standardised and rotated to its principal components, which keeps distances, and scaled so that the mean
    squared distance between two architectures is 1. Groups that say the same as an earlier one are dropped.

    Args:
        space: The space.
        columns: What `_fit` found.

    Attributes:
        groups: The group of each of the F features.
        everything: M x F, every architecture in the order of ``enumerate()``; no rows where the space is not listed.
    """

    def __init__(self, space: SearchSpace, columns: Columns) -> None:
        self._space = space
        self._center, self._projection = np.asarray(columns["center"]), np.asarray(columns["projection"])
        self.groups = tuple(map(str, columns["groups"]))
        self.everything = cast("Array", columns["everything"])

    @cached_property
    def _reader(self) -> GraphReader:
        return GraphReader(self._space, _reference(self._space))

    def encode(self, architectures: Sequence[Architecture]) -> Array:
        """The features of n architectures, n x F."""
        if not architectures:
            return np.empty((0, len(self.groups)), dtype=np.float32)
        values, _ = raw_features(self._reader, architectures)
        return cast("Array", ((values - self._center) @ self._projection).astype(np.float32))


@lru_cache(maxsize=64)
def is_listable(space: SearchSpace) -> bool:
    """Whether a space has at most `LARGEST` architectures; counting is given up early."""
    grid = prod(space.cardinalities)
    if grid <= LARGEST:
        return True
    return grid <= 100 * LARGEST and sum(1 for _ in islice(space.enumerate(), LARGEST + 1)) <= LARGEST


@lru_cache(maxsize=4)
def space_features(space: SearchSpace) -> SpaceFeatures:
    """The features of a space; of one that can be listed, computed once per machine."""
    digest = _digest(space) if is_listable(space) else None
    if digest is None:
        return SpaceFeatures(space, _fit(space))
    return SpaceFeatures(space, open_columns(f"graph_features/{space.name}", digest, lambda: _fit(space)))


def _reference(space: SearchSpace) -> list[Architecture]:
    if is_listable(space):
        return list(space.enumerate())
    return space.sample(np.random.default_rng(0), REFERENCE)


def _digest(space: SearchSpace) -> str | None:
    """Of the space, its code and the code of the features; None for a space whose code is in no file."""
    files = [module.__file__ for module in (graph_arrays, graph_features, graph_paths, graph_walk)]
    below = [part for part in space.parameters if isinstance(part, SearchSpace)]  # of a space made of another
    try:
        files += [inspect.getsourcefile(cls) for own in (space, *below) for cls in type(own).__mro__[:-1]] + [__file__]
        parts = [Path(file).read_bytes() for file in files if file is not None]
    except (OSError, TypeError):
        return None
    said = repr((type(space).__qualname__, space.parameters, space.decisions)).encode()
    return sha256(b"\0".join([said, *parts])).hexdigest()


def _fit(space: SearchSpace) -> Columns:
    """Center (C) and projection (C x F) of raw features, the groups, and the features of a space that is listed."""
    reference = _reference(space)
    values, names = raw_features(GraphReader(space, reference), reference)
    center = values.mean(axis=0, dtype=np.float64)
    varies = np.ptp(values, axis=0) > 0
    projections, groups, seen = [], list[str](), list[Array]()
    for group in dict.fromkeys(names):
        chosen = np.flatnonzero(varies & (np.asarray(names) == group))
        own = values[:, chosen]
        if not len(chosen) or any(own.shape == other.shape and np.array_equal(own, other) for other in seen):
            continue
        seen.append(own)
        projection = np.zeros((len(names), len(chosen)))
        projection[chosen, np.arange(len(chosen))] = 1.0 / own.std(axis=0, dtype=np.float64)
        if group.endswith("counts"):
            projections.append(projection)
            groups += [LINEAR] * len(chosen)
        standard = (own - center[chosen]) @ projection[chosen]
        kept = projection @ _components(standard)
        projections.append(kept)
        groups += [group] * kept.shape[1]
    projected = np.concatenate(projections, axis=1) if projections else np.zeros((len(names), 0))
    listed = is_listable(space)
    everything = ((values - center) @ projected).astype(np.float32) if listed else np.zeros((0, projected.shape[1]))
    columns: dict[str, Any] = {"center": center, "projection": projected, "everything": everything}
    return cast("Columns", {**columns, "groups": np.asarray(groups, dtype=np.str_)})


def _components(standard: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Principal components of standardised columns, scaled to a mean squared distance of 1."""
    variances, directions = np.linalg.eigh(standard.T @ standard / len(standard))
    variances, directions = variances[::-1], directions[:, ::-1]
    enough = int(np.searchsorted(np.cumsum(variances), EXPLAINED * variances.sum())) + 1
    kept = min(enough, MOST_COMPONENTS, len(variances))
    scaled: npt.NDArray[np.float64] = directions[:, :kept] / np.sqrt(2.0 * variances[:kept].sum())
    return scaled
