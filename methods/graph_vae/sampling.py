"""Latents worth decoding: around good architectures, between them, and from the prior."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from harness.space import Architecture
from methods.graph_vae.model import Vae

__all__ = ["SHARES", "draw_latents"]

SHARES = (0.4, 0.2, 0.2, 0.1, 0.1)
"""Shares of noise around a parent, nodes drawn anew, nodes crossed, interpolation, and the prior."""


def draw_latents(model: Vae, parents: Sequence[Architecture], n: int, ascent: float = 0.0) -> Any:
    """Draws n latents, n x N x k.

    Each starts at the posterior mean of a parent. Then, by `SHARES`: posterior noise of 0.5 to 3 standard deviations
    on about half of the nodes; one or two nodes drawn from the prior; about half of the nodes taken from another
    parent; the way to another parent, somewhere along; or a draw from the prior throughout.

    Args:
        model: Encodes the parents.
        parents: At least one.
        n: Latents.
        ascent: Share that is moved up the property head by three steps of gradient ascent.

    Source: CGVAE (Liu et al. 2018) for the prior and the ascent (step 0.05 on the head minus 0.005 |z|^2).
    """
    rng, nodes = model.rng, model.reader.nodes
    with torch.no_grad():
        w = model.parameters.views()
        mean, log_variance = model.encode(w, parents)
    first = rng.integers(len(parents), size=n)
    second = rng.integers(len(parents), size=n)
    way = np.searchsorted(np.cumsum(SHARES)[:-1], rng.random(n), side="right")[:, None, None]
    start, other = mean[first].numpy(), mean[second].numpy()
    deviation = np.exp(0.5 * log_variance[first].numpy())
    drawn = model.noise(n).numpy()
    half = rng.random((n, nodes, 1)) < 0.5
    few = np.argsort(rng.random((n, nodes)), axis=1)[..., None] < rng.integers(1, 3, size=(n, 1, 1))
    scale = rng.uniform(0.5, 3.0, (n, 1, 1))
    along = rng.random((n, 1, 1))
    latents = np.select(
        [way == 0, way == 1, way == 2, way == 3],
        [
            start + half * scale * deviation * drawn,
            np.where(few, drawn, start),
            np.where(half, other, start),
            start + along * (other - start),
        ],
        drawn,
    ).astype(np.float32)
    moved = torch.from_numpy(latents)
    climbing = rng.random(n) < ascent
    if climbing.any():
        chosen = torch.from_numpy(climbing)
        moved[chosen] = _climb(model, moved[chosen])
    return moved


def _climb(model: Vae, latents: Any, steps: int = 3, rate: float = 0.3) -> Any:
    with torch.enable_grad():
        fixed = {name: weight.detach() for name, weight in model.parameters.views().items()}
        for _ in range(steps):
            latents = latents.detach().requires_grad_()
            height = (model.predict(fixed, latents) - 0.005 * (latents**2).sum(dim=(1, 2))).sum()
            (slope,) = torch.autograd.grad(height, latents)
            latents = latents + rate * slope / slope.norm(dim=(1, 2), keepdim=True).clamp_min(1e-6)
    return latents.detach()
