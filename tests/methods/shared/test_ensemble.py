"""The ensemble of perceptrons."""

import numpy as np
import pytest

from equipoise.methods._shared.ensemble import Ensemble


def test_the_gradient_of_the_ensemble_is_that_of_autograd() -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    model = Ensemble(3, 7, 4, 6, rng)
    for bias in model.biases:
        bias[:] = rng.normal(0.0, 0.3, bias.shape)
    inputs = rng.normal(size=(3, 5, 7)).astype(np.float32)
    targets = rng.normal(size=(3, 5, 1)).astype(np.float32)
    own = model.gradient(inputs, targets)
    leaves = [torch.tensor(part, requires_grad=True) for part in (*model.weights, *model.biases)]
    weights, biases = leaves[:5], leaves[5:]
    state = torch.tensor(inputs)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        state = state @ weight + bias
        state = torch.relu(state) if layer < 4 else state
    (state - torch.tensor(targets)).abs().mean(dim=1).sum().backward()
    assert own == pytest.approx(np.concatenate([leaf.grad.numpy().ravel() for leaf in leaves]), abs=1e-5)


def test_the_ensemble_learns_and_its_members_differ() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 2, size=(60, 12)).astype(np.float32)
    targets = (inputs @ np.arange(12.0) / 10).astype(np.float32)
    model = Ensemble(4, 12, 3, 20, rng)
    before = np.abs(model.predict(inputs) - targets).mean()
    model.fit(inputs, targets, epochs=60, batch=16, rate=0.01)
    predicted = model.predict(inputs)
    assert np.abs(predicted - targets).mean() < 0.2 * before
    assert predicted.std(axis=0).min() > 0
