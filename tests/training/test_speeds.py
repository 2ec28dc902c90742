"""Seconds of different hours, brought to one speed of the machine."""

import numpy as np
import pytest

from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.training.speeds import speeds

SPACE = NasBench201()


def made(count, pieces, noise=0.0):
    """Seconds of random cells whose operations multiply the cost, in pieces made at different speeds."""
    rng = np.random.default_rng(7)
    features = SPACE.encode(SPACE.sample(rng, count), "one-hot")
    piece = np.arange(count) * pieces // count
    slowness = np.exp(rng.normal(size=pieces) / 3)
    seconds = np.exp(features @ rng.random(features.shape[1]) + noise * rng.normal(size=count)) * slowness[piece]
    return seconds, features, piece, slowness / np.median(slowness)


def test_the_speed_of_each_piece_is_found_whatever_its_architectures_cost():
    seconds, features, piece, true = made(800, 101)
    np.testing.assert_allclose(speeds(seconds, features, piece), true, rtol=1e-9)


def test_noise_within_a_piece_is_averaged():
    seconds, features, piece, true = made(800, 100, noise=0.1)
    error = np.log(speeds(seconds, features, piece) / true)
    assert 0.02 < error.std() < 0.06  # 0.1 / sqrt(8), a little more for the operations that are estimated with it


def test_too_few_architectures_leave_the_seconds_as_measured():
    seconds, features, piece, _ = made(100, 13)
    assert (speeds(seconds, features, piece) == 1).all()


@pytest.mark.parametrize("factor", [0.25, 40.0])
def test_the_unit_of_the_seconds_does_not_matter(factor):
    seconds, features, piece, _ = made(800, 100, noise=0.1)
    np.testing.assert_allclose(speeds(seconds * factor, features, piece), speeds(seconds, features, piece), rtol=1e-9)
