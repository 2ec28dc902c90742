"""A supernet in training."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch
from one_shot_runs import FEW, shared_weights
from torch.nn.functional import cross_entropy

from equipoise.harness.training.images import load
from equipoise.harness.training.supernet import mixture


def test_the_halves_are_disjoint_and_of_the_training_images_only() -> None:
    shared, images = shared_weights(), load("fashion14")
    assert not set(shared._train.tolist()) & set(shared._validation.tolist())
    assert len(shared._train) == len(shared._validation) == FEW // 2
    known = {row.tobytes() for row in images.x["train"]}
    batches = [part for pair in shared.epoch() for part in pair]
    back = np.rint((torch.cat([x for x, _ in batches]).numpy() * images.scale[1][0] + images.scale[0][0]) * 255)
    assert {row.tobytes() for row in back.astype(np.uint8)} <= known


def test_the_drift_is_what_the_optimiser_adds_to_the_gradient() -> None:
    shared = shared_weights(weight_decay=0.01, gradient_clip=None)
    alphas = [torch.zeros(6, 5)]
    batches = [training for training, _ in shared.epoch() for _ in range(3)]
    for batch in batches:
        weights = dict(shared.supernet.named_parameters())
        rate, drift = shared.rate, shared.drift()
        loss = cross_entropy(shared.supernet(batch[0], mixture(alphas)), batch[1])
        slopes = torch.autograd.grad(loss, list(weights.values()))
        expected = {n: w - rate * (drift[n] + g) for (n, w), g in zip(weights.items(), slopes, strict=True)}
        shared.step(batch, mixture(alphas), "mixture")
        for name, weight in shared.supernet.named_parameters():
            torch.testing.assert_close(weight, expected[name], rtol=1e-4, atol=1e-6)


def test_the_weights_learn() -> None:
    shared = shared_weights(learning_rate=0.1)
    path = shared.supernet.path((3, 3, 1, 3, 1, 3))
    batch = next(training for training, _ in shared.epoch())
    before = shared.loss(batch, path, "path").item()
    for _ in range(20):
        shared._done = 0  # the schedule stays at its top
        shared.step(batch, path, "path")
    assert shared.loss(batch, path, "path").item() < before / 2
