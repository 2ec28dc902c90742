"""Draws of the simulations, and counts of what an interval covers."""

import numpy as np

from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["FAMILIES", "METHODS", "REPEATS", "RESAMPLES", "TASKS", "Events", "holds", "noise"]

METHODS, TASKS, REPEATS = 7, 12, 30
RESAMPLES = 1_000
FAMILIES = ("baseline", "nas", "nas", "hpo", "hpo", "hpo", "hpo")

Events = dict[str, float]
"""The events of one simulated data set, or the share of its intervals that cover the truth. A name starts with the kind
of its nominal rate: < an upper bound, = a target, ~ shown for comparison."""


def noise(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> Array:
    """Errors of variance 1 (or near) and mean 0 (``tied``: at the optimum in four runs of ten, and rounded)."""
    if kind == "normal":
        return rng.normal(size=shape)
    skewed = rng.exponential(size=shape)
    return np.asarray(skewed - 1 if kind == "skewed" else np.round(np.maximum(skewed - 0.5, 0.0), 1))


def holds(estimate: Estimate, truth: float) -> float:
    """Share of intervals that include the truth."""
    return float(np.mean((estimate.low <= truth) & (truth <= estimate.high)))
