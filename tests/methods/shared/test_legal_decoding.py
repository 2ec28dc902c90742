"""Decoding scores into architectures."""

import numpy as np
import pytest

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph
from equipoise.methods._shared.legal_decoding import highest_legal


@pytest.mark.parametrize("space", [NasBench101(), NasBench201(), NasBenchGraph()], ids=lambda space: space.name)
def test_each_decision_takes_the_legal_option_that_scores_highest(space: SearchSpace) -> None:
    widths = space.cardinalities
    scores = np.random.default_rng(0).normal(size=(len(widths), max(widths), 200))
    scores[-4:, -1, :50] = 9.0  # four skips are illegal in NAS-Bench-Graph
    decoded = highest_legal(space, scores)
    assert all(map(space.contains, decoded))
    for number, architecture in enumerate(decoded):
        for position, option in enumerate(architecture):
            mask = space.legal(architecture[:position])
            own = scores[position, : len(mask), number]
            assert own[option] == own[mask].max()
