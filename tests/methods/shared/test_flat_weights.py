"""Named weights in one flat array."""

import numpy as np
import pytest

from equipoise.methods._shared.flat_weights import FlatWeights

SHAPES = {"join": (4, 100), "join_bias": (100,), "place_table": (50, 40), "norm_gain": (3,)}


def test_weights_start_by_their_names() -> None:
    views = FlatWeights(SHAPES, np.random.default_rng(0), 0.1).views
    assert 0.45 < np.abs(views["join"]).max() <= 0.5
    assert (views["join_bias"] == 0).all()
    assert views["place_table"].std() == pytest.approx(0.3, abs=0.02)
    assert (views["norm_gain"] == 1).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_step_against_the_gradient_moves_the_views_and_one_that_is_not_finite_does_not(bad: float) -> None:
    weights = FlatWeights(SHAPES, np.random.default_rng(0), 0.1)
    weights.gradients["norm_gain"][:] = [2.0, 0.0, -2.0]
    weights.descend()
    assert weights.views["norm_gain"] == pytest.approx([0.9, 1.0, 1.1])
    before = weights.flat.copy()
    weights.gradients["join"][0, 0] = bad
    weights.descend()
    assert (weights.flat == before).all()
