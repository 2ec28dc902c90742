"""Short runs of methods that several test files make."""

from dataclasses import replace

import numpy as np
from made import MadeTask
from plugins_for_tests import Epochs

from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Problem
from equipoise.harness.core.registry import load_method, load_task, problem_of, spaces
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Evaluation, Task
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201


def make_search(
    name: str, queries: int = 100, seed: int = 0, task: str = "nasbench201/cifar10", **settings: object
) -> Method:
    cls = load_method(name)
    return cls(problem_of(cls, load_task(task), Budget(queries=queries)), np.random.default_rng(seed), **settings)


def run_search(method: Method, task: str = "nasbench201/cifar10", queries: int = 100) -> Trajectory:
    return run_trial(method, load_task(task), Ledger(Budget(queries=queries)), lambda _: np.random.default_rng())


def make_on_proteins(name: str, task: str = "nasbench_graph/proteins", queries: int = 30, **settings: object) -> Method:
    return make_search(name, queries, 1, task, **settings)


def run_on_proteins(method: Method, task: str = "nasbench_graph/proteins", queries: int = 30) -> Trajectory:
    return run_search(method, task, queries)


LIBRARIES = {
    "tpe": {"n_startup": 5},
    "smac": {},
    "gp_bo": {"n_initial": 4, "arithmetic": "lean"},
}


class Distance:
    """A task with a known best architecture: the error is the share of decisions that differ from it."""

    info = replace(MadeTask.info, fidelities=())

    def __init__(self, space):
        self.space = space
        self.best = space.sample(np.random.default_rng(7), 1)[0]

    def evaluate(self, architecture, fidelity, rng):
        wrong = sum(a != b for a, b in zip(architecture, self.best, strict=True))
        return Evaluation(wrong / len(self.best), 1.0)


def make_library(name: str, space=None, seed: int = 0, queries: int = 9, **settings) -> Method:
    problem = Problem(space or NasBench201(), Budget(queries=queries))
    return load_method(name)(problem, np.random.default_rng(seed), **{**LIBRARIES[name], **settings})


def run_library(name: str, space=None, initial=(), queries: int = 9, **settings) -> Trajectory:
    space = space or NasBench201()
    method = make_library(name, space, queries=queries, **settings)
    return run_trial(method, Distance(space), Ledger(Budget(queries=queries)), np.random.default_rng, initial)


def proposals(trajectory: Trajectory) -> list[Architecture]:
    return trajectory.architecture


NB101, NB201, DARTS = NasBench101(), NasBench201(), Darts()


OPTIMISERS: dict[str, dict[str, object]] = {
    "tpe": {"n_startup": 5},
    "optuna": {},
    "smac": {},
    "gp_bo": {"n_initial": 6},
}


class HalfDistance(Distance):
    """The error is half of the share of decisions that differ from a known best."""

    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(super().evaluate(architecture, fidelity, rng).validation_error / 2, 1.0)


def make_encoded(name: str, space: SearchSpace, **settings: object) -> Method:
    problem = Problem(space, Budget(queries=12))
    return load_method(name)(problem, np.random.default_rng(0), **{**OPTIMISERS[name], **settings})


def run_encoded(method: Method, queries: int = 8) -> Trajectory:
    return run_trial(method, HalfDistance(method.space), Ledger(Budget(queries=queries)), np.random.default_rng)


PREDICTORS = {
    "bananas": {"epochs": 3, "depth": 2, "candidates": 20},
    "npenas": {"epochs": 2, "minibatch": 32, "candidates": 20},
    "gates": {"n_initial": 10, "epochs": 2, "population": 4, "tournament": 2, "steps": 6},
}


SPACES = [cls() for cls in spaces()]


def make_predictor(name: str, space: SearchSpace, queries: int = 30, seed: int = 0, **given: object) -> Method:
    problem = Problem(space, Budget(queries=queries))
    return load_method(name)(problem, np.random.default_rng(seed), **{**PREDICTORS[name], **given})


EPOCHS_TASK = Epochs()


def make_bracketed(name: str, seed: int = 0, **changed: object) -> Method:
    cls = load_method(name)
    return cls(problem_of(cls, EPOCHS_TASK, Budget(epochs=1000)), np.random.default_rng(seed), **changed)


def run_bracketed(name: str, epochs: int = 1000, seed: int = 0, **changed: object) -> Trajectory:
    return run_trial(
        make_bracketed(name, seed, **changed),
        EPOCHS_TASK,
        Ledger(Budget(epochs=epochs)),
        lambda _: np.random.default_rng(),
    )


def named(space: SearchSpace) -> str:
    return space.name


def run_generator(name: str, task: Task, queries: int, seed: int = 0, **settings: object) -> tuple[Method, Trajectory]:
    cls, budget = load_method(name), Budget(queries=queries)
    method = cls(problem_of(cls, task, budget), np.random.default_rng(seed), **settings)
    return method, run_trial(method, task, Ledger(budget), np.random.default_rng)


def assert_writes_valid_architectures(name: str, space: SearchSpace) -> None:
    """Of a generator without latents: far from what it learned, and around parents."""
    import torch

    rng = np.random.default_rng(0)
    generator = load_method(name)(Problem(space, Budget(queries=10)), rng).make()  # type: ignore[attr-defined]
    parents = space.sample(rng, 3)
    for drawn in (generator.sample(20, 3.0), generator.sample(20, 1.0, parents, fresh=0.0)):
        assert all(space.contains(cell) for cell in drawn)
    assert torch.isfinite(generator.loss(parents[:1] * 2, np.ones(2)))
