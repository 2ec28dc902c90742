"""The worth of every training-free score that a task offers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from equipoise.harness.core.scores import SCORE
from equipoise.harness.core.task import Task
from equipoise.reports.statistics.score_quality import ScoreQuality, score_quality

__all__ = ["ScoreWorth", "score_worths"]

LARGEST = 2_000_000
"""No score is read of a larger space."""


@dataclass(frozen=True)
class ScoreWorth:
    """One score on one task.

    Attributes:
        price: Training equivalents for the scores of the whole space; 0 is free.
        undefined: Share of the space for which the score is not defined.
        quality: Its agreement with the errors, in the unit of the errors.
    """

    price: float
    undefined: float
    quality: ScoreQuality


def score_worths(task: Task) -> Mapping[str, ScoreWorth]:
    """The worth of each score that a task offers, by name; empty where not all errors of its space are known.

    Args:
        task: Its landscape and its scores are read.
    """
    if task.skip() is not None or not task.info.scores or task.space.size > LARGEST:
        return {}
    errors = task.landscape()
    if errors is None:
        return {}
    found, everything = {}, list(task.space.enumerate())
    for score in task.info.scores:
        reader = task.resource(SCORE + score.name)
        if reader is None:
            continue
        values = reader(everything)
        price, undefined = score.price * len(everything), float(np.isneginf(values).mean())
        found[score.name] = ScoreWorth(price, undefined, score_quality(values, errors))
    return found
