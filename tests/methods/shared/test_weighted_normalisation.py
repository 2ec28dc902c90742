"""Batch normalisation over weighted rows."""

import numpy as np
import pytest

from equipoise.methods._shared.weighted_normalisation import TINY, WeightedNormalisation


def test_a_row_of_weight_k_counts_as_k_rows() -> None:
    rng, counts, hidden = np.random.default_rng(0), np.array([1, 3, 2, 6]), 5
    scale, shift = rng.normal(1, 0.3, (2, hidden)).astype(np.float32)
    normalisation = WeightedNormalisation(scale, shift, np.empty_like(scale), np.empty_like(scale))
    states = np.ones((len(counts), hidden + 1), dtype=np.float32)
    states[:, :-1] = rng.normal(2, 1, (len(counts), hidden))
    weight = (counts / counts.sum()).astype(np.float32)
    centred, out = np.empty_like(states), np.empty_like(states)
    normalisation.forward(states, weight, centred, out)
    rows = np.repeat(states[:, :-1], counts, axis=0)
    mean, variance = rows.mean(axis=0), rows.var(axis=0)
    assert out[:, :-1] == pytest.approx((states[:, :-1] - mean) / np.sqrt(variance + TINY) * scale + shift, abs=1e-5)
    assert (out[:, -1] == 0).all()

    normalisation.remember(12, 0.25)
    mean, variance = 0.25 * mean, 0.75 + 0.25 * variance * 12 / 11
    normalisation.forward(states, None, centred, out)
    assert out[:, :-1] == pytest.approx((states[:, :-1] - mean) / np.sqrt(variance + TINY) * scale + shift, abs=1e-5)
