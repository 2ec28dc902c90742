"""From architectures to what a `StructuralProcess` compares, by the settings of a method."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SettingError, nearest
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.graph_features import GROUPS
from equipoise.methods._shared.space_features import LINEAR, is_listable, space_features
from equipoise.methods._shared.structural_likelihood import Inputs, Layout

__all__ = ["InputReader", "Sizes", "chosen_groups"]

Sizes = Callable[[Sequence[Architecture]], npt.NDArray[np.float64]]
"""The parameters of networks, as a task gives them."""


def chosen_groups(name: str, groups: str) -> tuple[str, ...]:
    """The groups that a setting names, separated by ``+``; ``all`` and ``none`` are accepted.

    Raises:
        SettingError: There is no such group.
    """
    if groups in ("all", "none"):
        return GROUPS if groups == "all" else ()
    found = tuple(word.strip() for word in groups.split("+"))
    for word in found:
        if word not in GROUPS:
            raise SettingError(f"{name}: groups = '{groups}': no group '{word}'; {nearest(word, GROUPS)}")
    return found


class InputReader:
    """Makes the `Inputs` of architectures.

    Args:
        space: The space.
        groups: Groups of graph features that are compared.
        decisions: Whether decisions are.
        linear: Whether operation counts enter linearly.
        sizes: Parameters of networks: their logarithm is a group of its own, and enters linearly. None for none.

    Attributes:
        space: The space.
        layout: Of the inputs.
        names: The groups of the features, in the order of their numbers.
    """

    def __init__(
        self, space: SearchSpace, groups: Sequence[str], decisions: bool, linear: bool, sizes: Sizes | None
    ) -> None:
        self.space, self._sizes = space, sizes
        self._features = space_features(space)
        labels = self._features.groups
        self._columns = np.array([i for i, label in enumerate(labels) if label.split()[-1] in groups], dtype=np.int64)
        self._linear = np.array([i for i, label in enumerate(labels) if linear and label == LINEAR], dtype=np.int64)
        self.names = list(dict.fromkeys(labels[column] for column in self._columns))
        numbers = [self.names.index(labels[column]) for column in self._columns]
        if sizes is not None:
            self.names.append("size")
            numbers.append(len(self.names) - 1)
            reference = list(space.enumerate()) if is_listable(space) else space.sample(np.random.default_rng(0), 1000)
            logarithms = np.log(sizes(reference))
            self._size_mean, self._size_deviation = float(logarithms.mean()), float(logarithms.std()) or 1.0
        self.layout = Layout(
            len(space.cardinalities) if decisions else 0,
            np.array(numbers, dtype=np.int64),
            len(self._linear) + (sizes is not None),
        )

    def everything(self) -> Inputs:
        """Of all architectures in the order of ``enumerate()``."""
        return self._inputs(list(self.space.enumerate()), self._features.everything)

    def read(self, architectures: Sequence[Architecture]) -> Inputs:
        """Of n architectures."""
        if len(self._features.everything):
            values = self._features.everything[[self.space.index(architecture) for architecture in architectures]]
        else:
            values = self._features.encode(architectures)
        return self._inputs(architectures, values)

    def _inputs(self, architectures: Sequence[Architecture], values: npt.NDArray[np.float32]) -> Inputs:
        codes = np.asarray(architectures, dtype=np.int64).reshape(-1, len(self.space.cardinalities))
        features, linear = values[:, self._columns], values[:, self._linear]
        if self._sizes is not None:
            logarithms = (np.log(self._sizes(architectures)) - self._size_mean) / self._size_deviation
            size = logarithms[:, None].astype(np.float32)
            features = np.concatenate([features, size / np.float32(np.sqrt(2.0))], axis=1)
            linear = np.concatenate([linear, size], axis=1)
        return Inputs(codes, features, linear)
