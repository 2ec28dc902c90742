"""From latents to architectures, decision by decision, through the space's legality mask."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from equipoise.harness.core.space import Architecture
from equipoise.methods.graph_vae.model import Vae

__all__ = ["decode"]


def decode(
    model: Vae,
    latents: Any,
    temperature: npt.NDArray[np.float32],
    masked: bool = True,
    keep: npt.NDArray[np.int64] | None = None,
) -> tuple[list[Architecture], npt.NDArray[np.float64]]:
    """Decodes B latents.

    The graph network runs on the partial graph before each decision, or as often as `Layout.runs_from` says, for the
    architectures whose decision is open: where one option is kept, or the mask leaves one, nothing is computed.

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
        features = torch.empty(count, reader.nodes, model.hidden + model.latent)
        ready = np.zeros(count, dtype=np.bool_)
        history = np.zeros((count, layout.own_columns), dtype=np.float32)
        rows = np.arange(count)
        for position, width in enumerate(layout.widths):
            if any(broken):
                anything = np.ones(width, dtype=np.bool_)
                masks = [anything if bad else reader.legal(code) for code, bad in zip(codes, broken, strict=True)]
            else:
                masks = reader.masks(codes)
            legal = np.concatenate(masks).reshape(count, width)
            if layout.runs_from[position] == position:
                ready[:] = False
                history[:] = 0.0
                read = [old if bad else code for old, code, bad in zip(read, codes, broken, strict=True)]
                block = [p for p in range(position, len(layout.widths)) if layout.runs_from[p] == position]
                foreseen = rows if keep is None else np.flatnonzero((keep[:, block] < 0).any(axis=1))
            kept = np.full(count, -1) if keep is None else keep[:, position]
            settled = (kept >= 0) & (legal[rows, kept] if masked else True)
            chosen = np.where(settled, kept, legal.argmax(axis=1))
            open_rows = np.flatnonzero(~settled & (legal.sum(axis=1) > 1) if masked else ~settled)
            if len(open_rows):
                if not ready[open_rows].all():
                    fresh = np.flatnonzero(~ready & np.isin(rows, np.concatenate([foreseen, open_rows])))
                    picked = torch.from_numpy(fresh)
                    features[picked] = model.node_features(w, [read[row] for row in fresh], latents[picked])
                    ready[fresh] = True
                picked = torch.from_numpy(open_rows)
                since = torch.from_numpy(history[open_rows]) if layout.runs_from[position] != position else None
                start = layout.kind_offset[position]
                logits = model.logits(w, features[picked], position, since)[:, start : start + width]
                likely = logits.numpy().astype(np.float64)
                if masked:
                    likely = np.where(legal[open_rows], likely, -np.inf)
                likely -= likely.max(axis=1, keepdims=True)
                noisy = likely / temperature[open_rows, None] + model.rng.gumbel(size=likely.shape)
                decided = chosen[open_rows] = noisy.argmax(axis=1)
                stated = likely[np.arange(len(decided)), decided] - np.log(np.exp(likely).sum(axis=1))
                likelihood[open_rows] += stated
            history[rows, layout.own_offset[position] + chosen] = 1.0
            if not masked:
                broken = [bad or not mask[o] for bad, mask, o in zip(broken, masks, chosen, strict=True)]
            codes = [(*code, option) for code, option in zip(codes, chosen.tolist(), strict=True)]
    return codes, likelihood
