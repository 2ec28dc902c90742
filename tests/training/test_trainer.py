"""Training: determinism, continuation, several replicas, and what it refuses."""

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch

from equipoise.harness.core.errors import DataError, SettingError
from equipoise.harness.training.augment import Draws, augmented
from equipoise.harness.training.configuration import EMBEDDED as CONFIGURATION
from equipoise.harness.training.configuration import NASBENCH201, TrainingConfiguration
from equipoise.harness.training.images import PARTS, load
from equipoise.harness.training.nasbench201 import EMBEDDED, build
from equipoise.harness.training.trainer import DeviceImages, Trainer

CELL = (3, 0, 2, 1, 4, 3)


@pytest.fixture(scope="module")
def images():
    full = load("fashion14")
    few = {"train": 200, "validation": 100, "test": 100}
    x = {part: full.x[part][: few[part]] for part in PARTS}
    return DeviceImages(replace(full, x=x, y={part: full.y[part][: few[part]] for part in PARTS}))


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trainer(images, configuration=CONFIGURATION, seeds=(1, 2), cell=CELL):
    return Trainer(build(cell, EMBEDDED, 1, 10, len(seeds)), configuration, images, seeds)


def test_equal_seeds_give_equal_bits(images):
    assert trainer(images).epoch()[:2] == trainer(images).epoch()[:2]


def test_other_seeds_give_other_networks(images):
    first, second = trainer(images).epoch().train_loss
    assert first != second


def test_a_restored_trainer_goes_on_as_if_it_had_never_stopped(images):
    whole = trainer(images)
    whole.epoch()
    state = whole.state()
    state = {**state, "network": {k: v.clone() for k, v in state["network"].items()}}
    import copy

    state = copy.deepcopy(state)
    rest = [whole.epoch()[:2] for _ in range(2)]
    resumed = trainer(images, seeds=(8, 9))
    resumed.restore(state)
    assert [resumed.epoch()[:2] for _ in range(2)] == rest


@pytest.mark.parametrize(
    "configuration", [CONFIGURATION, replace(CONFIGURATION, gradient_clip=0.5, crop=2, flip=True, cutout=4)]
)
def test_replicas_train_as_they_would_alone(images, configuration):
    short = replace(configuration, epochs=1, batch_size=100, learning_rate=0.01)
    together = trainer(images, short).epoch().train_loss
    alone = [trainer(images, short, (seed,)).epoch().train_loss[0] for seed in (1, 2)]
    assert together == pytest.approx(alone, rel=1e-5)


def test_a_network_that_diverges_is_told_as_wrong_everywhere_and_spares_its_neighbour(images):
    both = trainer(images)
    with torch.no_grad():
        both.network.classifier.weight[0] = math.nan
    epoch = both.epoch()
    assert epoch.validation_error[0] == 1.0
    assert math.isnan(epoch.train_loss[0])
    assert epoch.validation_error[1] < 1.0
    assert epoch.train_loss[1] == trainer(images).epoch().train_loss[1]


def test_a_batch_larger_than_the_data_is_refused(images):
    with pytest.raises(DataError, match="a batch of 201 is larger than the 200 training images"):
        trainer(images, replace(CONFIGURATION, batch_size=201))


@pytest.mark.parametrize("batch_size", [1, 199])
def test_a_batch_of_one_is_refused(images, batch_size):
    with pytest.raises(DataError, match="leave a batch of one"):
        trainer(images, replace(CONFIGURATION, batch_size=batch_size))


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": -1.0},
        {"warm_up": 1.0},
        {"crop": -1},
        {"cutout": -4},
        {"weight_decay": math.nan},
        {"momentum": -0.1},
        {"momentum": 0.0, "nesterov": True},
        {"gradient_clip": 0.0},
        {"final_learning_rate": math.inf},
    ],
)
def test_a_configuration_out_of_range_is_refused(change):
    with pytest.raises(SettingError, match=next(iter(change))):
        replace(CONFIGURATION, **change)


def test_the_rate_rises_falls_and_ends():
    configuration = TrainingConfiguration(epochs=1, batch_size=1, learning_rate=0.2, warm_up=0.15)
    rates = [configuration.rate(step, 1000) for step in range(1001)]
    assert rates[0] == 0.0
    assert max(rates) == rates[150] == pytest.approx(0.2)
    assert rates[1000] == pytest.approx(0.0)
    assert rates[575] == pytest.approx(0.1)
    assert NASBENCH201.rate(0, 10) == 0.1


def test_augmentation_equals_doing_it_image_by_image():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(6, 2, 8, 8)))
    crop, flip, cutout = rng.integers(0, 5, (6, 2)), rng.integers(0, 2, 6).astype(bool), rng.integers(0, 8, (6, 2))
    black = torch.tensor([-1.0, -2.0], dtype=torch.float64)[None, :, None, None]
    configuration = replace(CONFIGURATION, crop=2, flip=True, cutout=4)
    draws = Draws(torch.arange(6), *(torch.from_numpy(values) for values in (crop, flip, cutout)))
    result = augmented(x, draws, configuration, black).numpy()
    for i in range(6):
        padded = np.broadcast_to(black.numpy()[0], (2, 12, 12)).copy()
        padded[:, 2:10, 2:10] = x[i].numpy()
        top, left = crop[i]
        image = padded[:, top : top + 8, left : left + 8].copy()
        if flip[i]:
            image = image[:, :, ::-1].copy()
        y, z = cutout[i]
        image[:, max(0, y - 2) : y + 2, max(0, z - 2) : z + 2] = 0.0
        np.testing.assert_allclose(result[i], image)
