"""Adam in numpy, plain and without denormal numbers."""

import numpy as np
import pytest

from equipoise.methods._shared.adam import Adam
from equipoise.methods._shared.flushed_adam import PERIOD, FlushedAdam


@pytest.mark.parametrize("kind", [Adam, FlushedAdam])
@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.0, 0.9)])
def test_adam_is_that_of_torch(betas: tuple[float, float], kind: type[Adam] | type[FlushedAdam]) -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    rng = np.random.default_rng(0)
    weights = rng.normal(size=8).astype(np.float32)
    leaf = torch.tensor(weights.copy(), requires_grad=True)
    own, other = kind(weights, betas, 1e-7), torch.optim.Adam([leaf], lr=0.01, betas=betas, eps=1e-7)
    for _ in range(2 * PERIOD):
        gradient = rng.normal(size=8).astype(np.float32)
        own.step(gradient, 0.01)
        leaf.grad = torch.tensor(gradient)
        other.step()
    assert weights == pytest.approx(leaf.detach().numpy(), rel=1e-4, abs=1e-6)
