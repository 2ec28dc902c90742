"""Training-free scores that are computed when they are asked for."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.harness.training.scores import BATCH, scores_of
from equipoise.harness.training.setup import Setup

__all__ = ["BATCH_SEED", "LiveScores", "network_scores"]

BATCH_SEED = 64
"""Draws the images of the batch: the same for every network."""


def network_scores(setup: Setup, architecture: Architecture, names: tuple[str, ...]) -> dict[str, float]:
    """The scores of the network of an architecture, with the initial weights of its first replica.

    Args:
        setup: Space, images, macro architecture and seed.
        architecture: The architecture.
        names: Of `LIVE_SCORES`.
    """
    import torch

    from equipoise.harness.training.layers import initialise

    images = setup.device_images
    count = len(images.y["train"])
    generator = torch.Generator().manual_seed(BATCH_SEED)
    chosen = torch.randperm(count, generator=generator)[:BATCH].to(images.device)
    network = setup.networks.build(architecture, setup.macro, images.channels, images.classes, 1)
    initialise(network, [torch.Generator().manual_seed(setup.seeds(architecture)[0])])
    network.to(device=torch.device(images.device))
    return scores_of(network, images.x["train"][chosen], images.y["train"][chosen], names)


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
