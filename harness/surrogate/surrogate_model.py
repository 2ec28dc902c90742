"""The interface of a surrogate model: an ensemble whose members predict several targets from features."""

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import PluginError, nearest

__all__ = ["Arrays", "SurrogateModel", "load_surrogate_model", "surrogate_model_names"]

Arrays = Mapping[str, npt.NDArray[Any]]


class SurrogateModel(ABC):
    """An ensemble of models, made by `fit` or read back by `from_arrays`.

    Attributes:
        said: Its description in one line, for summaries and reports.
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
        """Returns the predictions of one target by every member, members x n."""

    @abstractmethod
    def arrays(self) -> Arrays:
        """Returns the arrays from which `from_arrays` makes the same ensemble: numbers and bytes, no objects."""

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Makes the ensemble that returned these arrays."""


def surrogate_model_names() -> list[str]:
    """The surrogate models in ``harness/surrogate/models/``."""
    folder = Path(__file__).parent / "models"
    return sorted(module.name for module in pkgutil.iter_modules([str(folder)]) if not module.name.startswith("_"))


def load_surrogate_model(name: str) -> type[SurrogateModel]:
    """Finds a surrogate model.

    Raises:
        PluginError: There is none of that name.
    """
    if name not in surrogate_model_names():
        raise PluginError(f"no surrogate model '{name}'; {nearest(name, surrogate_model_names())}")
    module = importlib.import_module(f"equipoise.harness.surrogate.models.{name}")
    found: list[type[SurrogateModel]] = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, SurrogateModel) and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        raise PluginError(f"{module.__file__} must define exactly one SurrogateModel; found {len(found)}")
    return found[0]
