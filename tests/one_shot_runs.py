"""Short runs of the weight-sharing methods."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch

from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.training.configuration import TrainingConfiguration
from equipoise.harness.training.images import load
from equipoise.harness.training.weight_sharing import SharedWeights

TASK = load_task("nasbench201/cifar10")


FEW = 64


WHOLE = 8 * 3000
"""Image passes of a stand-alone training on fashion14: epochs times training images."""


def make_one_shot(name: str, budget: Budget | None = None, **settings: object) -> Method:
    cls = load_method(name)
    given = {**cls.check_settings, "most_images": FEW, **settings}
    problem = problem_of(cls, TASK, budget or Budget(queries=20), given)
    return cls(problem, np.random.default_rng(0), **given)


def run_one_shot(method: Method, task=TASK, budget: Budget | None = None) -> Trajectory:
    return run_trial(method, task, Ledger(budget or method.problem.budget), lambda _: np.random.default_rng(0))


def shared_weights(**changes: object) -> SharedWeights:
    settings = {"epochs": 4, "batch_size": 32, "learning_rate": 0.05, **changes}
    return SharedWeights(
        NasBench201(), load("fashion14"), TrainingConfiguration(**settings), torch.Generator().manual_seed(3), FEW
    )
