"""Mutants for the rounds of a predictor."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.predictor_rounds import mutants


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 40), st.integers(1, 3))
def test_mutants_are_new_distinct_and_near(seed: int, n: int, edits: int) -> None:
    space, rng = NasBench201(), np.random.default_rng(seed)
    parents = space.sample(rng, 3)
    taken = set(parents)
    found = mutants(space, rng, parents, taken, n, lambda: edits)
    assert len(set(found)) == len(found) < 2 * n + 1
    assert not taken & set(found)
    for child in found:
        assert min(sum(a != b for a, b in zip(child, parent, strict=True)) for parent in parents) <= edits
