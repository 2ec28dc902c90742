"""The worth of a training-free score on a task whose errors are all known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from equipoise.reports.statistics.arrays import Array

__all__ = ["TOP", "ScoreQuality", "best_of_top", "score_quality"]


TOP = (1, 10, 30, 100)
"""Numbers of highest scores that are looked at."""


@dataclass(frozen=True)
class ScoreQuality:
    """The worth of one score.

    Attributes:
        tau: Kendall's tau-b between score and accuracy over all architectures.
        tau_best: The same over the tenth of least error.
        regret: For each of `TOP`, the error of the best of so many highest scores, minus the least error of all: the
            expectation over the order of ties. NaN where there are fewer architectures.
    """

    tau: float
    tau_best: float
    regret: tuple[float, ...]


def score_quality(scores: Array, errors: Array, top: Sequence[int] = TOP) -> ScoreQuality:
    """The worth of a score that is to be large where the error is small.

    Args:
        scores: One per architecture; -inf where the score is not defined.
        errors: Expected errors, in the same order.
        top: Numbers of highest scores.
    """
    from scipy.stats import kendalltau, rankdata  # here, since it loads slowly

    ranks = rankdata(scores)  # of infinite values, too
    best = np.argsort(errors, kind="stable")[: max(2, len(errors) // 10)]
    return ScoreQuality(
        tau=float(kendalltau(ranks, -errors).statistic),
        tau_best=float(kendalltau(ranks[best], -errors[best]).statistic),
        regret=tuple(best_of_top(ranks, errors, count) - float(errors.min()) for count in top),
    )


def best_of_top(scores: Array, errors: Array, count: int) -> float:
    """The expected least error of the `count` highest scores, ties in random order; NaN if there are fewer.

    Of m drawn without replacement from t tied ones with errors e_1 <= ... <= e_t, the least is e_i with probability
    C(t - i, m - 1) / C(t, m).
    """
    if count > len(scores):
        return float("nan")
    limit = np.sort(scores)[-count]
    above, tied = errors[scores > limit], np.sort(errors[scores == limit])
    drawn, every = count - len(above), len(tied)
    place = np.arange(1, every - drawn + 2)
    log = _log_choose(every - place, drawn - 1) - _log_choose(np.array(every), drawn)
    least = np.minimum(tied[: len(place)], above.min(initial=np.inf))
    return float(np.exp(log) @ least)


def _log_choose(n: npt.NDArray[np.int64], k: int) -> Array:
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))
