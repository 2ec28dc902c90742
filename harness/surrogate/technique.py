"""What a technique of prediction must do: an ensemble whose members predict several targets from features."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import PluginError, nearest

__all__ = ["Arrays", "Technique", "load_technique", "technique_names"]

Arrays = Mapping[str, npt.NDArray[Any]]


class Technique(ABC):
    """An ensemble of models, made by `fit` or read back by `from_arrays`.

    Attributes:
        said: What it is, in one line, for cards and reports.
        source: The paper or library it follows.
    """

    said: ClassVar[str]
    source: ClassVar[str]

    @classmethod
    @abstractmethod
    def fit(cls, features: npt.NDArray[np.float32], targets: npt.NDArray[np.float64], rng: np.random.Generator) -> Self:
        """Fits every member.

        Args:
            features: n x d.
            targets: n x t, each with mean 0 and variance 1 over its finite values; NaN where a value is missing.
            rng: The only source of randomness.
        """

    @abstractmethod
    def predict(self, features: npt.NDArray[np.float32], target: int) -> npt.NDArray[np.float64]:
        """The predictions of one target by every member, members x n."""

    @abstractmethod
    def arrays(self) -> Arrays:
        """What `from_arrays` makes the same ensemble of: numbers and bytes, no objects."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The ensemble that gave these arrays."""


def technique_names() -> list[str]:
    """The techniques in ``harness/surrogate/techniques/``."""
    folder = Path(__file__).parent / "techniques"
    return sorted(module.name for module in pkgutil.iter_modules([str(folder)]) if not module.name.startswith("_"))


def load_technique(name: str) -> type[Technique]:
    """Finds a technique.

    Raises:
        PluginError: There is none of that name.
    """
    if name not in technique_names():
        raise PluginError(f"no technique '{name}'; {nearest(name, technique_names())}")
    module = importlib.import_module(f"equipoise.harness.surrogate.techniques.{name}")
    found: list[type[Technique]] = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Technique) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise PluginError(f"{module.__file__} must define exactly one Technique; found {len(found)}")
    return found[0]
