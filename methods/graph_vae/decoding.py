"""From latents to architectures, decision by decision, through the space's legality mask."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from harness.space import Architecture
from methods.graph_vae.model import Vae

__all__ = ["decode"]


def decode(
    model: Vae,
    latents: Any,
    temperature: npt.NDArray[np.float32],
    masked: bool = True,
    keep: npt.NDArray[np.int64] | None = None,
) -> tuple[list[Architecture], npt.NDArray[np.float64]]:
    """Decodes B latents.

    The graph network runs on the partial graphs before each decision, or as often as `Layout.runs_from` says; where
    the mask leaves one option, nothing is computed.

    Args:
        model: Trained or not.
        latents: B x N x k.
        temperature: B divisors of the logits; towards 0 the likeliest option is taken.
        masked: Whether illegal options are masked. Without (an ablation), an architecture may be invalid; its graph is
            then read at its last legal prefix.
        keep: B x D options that are taken where they are legal; -1 where the decoder decides. None: it decides all.

    Returns:
        The architectures, and the log-probability of what the decoder decided of each, at temperature 1.
    """
    layout, reader, count = model.layout, model.reader, len(latents)
    codes: list[Architecture] = [()] * count
    broken = [False] * count
    read: list[Architecture] = [()] * count
    likelihood = np.zeros(count)
    with torch.no_grad():
        w = model.parameters.views()
        features: Any = None
        history = np.zeros((count, layout.own_columns), dtype=np.float32)
        for position, width in enumerate(layout.widths):
            masks = [
                np.ones(width, dtype=np.bool_) if bad else reader.legal(code)
                for code, bad in zip(codes, broken, strict=True)
            ]
            legal = np.stack(masks)
            if layout.runs_from[position] == position:
                features = None
                history[:] = 0.0
                read = [old if bad else code for old, code, bad in zip(read, codes, broken, strict=True)]
            rows = np.arange(count)
            kept = np.full(count, -1) if keep is None else keep[:, position]
            settled = (kept >= 0) & (legal[rows, kept] if masked else True)
            if masked and np.all(settled | (legal.sum(axis=1) == 1)):
                chosen = np.where(settled, kept, legal.argmax(axis=1))
            else:
                if features is None:
                    features = model.node_features(w, read, latents)
                since = torch.from_numpy(history) if layout.runs_from[position] != position else None
                start = layout.kind_offset[position]
                logits = model.logits(w, features, position, since)[:, start : start + width].numpy().astype(np.float64)
                if masked:
                    logits = np.where(legal, logits, -np.inf)
                logits -= logits.max(axis=1, keepdims=True)
                noisy = logits / temperature[:, None] + model.rng.gumbel(size=logits.shape)
                chosen = np.where(settled, kept, noisy.argmax(axis=1))
                stated = logits[rows, chosen] - np.log(np.exp(logits).sum(axis=1))
                likelihood += np.where(settled, 0.0, stated)
            history[rows, layout.own_offset[position] + chosen] = 1.0
            if not masked:
                broken = [bad or not mask[o] for bad, mask, o in zip(broken, masks, chosen, strict=True)]
            codes = [(*code, option) for code, option in zip(codes, chosen.tolist(), strict=True)]
    return codes, likelihood
