"""Drawing architectures that a search has not met yet."""

import numpy as np

from equipoise.harness.core.errors import SearchEnded
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["draw_unseen"]

PATIENCE = 2_000
"""Draws in a row that were all seen before the size of the space is asked for, which may mean counting it."""


def draw_unseen(space: SearchSpace, rng: np.random.Generator, seen: set[Architecture]) -> Architecture:
    """Draws as the space samples, again until the key is new.

    Args:
        space: What is drawn from.
        rng: Source of randomness.
        seen: Keys (`SearchSpace.key`) not to draw; not changed.

    Raises:
        SearchEnded: Every architecture of the space is in `seen`.
    """
    for attempt in range(1, 1 + PATIENCE * 100):
        (architecture,) = space.sample(rng, 1)
        if space.key(architecture) not in seen:
            return architecture
        if attempt % PATIENCE == 0 and len(seen) >= space.size:
            break
    left = [architecture for architecture in space.enumerate() if space.key(architecture) not in seen]
    if not left:
        raise SearchEnded("every architecture of the space has been proposed")
    return left[int(rng.integers(len(left)))]
