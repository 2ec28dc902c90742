"""Adam without denormal numbers."""

import numpy as np
import pytest

from equipoise.methods._shared.flushed_adam import PERIOD, FlushedAdam


@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.0, 0.9)])
def test_the_steps_are_those_of_torch(betas: tuple[float, float]) -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    rng = np.random.default_rng(0)
    weights = rng.normal(size=8).astype(np.float32)
    leaf = torch.tensor(weights.copy(), requires_grad=True)
    own, other = FlushedAdam(weights, betas, 1e-7), torch.optim.Adam([leaf], lr=0.01, betas=betas, eps=1e-7)
    for _ in range(2 * PERIOD):
        gradient = rng.normal(size=8).astype(np.float32)
        own.step(gradient, 0.01)
        leaf.grad = torch.tensor(gradient)
        other.step()
    assert weights == pytest.approx(leaf.detach().numpy(), rel=1e-4, abs=1e-6)


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
