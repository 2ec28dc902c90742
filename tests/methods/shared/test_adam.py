"""Adam in numpy."""

import numpy as np
import pytest

from equipoise.methods._shared.adam import Adam


@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.0, 0.9)])
def test_adam_is_that_of_torch(betas: tuple[float, float]) -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    rng = np.random.default_rng(0)
    weights = rng.normal(size=8).astype(np.float32)
    leaf = torch.tensor(weights.copy(), requires_grad=True)
    own, other = Adam(weights, betas, 1e-7), torch.optim.Adam([leaf], lr=0.01, betas=betas, eps=1e-7)
    for _ in range(20):
        gradient = rng.normal(size=8).astype(np.float32)
        own.step(gradient, 0.01)
        leaf.grad = torch.tensor(gradient)
        other.step()
    assert weights == pytest.approx(leaf.detach().numpy(), rel=1e-4, abs=1e-6)
