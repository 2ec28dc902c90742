"""Adam without denormal numbers."""

import numpy as np
import pytest

from equipoise.methods._shared.flushed_adam import FlushedAdam


def test_factors_multiply_the_rate_of_each_weight() -> None:
    weights = np.zeros(2, dtype=np.float32)
    FlushedAdam(weights).step(np.ones(2, dtype=np.float32), 0.1, np.array([1.0, 3.0], dtype=np.float32))
    assert weights == pytest.approx([-0.1, -0.3])


def test_moments_of_weights_without_a_gradient_end_at_zero() -> None:
    """Without the flush they stay denormal: nine tenths of the least one rounds to itself."""
    adam = FlushedAdam(np.zeros(3, dtype=np.float32), (0.9, 0.9))
    adam.step(np.array([1.0, 1e-3, 0.0], dtype=np.float32), 0.01)
    for _ in range(1000):
        adam.step(np.zeros(3, dtype=np.float32), 0.01)
    for moment in (adam.mean, adam.square):
        assert (moment == 0.0).all()
