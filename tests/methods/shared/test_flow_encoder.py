"""The graph encoder of GATES."""

import numpy as np
import pytest

from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201


def test_the_flow_ranker_learns_an_order() -> None:
    pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    from equipoise.methods._shared.flow_encoder import FlowRanker

    space, rng = NasBench201(), np.random.default_rng(0)
    cells = space.sample(rng, 90)
    errors = np.array([0.3 - cell.count(3) / 30 for cell in cells])
    model = FlowRanker(space, rng)
    model.fit(cells[:60], np.full(60, 0.1), 5)  # nothing to learn from ties
    model.fit(cells[:60], errors[:60], 50)
    assert np.corrcoef(model.score(cells[60:]), errors[60:])[0, 1] < -0.8


def test_padding_does_not_move_a_score() -> None:
    pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    from equipoise.methods._shared.flow_encoder import FlowRanker

    space, rng = NasBench101(), np.random.default_rng(0)
    cells = space.sample(rng, 40)
    model = FlowRanker(space, rng)
    alone = [float(model.score([cell])[0]) for cell in cells]
    assert model.score(cells) == pytest.approx(alone, abs=1e-5)
