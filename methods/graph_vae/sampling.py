"""Proposals to decode: latents around good architectures, between them, and from the prior."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from equipoise.harness.core.space import Architecture
from equipoise.methods.graph_vae.model import Vae

__all__ = ["SHARES", "Draft", "draw_latents"]

SHARES = (0.4, 0.2, 0.2, 0.1, 0.1)
"""Shares of noise around a parent, nodes drawn again, nodes crossed, interpolation, and the prior."""


class Draft(NamedTuple):
    """Latents to be decoded.

    Attributes:
        latents: n x N x k.
        keep: n x D options to take over from parents where they are legal, -1 where the decoder decides; None: all its.
    """

    latents: Any
    keep: npt.NDArray[np.int64] | None = None


def draw_latents(model: Vae, parents: Sequence[Architecture], n: int, ascent: float = 0.0) -> Draft:
    """Draws n latents, and what of the parents stays beside them.

    Each starts at the posterior mean of a parent. By `SHARES`: one to three nodes get posterior noise of 0.5 to 3
    standard deviations; or latents drawn from the prior; about half of the nodes are another parent's, and sometimes
    one more gets noise; all latents lie somewhere on the way to another parent; or all are drawn from the prior. Only
    decisions about nodes that moved are decoded again (on the way between parents: those in which these differ), so
    that what is generated stays near its parents in a large space, however young the decoder.

    Args:
        model: Encodes the parents.
        parents: At least one.
        n: Drafts.
        ascent: Share whose moved latents go up the property head by three steps of gradient ascent.

    Source: CGVAE (Liu et al. 2018) for the prior and the ascent (on the head minus 0.005 |z|^2).
    """
    rng, nodes = model.rng, model.reader.nodes
    with torch.no_grad():
        mean, log_variance = (part.numpy() for part in model.encode(model.parameters.views(), parents))
    first, second = rng.integers(len(parents), size=(2, n))
    way = np.searchsorted(np.cumsum(SHARES)[:-1], rng.random(n), side="right")[:, None]
    targets = model.reader.footprints[:, 0]
    order = np.argsort(rng.random((n, nodes)) + (targets.sum(axis=0) == 0), axis=1).argsort(axis=1)
    one_more = (way == 2) & (rng.random((n, 1)) < 0.5)
    moved = np.where(way < 2, order < rng.integers(1, 4, size=(n, 1)), one_more & (order < 1))
    crossed = (way == 2) & (rng.random((n, nodes)) < 0.5)
    drawn, scale = model.noise(n).numpy(), rng.uniform(0.5, 3.0, (n, 1, 1))
    base = np.where(crossed[..., None], mean[second], mean[first])
    noisy = base + scale * np.exp(0.5 * log_variance[first]) * drawn
    latents = np.where(moved[..., None], np.where(way[..., None] == 1, drawn, noisy), base)
    between = mean[first] + rng.random((n, 1, 1)) * (mean[second] - mean[first])
    latents = np.where(way[..., None] == 3, between, np.where(way[..., None] == 4, drawn, latents))
    codes = np.asarray(parents, dtype=np.int64)
    keep = np.where(rng.random((n, len(targets))) < crossed @ targets.T, codes[second], codes[first])
    free = rng.random(keep.shape) < moved @ targets.T
    free |= (way == 4) | ((way == 3) & (codes[first] != codes[second]))
    moving = torch.from_numpy(latents.astype(np.float32))
    climbing = torch.from_numpy(rng.random(n) < ascent)
    if climbing.any():
        moving[climbing] = _climb(model, moving[climbing])
    return Draft(moving, np.where(free, -1, keep))


def _climb(model: Vae, latents: Any, steps: int = 3, rate: float = 0.3) -> Any:
    with torch.enable_grad():
        fixed = {name: weight.detach() for name, weight in model.parameters.views().items()}
        for _ in range(steps):
            latents = latents.detach().requires_grad_()
            height = (model.predict(fixed, latents) - 0.005 * (latents**2).sum(dim=(1, 2))).sum()
            (gradient,) = torch.autograd.grad(height, latents)
            latents = latents + rate * gradient / gradient.norm(dim=(1, 2), keepdim=True).clamp_min(1e-6)
    return latents.detach()
