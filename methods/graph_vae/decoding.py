"""From latents to architectures, decision by decision, through the space's legality mask."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.methods.graph_vae.model import Vae

__all__ = ["Edits", "decode"]

Floats = npt.NDArray[np.float32]


class Edits(NamedTuple):
    """Decisions that are taken otherwise than the latents say.

    Attributes:
        free: B x D, where.
        tilt: C, log-odds of the options there.
    """

    free: npt.NDArray[np.bool_]
    tilt: npt.NDArray[np.float64]


def decode(
    model: Vae,
    latents: Floats,
    rng: np.random.Generator,
    temperature: float = 0.0,
    masked: bool = True,
    edits: "Edits | None" = None,
) -> tuple[list[Architecture], npt.NDArray[np.float64]]:
    """Decodes B latents.

    Args:
        model: Trained or not.
        latents: B x k.
        rng: Source of randomness.
        temperature: Divisor of the logits; 0 takes the likeliest option.
        edits: Decisions that are taken otherwise than the latents say.
        masked: Whether illegal options are masked. Without (an ablation), an architecture may be invalid.

    Returns:
        The architectures, and the log-probability of each at temperature 1.
    """
    layout, count, units = model.layout, len(latents), model.sizes.decoding
    w = {name: weight.detach().numpy() for name, weight in model.parameters.views().items()}
    drive = latents @ w["read"] + w["units_bias"]
    rows, likelihood = np.arange(count), np.zeros(count)
    codes: list[Architecture] = [()] * count
    for place, (width, start) in enumerate(zip(layout.widths, layout.offsets, strict=True)):
        inner = np.maximum(drive[:, place * units : (place + 1) * units], 0.0)
        logits = (inner @ w["option"][:, place, :width] + w["option_bias"][place, :width]).astype(np.float64)
        if masked:
            logits[~np.concatenate(model.reader.masks(codes)).reshape(count, width)] = -np.inf
        logits -= logits.max(axis=1, keepdims=True)
        noisy = logits / temperature + rng.gumbel(size=logits.shape) if temperature > 0 else logits.copy()
        if edits is not None and (free := np.flatnonzero(edits.free[:, place])).size:
            noisy[free] = _edited(logits[free], edits.tilt[start : start + width], rng)
        chosen = noisy.argmax(axis=1)
        likelihood += logits[rows, chosen] - np.log(np.exp(logits).sum(axis=1))
        later = slice((place + 1) * units, None)
        drive[:, later] += w["before"][start + chosen, later]
        codes = [(*code, option) for code, option in zip(codes, chosen.tolist(), strict=True)]
    return codes, likelihood


def _edited(logits: npt.NDArray[np.float64], tilt: npt.NDArray[np.float64], rng: np.random.Generator) -> Any:
    """Scores of the options where another than the likeliest is to be taken, if another is legal."""
    rows = np.arange(len(logits))
    scores = np.where(np.isfinite(logits), tilt + rng.gumbel(size=logits.shape), -np.inf)
    alone = np.isfinite(logits).sum(axis=1) == 1
    own = logits.argmax(axis=1)
    scores[rows[~alone], own[~alone]] = -np.inf
    return scores
