"""Verdicts in plain words, from intervals: who is better, by how much, how surely."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from equipoise.reports.phrases import number
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["FAMILY_WORDS", "Verdict", "judged", "ratio_words", "verdict_words"]

FAMILY_WORDS = {
    "nas": "NAS-specialised methods",
    "hpo": "general hyperparameter optimisers",
    "one-shot": "weight-sharing methods",
    "baseline": "baselines",
}

Verdict = Literal["first", "second", "equal", "unclear"]


@dataclass(frozen=True)
class Judgement:
    """Conclusion that the interval of a difference allows.

    Attributes:
        verdict: Which side is better; ``equal`` if the interval lies within the region of practical equivalence and
            includes zero; ``unclear`` otherwise.
        small: Whether the whole interval lies within the region of practical equivalence.
    """

    verdict: Verdict
    small: bool


def judged(low: float, high: float, rope: float) -> Judgement:
    """Judges the difference first - second in error: below zero favours the first.

    Args:
        low: Lower end of the interval.
        high: Upper end.
        rope: Half width of the region of practical equivalence.
    """
    small = bool(-rope <= low and high <= rope)
    if np.isnan(low) or np.isnan(high):
        return Judgement("unclear", False)
    if high < 0:
        return Judgement("first", small)
    if low > 0:
        return Judgement("second", small)
    return Judgement("equal" if small else "unclear", small)


def verdict_words(estimate: Estimate, rope: float, first: str = "NAS", second: str = "HPO") -> str:
    """The judgement in a few words, for a table."""
    judgement = judged(float(estimate.low), float(estimate.high), rope)
    words = {
        "first": f"{first} better",
        "second": f"{second} better",
        "equal": "equal in practice",
        "unclear": "cannot tell",
    }[judgement.verdict]
    return f"{words}, small" if judgement.small and judgement.verdict in ("first", "second") else words


def ratio_words(log_ratio: float, low: float, high: float) -> str:
    """A ratio of queries with its interval, from their logarithms: ``1.8× [1.5, 2.1]``."""
    point, ends = _ratio(log_ratio), f"[{_ratio(low)}, {_ratio(high)}]"
    if np.isinf(low) and np.isinf(high):
        ends = "[no interval]"
    return f"{point}×" if np.isnan(low) or np.isnan(high) else f"{point}× {ends}"


def _ratio(log: float) -> str:
    with np.errstate(over="ignore"):
        value = float(np.exp(log))
    return number(value, 2 if value < 10 else 1 if value < 100 else 0)
