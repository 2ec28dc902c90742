"""The low-rank table of probabilities."""

import pytest
from method_runs import SPACES, assert_writes_valid_architectures, named

from equipoise.harness.core.space import SearchSpace

pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_it_writes_valid_architectures_only(space: SearchSpace) -> None:
    assert_writes_valid_architectures("pairwise_eda", space)
