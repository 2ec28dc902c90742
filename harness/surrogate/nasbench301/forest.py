"""Ensembles of boosted trees as one model with one output per member."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import PluginError
from equipoise.harness.surrogate.nasbench301.vector import WIDTH

__all__ = ["Forest", "forest"]


class Forest(ABC):
    """A joined ensemble.

    Attributes:
        library: The package that computes predictions.
    """

    library: ClassVar[str]

    def __init__(self, blob: bytes) -> None:
        """Reads a joined model.

        Raises:
            PluginError: The library is not installed.
            ValueError: It is no model of the library.
        """
        self.blob = blob
        self.model = self.read(blob)

    @classmethod
    @abstractmethod
    def joined(cls, states: Sequence[dict[str, Any]]) -> "Forest":
        """Joins members.

        Args:
            states: The state that the library pickles of a model, one per member.

        Raises:
            ValueError: They cannot be joined, or are not models of one number for the vector of NAS-Bench-301.
        """

    @abstractmethod
    def read(self, blob: bytes) -> Any:
        """The library's own model."""

    @abstractmethod
    def predict(self, told: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Returns the prediction of each member for vectors n x 56: members x n."""


def forest(library: str) -> type[Forest]:
    """The class of joined ensembles of a library.

    Raises:
        PluginError: None is, or the library is not installed.
    """
    import importlib
    from importlib.util import find_spec

    if library not in ("xgboost", "lightgbm"):
        raise PluginError(f"no ensemble of '{library}'; accepted: xgboost, lightgbm")
    if find_spec(library) is None:
        raise PluginError(f"NAS-Bench-301 needs {library}: pip install 'equipoise[nasbench301]'")
    found: type[Forest] = importlib.import_module(f"equipoise.harness.surrogate.nasbench301.{library}_forest").Joined
    return found


def check_width(found: int) -> None:
    """Whether a member takes the vector.

    Raises:
        ValueError: It does not.
    """
    if found != WIDTH:
        raise ValueError(f"a member takes {found} numbers; the vector of NAS-Bench-301 has {WIDTH}")
