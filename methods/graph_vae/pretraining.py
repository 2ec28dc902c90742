"""Training of the autoencoder on unlabelled draws from a space, before any search."""

from collections.abc import Sequence
from math import cos, pi

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods.graph_vae.decoding import decode
from equipoise.methods.graph_vae.model import Vae

__all__ = ["draws_of", "edit_radius", "legal_options", "pretrain", "train_for"]


DRAWS = 10_000
"""Unlabelled draws on which a model is trained."""
RADIUS_PROBES = 200
"""Architectures whose neighbours tell the scale of the noise."""


def legal_options(model: Vae, architectures: Sequence[Architecture]) -> npt.NDArray[np.bool_]:
    """Which options were legal when the decisions of B architectures were taken, B x D x W."""
    layout = model.layout
    legal = np.zeros((len(architectures), len(layout.widths), layout.widest), dtype=np.bool_)
    for place, width in enumerate(layout.widths):
        legal[:, place, :width] = model.reader.masks([cell[:place] for cell in architectures])
    return legal


def pretrain(
    model: Vae,
    architectures: Sequence[Architecture],
    *,
    steps: int,
    batch: int = 128,
    kl_weight: float = 0.03,
    hidden_share: float = 0.3,
) -> None:
    """Trains on unlabelled architectures, with a learning rate that falls along a cosine.

    Args:
        model: Trained in place.
        architectures: At least one.
        steps: Steps of Adam.
        batch: Architectures per step.
        kl_weight: Factor of the KL term.
        hidden_share: Share of decisions hidden from later ones, see `Vae`.
    """
    legal = legal_options(model, architectures)
    for step in range(steps):
        rows = model.rng.integers(len(architectures), size=batch)
        drawn = [architectures[row] for row in rows.tolist()]
        model.parameters.scale_rate(0.02 + 0.49 * (1.0 + cos(pi * step / steps)))
        model.parameters.descend(model.loss(drawn, legal[rows], kl_weight=kl_weight, hidden_share=hidden_share))
    model.radius = edit_radius(model, architectures[:RADIUS_PROBES])


def edit_radius(model: Vae, architectures: Sequence[Architecture], edits: float = 1.5) -> float:
    """The noise at which decoded neighbours differ in so many decisions on average, by bisection.

    Args:
        model: Trained.
        architectures: Whose neighbours.
        edits: Decisions.
    """
    rng, latents = np.random.default_rng(0), model.means(architectures)
    noise = rng.standard_normal(latents.shape, dtype=np.float32)
    here, low, high = np.array(decode(model, latents, rng)[0]), 0.02, 3.0
    for _ in range(8):
        middle = float(np.sqrt(low * high))
        there = np.array(decode(model, latents + np.float32(middle) * noise, rng)[0])
        if (here != there).sum(axis=1).mean() < edits:
            low = middle
        else:
            high = middle
    return float(np.sqrt(low * high))


def draws_of(space: SearchSpace) -> list[Architecture]:
    """The unlabelled draws on which the model of a space is trained, the same in every run."""
    return space.sample(np.random.default_rng(1), DRAWS)


def train_for(space: SearchSpace, steps: int) -> Vae:
    """Trains the model of a space from the beginning, the same in every run."""
    model = Vae(space, np.random.default_rng(2))
    pretrain(model, draws_of(space), steps=steps)
    return model
