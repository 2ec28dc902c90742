"""Kernel and mean of a structural Gaussian process, learnt on evaluations of other tasks of the space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.harness.core.history import TaskHistory
from equipoise.methods._shared.gp import normal_scores
from equipoise.methods._shared.informed_process import InformedProcess
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_likelihood import Array, Inputs, NegativeLogPosterior
from equipoise.methods._shared.structural_process import NOISE_BOUNDS, STEPS, WEIGHT_BOUNDS

__all__ = ["LearntPrior", "learn"]

LEAST_TRUST = 0.1
"""The prior mean is used with this coefficient at least: no history is taken to be misleading throughout."""


@dataclass(frozen=True)
class LearntPrior:
    """Hyperparameters and a mean function.

    Attributes:
        theta: The logarithms of the hyperparameters, as `StructuralProcess` orders them.
        trust: The coefficient with which the mean function predicts the normal scores of a further task: the
            regression slope with one task left out at a time; 0.5 of a single task.
    """

    theta: Array
    trust: float
    _tasks: tuple[tuple[InformedProcess, Inputs, Array], ...]

    def mean(self, inputs: Inputs) -> Array:
        """The mean over the tasks of the posterior means of their normal scores; larger is better."""
        return np.asarray(np.mean([_posterior_mean(*task, inputs) for task in self._tasks], axis=0))


def learn(reader: InputReader, history: Sequence[TaskHistory]) -> LearntPrior:
    """Fits one set of hyperparameters to all tasks, by the sum of their log posteriors: the weak prior counts per task.

    Args:
        reader: Reads the space, which is that of every task.
        history: At least one task, of at least three evaluations each.
    """
    tasks = [(reader.read(list(told.architectures)), normal_scores(told.errors.tolist())) for told in history]
    losses = [NegativeLogPosterior(reader.layout, inputs, targets) for inputs, targets in tasks]

    def loss(theta: Array) -> tuple[float, Array]:
        found = [one(theta) for one in losses]
        return sum(value for value, _ in found), np.sum([gradient for _, gradient in found], axis=0)

    from scipy.optimize import minimize  # here: listing the methods needs none of scipy

    start = InformedProcess(reader.layout).theta
    bounds = [WEIGHT_BOUNDS] * (len(start) - 1) + [NOISE_BOUNDS]
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS}).x
    known = tuple((_conditioned(reader, theta, inputs), inputs, targets) for inputs, targets in tasks)
    return LearntPrior(theta, _trust(known), known)


def _conditioned(reader: InputReader, theta: Array, inputs: Inputs) -> InformedProcess:
    process = InformedProcess(reader.layout, centre=theta)
    process.condition(inputs)
    return process


def _posterior_mean(process: InformedProcess, seen: Inputs, targets: Array, inputs: Inputs) -> Array:
    coefficients, _ = process.solve(targets)
    return np.asarray(coefficients @ process.kernel(seen, inputs))


def _trust(tasks: Sequence[tuple[InformedProcess, Inputs, Array]]) -> float:
    if len(tasks) < 2:
        return 0.5
    slopes = []
    for out, (_, inputs, targets) in enumerate(tasks):
        others = [task for place, task in enumerate(tasks) if place != out]
        mean = np.mean([_posterior_mean(*task, inputs) for task in others], axis=0)
        centred = mean - mean.mean()
        slopes.append(float(centred @ targets) / max(float(centred @ centred), 1e-12))
    return max(LEAST_TRUST, float(np.mean(slopes)))
