"""The task that trains."""

import math
import os
import pickle
import signal
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch

from equipoise.harness.core.errors import DataError, PluginError, RunError, SettingError, SuiteError
from equipoise.harness.core.registry import load_task
from equipoise.harness.training import catalogue
from equipoise.harness.training.checkpoints import Checkpoint, Curve
from equipoise.harness.training.nasbench201 import PUBLISHED, build
from equipoise.harness.training.trainer import Trainer

CELL = (1, 0, 0, 2, 0, 4)
NAME = "training/nasbench201/fashion14,channels=2,batch_size=500,epochs=4"


@pytest.fixture
def task(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    return load_task(NAME)


@pytest.fixture
def epochs(monkeypatch):
    """Counts the epochs that are trained."""
    trained = []
    real = Trainer.epoch

    def epoch(self):
        trained.append(self.epochs_done + 1)
        return real(self)

    monkeypatch.setattr(Trainer, "epoch", epoch)
    return trained


def ask(task, fidelity):
    return task.evaluate(CELL, fidelity, np.random.default_rng())


def test_every_epoch_is_a_fidelity_and_no_epoch_is_trained_twice(task, epochs):
    assert task.info.fidelities == (1, 2, 3, 4)
    assert load_task("training/nasbench201/fashion14").info.fidelities == tuple(range(1, 9))
    low, high = ask(task, 1), ask(task, 3)
    assert ask(task, 1) == low
    assert ask(load_task(NAME), 2).cost_seconds < high.cost_seconds
    full = ask(pickle.loads(pickle.dumps(task)), None)
    assert epochs == [1, 2, 3, 4]
    assert full == ask(task, 4)
    assert task.reveal(CELL) == load_task(NAME).reveal(CELL) > 0
    assert epochs == [1, 2, 3, 4]


def test_what_is_continued_ends_where_one_training_would_have_ended(task, epochs):
    steps = [ask(task, fidelity).validation_error for fidelity in (1, 2, 3, 4)]
    test = task.reveal(CELL)
    again = load_task(NAME, ignore_cache=True)
    assert [ask(again, fidelity).validation_error for fidelity in (4, 3, 2, 1)] == steps[::-1]
    assert again.reveal(CELL) == test
    assert epochs == [1, 2, 3, 4] * 2


def test_a_training_that_is_cut_goes_on_from_its_last_epoch(task, epochs, monkeypatch):
    counted = Trainer.epoch

    def cut(self):
        if self.epochs_done == 2:
            raise KeyboardInterrupt
        return counted(self)

    monkeypatch.setattr(Trainer, "epoch", cut)
    with pytest.raises(KeyboardInterrupt):
        ask(task, None)
    monkeypatch.setattr(Trainer, "epoch", counted)
    ask(load_task(NAME), None)
    assert epochs == [1, 2, 3, 4]


KILLED = """
import os, signal
import numpy as np
from equipoise.harness.core.registry import load_task
from equipoise.harness.training.checkpoints import Checkpoint
write = Checkpoint.write
def killed(self, curve):
    if len(curve.validation_error) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, curve)
Checkpoint.write = killed
load_task({name!r}).evaluate({cell}, None, np.random.default_rng())
"""


def test_a_killed_process_leaves_whole_epochs(task, epochs):
    root = Path(load_task.__code__.co_filename).parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    ran = subprocess.run([sys.executable, "-c", KILLED.format(name=NAME, cell=CELL)], env=environment, check=False)
    assert ran.returncode == -signal.SIGKILL
    ask(task, None)
    assert epochs == [3, 4]


def test_a_damaged_checkpoint_is_trained_again(task, epochs):
    ask(task, 1)
    (file,) = task._folder.glob("*.pt")
    file.write_bytes(file.read_bytes()[:-100])
    ask(task, 2)
    assert epochs == [1, 1, 2]


def test_a_finished_network_leaves_its_curve_without_its_weights(task):
    ask(task, 1)
    checkpoint = Checkpoint(task._folder, task.space.format(CELL))
    assert checkpoint.read().state is not None
    ask(task, None)
    curve = checkpoint.read()
    assert curve.state is None
    assert len(curve.train_loss) == len(curve.validation_error) == len(curve.cost_seconds) == 4
    assert Checkpoint(task._folder, "another").read() == Curve()


def test_a_method_gets_no_test_images(task):
    given = task.resource("images")
    assert len(given.y["test"]) == len(given.x["test"]) == 0
    assert len(given.y["train"]) == 3000
    assert task.resource("graph") is None


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_a_network_too_large_for_the_memory_is_told_the_penalty(task, monkeypatch, error):
    def fail(self):
        raise error

    monkeypatch.setattr(Trainer, "epoch", fail)
    with pytest.warns(RuntimeWarning, match="told as an error of 1"):
        evaluation = ask(task, 2)
    assert evaluation.validation_error == task.info.penalty == 1.0
    assert evaluation.cost_seconds > 0
    monkeypatch.undo()
    assert ask(task, 1).validation_error < 1.0


@pytest.mark.parametrize(
    ("error", "raised", "said"),
    [
        (torch.AcceleratorError("CUDA error: unspecified launch failure", 1), RunError, "the device is lost"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), RuntimeError, "mat1 and mat2"),
    ],
)
def test_a_lost_device_and_a_mistake_are_clear_errors(task, epochs, monkeypatch, error, raised, said):
    ask(task, 1)
    counted = Trainer.epoch

    def fail(self):
        raise error

    monkeypatch.setattr(Trainer, "epoch", fail)
    with pytest.raises(raised, match=said):
        ask(task, 2)
    monkeypatch.setattr(Trainer, "epoch", counted)
    ask(task, 2)
    assert epochs == [1, 2]


def test_a_network_that_diverges_is_told_as_wrong_everywhere(task, monkeypatch):
    real = Trainer.epoch

    def diverge(self):
        with torch.no_grad():
            self.network.classifier.weight.fill_(math.nan)
        return real(self)

    monkeypatch.setattr(Trainer, "epoch", diverge)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ask(task, None).validation_error == task.info.penalty
    assert task.reveal(CELL) == 1.0


def test_the_darts_space_is_trained_too(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    task = load_task("training/darts/digits,channels=4,cells=3,epochs=2,batch_size=100,drop_path=0.2")
    if (reason := task.skip()) is not None:
        pytest.skip(reason)
    genotype = task.space.sample(np.random.default_rng(0), 1)[0]
    evaluation = task.evaluate(genotype, None, np.random.default_rng())
    assert 0 < evaluation.validation_error < 0.9
    assert evaluation.cost_seconds > 0


def test_the_darts_space_is_trained_with_few_channels(tmp_path, monkeypatch):
    """Its reductions read four channels, for which a convolution of stride 2 kills the process."""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    task = load_task("training/darts/digits,channels=2,cells=3,epochs=1,batch_size=100")
    if (reason := task.skip()) is not None:
        pytest.skip(reason)
    skips = tuple(
        task.space.decisions[d].options.index("skip_connect")
        if "skip_connect" in task.space.decisions[d].options
        else 0
        for d in range(len(task.space.decisions))
    )
    assert 0 < task.evaluate(skips, None, np.random.default_rng()).validation_error <= 1.0


@pytest.mark.parametrize("side", [7, 30])
def test_residual_reductions_halve_any_side(side):
    network = build((3, 0, 2, 1, 4, 3), replace(PUBLISHED, channels=4, cells=1), 1, 10)
    assert network(torch.zeros(2, 1, side, side))[0].shape == (2, 1, 10)


def test_fields_in_the_name_change_macro_architecture_and_configuration():
    task = load_task("training/nasbench201/cifar10,epochs=12,channels=8,nesterov=false,gradient_clip=5")
    macro, training = task._training
    assert (macro.channels, training.epochs, training.nesterov, training.gradient_clip) == (8, 12, False, 5.0)
    assert load_task("training/darts/cifar10")._training[1].epochs == 600
    path = load_task("training/darts/npz:/some, where/a.npz,epochs=3")._wanted
    assert path.images == "npz:/some, where/a.npz"


def test_a_file_of_images_is_read_once_a_task(tmp_path, monkeypatch):
    path, reads, read = tmp_path / "mine.npz", [], catalogue.read_npz
    monkeypatch.setattr(catalogue, "read_npz", lambda path: reads.append(path) or read(path))
    name = f"training/nasbench201/npz:{path}"
    assert load_task(name).skip() == f"needs {path}: no such file"
    assert load_task(name).info.data_digest == ""
    x, y = np.zeros((20, 8, 8), np.uint8), np.arange(20) % 2
    np.savez(path, train_x=x, train_y=y, test_x=x, test_y=y)
    task = load_task(name)
    assert reads == []
    assert task.skip() is None
    for _ in range(3):
        assert task.info.fidelities
        assert task.info.data_digest
        assert task.info.scores
        assert all(task.resource(what) is not None for what in ("images", "training", "parameters"))
    assert reads == [path]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="no readable image archive"):
        load_task(name).skip()


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("nb201/fashion14", SuiteError, "did you mean 'nasbench201'"),
        ("nasbench101/fashion14", SuiteError, "no networks of 'nasbench101'"),
        ("darts/fashion15", PluginError, "did you mean 'fashion14'"),
        ("fashion14", SuiteError, "expected training/SPACE/IMAGES"),
        ("darts/fashion14,epochs=2,epochs=3", SuiteError, "set twice"),
        ("darts/fashion14,chanels=2", SuiteError, "did you mean 'channels'"),
        ("darts/fashion14,cells=few", SuiteError, "'few' is not a whole number"),
        ("nasbench201/fashion14,nesterov=1", SuiteError, "not true or false"),
        ("nasbench201/fashion14,epochs=0", SettingError, "epochs = 0 is not a positive whole number"),
        ("nasbench201/fashion14,channels=0", SettingError, "channels = 0 is not positive"),
        ("nasbench201/fashion14,reduction=none", SettingError, "accepted"),
        ("nasbench201/fashion14,drop_path=0.3", SuiteError, "have no part that drop_path"),
        ("darts/fashion14,auxiliary=lots", SuiteError, "'lots' is not a number"),
        ("darts/fashion14,auxiliary_head=yes", SuiteError, "'yes' is not true or false"),
    ],
)
def test_names_that_say_nothing_are_one_clear_error(name, error, said):
    with pytest.raises(error, match=said):
        _ = load_task(f"training/{name}").info.fidelities


def test_a_device_that_is_not_here_is_a_reason_to_skip():
    if torch.cuda.is_available():
        pytest.skip("a GPU is here")
    task = load_task("training/nasbench201/fashion14,device=cuda")
    assert "needs a device 'cuda'" in task.skip()
    assert "no device to train on" in load_task("training/nasbench201/fashion14,device=tpu").skip()
    assert task.info.fidelities == ()
