"""The task that trains."""

import pickle

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch

from harness.errors import RunError
from harness.plugins import load_task

CELL = (1, 0, 0, 2, 0, 4)


@pytest.fixture
def task():
    return load_task("training/nasbench201/fashion14")


def ask(task, fidelity):
    return task.evaluate(CELL, fidelity, np.random.default_rng())


def test_every_epoch_is_a_fidelity_and_training_goes_on_from_a_checkpoint(task):
    assert task.fidelities == tuple(range(1, 9))
    low, high = ask(task, 1), ask(task, 3)
    assert task._curves[CELL].trainer.epochs_done == 3
    assert ask(task, 1) == low
    assert high.cost_seconds > low.cost_seconds > 0
    fresh = load_task(task.name)
    assert ask(fresh, 3).validation_error == high.validation_error


def test_a_copied_task_carries_no_networks(task):
    first = ask(task, 1)
    again = pickle.loads(pickle.dumps(task))
    assert again._curves == {}
    assert ask(again, 1).validation_error == first.validation_error


def test_a_method_gets_no_test_images(task):
    given = task.give("images")
    assert len(given.y["test"]) == len(given.x["test"]) == 0
    assert len(given.y["train"]) == 3000
    assert task.give("graph") is None


def test_a_lost_device_is_one_clear_error(task, monkeypatch):
    def fail(self):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr("harness.training.trainer.Trainer.epoch", fail)
    with pytest.raises(RunError, match="failed: CUDA out of memory"):
        ask(task, 1)
