"""Latents to decode: around good architectures, between them, and up the property head."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Drafting", "LinearHead", "draw_latents"]

Floats = npt.NDArray[np.float32]

BETWEEN = 0.3
"""Share of the drafts made of two parents: half of them on the line through both, half with dimensions of each."""


class Drafting(NamedTuple):
    """Settings by which a decoder makes candidates.

    Attributes:
        temperature: Of decoding.
        ascent: Share of drafts that climb the property head.
        edited: Share of drafts in which one decision, drawn at random, is taken otherwise than the latent says.
        guidance: Weight of the options' promise where a decision is taken otherwise; 0 draws uniformly.
        masked: Whether illegal options are masked.
    """

    temperature: float
    ascent: float
    edited: float
    guidance: float
    masked: bool


class LinearHead:
    """A ridge regression of the promise of candidates, for the direction in which it grows.

    Args:
        inputs: n x k, latents or one-hot codes.
        scores: n targets.
        ridge: Weight of the penalty, per observation.

    Attributes:
        slope: k coefficients.
        direction: The slope at length 1.
    """

    def __init__(self, inputs: Floats, scores: npt.NDArray[np.float64], ridge: float) -> None:
        centred = inputs - inputs.mean(axis=0)
        gram = centred.T @ centred + ridge * len(inputs) * np.eye(inputs.shape[1])
        self.slope: npt.NDArray[np.float64] = np.linalg.solve(gram, centred.T @ (scores - scores.mean()))
        self.direction: Floats = (self.slope / max(float(np.linalg.norm(self.slope)), 1e-12)).astype(np.float32)


def draw_latents(
    rng: np.random.Generator, parents: Floats, n: int, radius: float, head: LinearHead | None, ascent: float
) -> Floats:
    """Draws n latents: of two parents, up the property head, and with noise around one parent.

    Args:
        rng: Source of randomness.
        parents: P x k, at least one.
        n: How many.
        radius: Standard deviation of the noise in each dimension; each draft scales it by 0.5 to 2.
        head: Where to climb; None for nowhere.
        ascent: Share of the drafts that climb, at most 1 - `BETWEEN`.
    """
    k = parents.shape[1]
    first, second = rng.integers(len(parents), size=(2, n))
    way = np.searchsorted([BETWEEN / 2, BETWEEN, BETWEEN + ascent], rng.random(n), side="right")[:, None]
    noise = radius * np.exp(rng.uniform(np.log(0.5), np.log(2.0), (n, 1))) * rng.standard_normal((n, k))
    other = parents[second] - parents[first]
    along, crossed = rng.uniform(-0.25, 1.25, (n, 1)) * other, (rng.random((n, k)) < 0.5) * other
    climb = np.zeros(k) if head is None else head.direction * np.sqrt(k) * radius
    steps = rng.uniform(0.0, 2.0, (n, 1)) * climb
    moved = np.select(
        [way == 0, way == 1, way == 2], [along + 0.5 * noise, crossed + 0.5 * noise, steps + 0.7 * noise], noise
    )
    latents: Floats = (parents[first] + moved).astype(np.float32)
    return latents
