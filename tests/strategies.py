"""Hypothesis strategies."""

import numpy as np
from hypothesis import strategies as st

from equipoise.harness.core.space import Architecture, SearchSpace


@st.composite
def architectures(draw: st.DrawFn, space: SearchSpace) -> Architecture:
    """Any architecture of a space, reached through its masks."""
    prefix: Architecture = ()
    while len(prefix) < len(space.decisions):
        legal = np.flatnonzero(space.legal(prefix)).tolist()
        prefix = (*prefix, draw(st.sampled_from(legal)))
    return prefix


def boxes(space: SearchSpace) -> st.SearchStrategy[Architecture]:
    """Any combination of options, legal or not."""
    return st.tuples(*(st.integers(0, width - 1) for width in space.cardinalities))
