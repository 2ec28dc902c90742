"""Latents to decode: around good architectures, between them, and up the property head."""

import numpy as np
import numpy.typing as npt

__all__ = ["PropertyHead", "draw_latents"]

Floats = npt.NDArray[np.float32]

BETWEEN = 0.3
"""Share of the drafts that lie on the line through two parents."""


class PropertyHead:
    """A linear model of the promise of candidates over their latents, for the direction in which it grows.

    Args:
        latents: n x k.
        scores: n targets.
        ridge: Weight of the penalty, per observation.
    """

    def __init__(self, latents: Floats, scores: npt.NDArray[np.float64], ridge: float = 0.1) -> None:
        centred = latents - latents.mean(axis=0)
        gram = centred.T @ centred + ridge * len(latents) * np.eye(latents.shape[1])
        slope = np.linalg.solve(gram, centred.T @ (scores - scores.mean()))
        self.direction: Floats = (slope / max(float(np.linalg.norm(slope)), 1e-12)).astype(np.float32)


def draw_latents(
    rng: np.random.Generator, parents: Floats, n: int, radius: float, head: PropertyHead | None, ascent: float = 0.2
) -> Floats:
    """Draws n latents: on the line through two parents, up the property head, and with noise around a parent.

    Args:
        rng: Source of randomness.
        parents: P x k, at least one.
        n: How many.
        radius: Standard deviation of the noise in each dimension; each draft scales it by 0.5 to 2.
        head: Where to climb; None for nowhere.
        ascent: Share of the drafts that climb.
    """
    k = parents.shape[1]
    first, second = rng.integers(len(parents), size=(2, n))
    way = np.searchsorted([BETWEEN, BETWEEN + ascent], rng.random(n), side="right")[:, None]
    noise = radius * np.exp(rng.uniform(np.log(0.5), np.log(2.0), (n, 1))) * rng.standard_normal((n, k))
    along = rng.uniform(-0.25, 1.25, (n, 1)) * (parents[second] - parents[first])
    climb = np.zeros(k) if head is None else head.direction * np.sqrt(k) * radius
    steps = rng.uniform(0.0, 2.0, (n, 1)) * climb
    moved = np.where(way == 0, along + 0.5 * noise, np.where(way == 1, steps + 0.7 * noise, noise))
    latents: Floats = (parents[first] + moved).astype(np.float32)
    return latents
