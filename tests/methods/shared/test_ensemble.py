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
    targets = rng.normal(size=(3, 5)).astype(np.float32)
    weights = [torch.tensor(part.copy(), requires_grad=True) for part in model.weights]
    biases = [torch.tensor(part.copy(), requires_grad=True) for part in model.biases]
    state = torch.tensor(inputs).swapaxes(1, 2)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        state = weight @ state + bias
        state = torch.relu(state) if layer < 4 else state
    assert model.predict(inputs[0])[0] == pytest.approx(state[0, 0].detach().numpy(), abs=1e-6)
    (state[:, 0] - torch.tensor(targets)).abs().mean(dim=1).sum().backward()
    own_weights, own_biases = model.gradient(inputs, targets)
    for found, leaf in zip([*own_weights, *own_biases], [*weights, *biases], strict=True):
        assert found == pytest.approx(leaf.grad.numpy(), abs=1e-5)


def test_training_leaves_the_units_that_carry_biases_at_one() -> None:
    rng = np.random.default_rng(0)
    model = Ensemble(2, 3, 2, 4, rng)
    before = [layer[:, -1].copy() for layer in model._layers[:-1]]
    model.fit(rng.random((40, 3), dtype=np.float32), rng.random(40, dtype=np.float32), epochs=5, batch=16, rate=0.1)
    assert all(np.array_equal(layer[:, -1], old) for layer, old in zip(model._layers[:-1], before, strict=True))


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
