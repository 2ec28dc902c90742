"""Training-free scores that are computed when they are asked for."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.harness.training.setup import Setup

__all__ = ["LiveScores"]


class LiveScores:
    """One score of the networks of a setup; each architecture is computed once.

    Args:
        setup: Gives the setup; it must pickle.
        name: Of the score.
    """

    def __init__(self, setup: Callable[[], Setup], name: str) -> None:
        self._get, self._name = setup, name
        self._known: dict[Architecture, float] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leaves behind what can be computed again."""
        return {"_get": self._get, "_name": self._name, "_known": {}}

    @cached_property
    def _setup(self) -> Setup:
        return self._get()

    def __call__(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """The scores of n architectures; a score that is not finite is -inf."""
        import torch

        from equipoise.harness.training.score_table import network_scores

        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums round the same wherever a run is executed
        try:
            for architecture in architectures:
                if architecture not in self._known:
                    value = network_scores(self._setup, architecture, (self._name,))[self._name]
                    self._known[architecture] = value if np.isfinite(value) else -np.inf
        finally:
            torch.set_num_threads(threads)
        return np.array([self._known[architecture] for architecture in architectures])
