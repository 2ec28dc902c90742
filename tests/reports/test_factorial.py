"""Variance shares: against the analysis of variance of a balanced design, and planted effects."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.formula.api import ols

from equipoise.reports.statistics.factorial import variance_shares

LEVELS = [{"proposal": p, "ranker": r} for p, r in product(("uniform", "mutation", "eda"), ("none", "gp"))]


def planted(effect: dict[str, float], tasks: int = 4, repeats: int = 30, noise: float = 0.1, seed: int = 0):
    rng = np.random.default_rng(seed)
    means = [sum(effect.get(level, 0.0) for level in entry.values()) for entry in LEVELS]
    return np.array(means)[:, None, None] + rng.normal(0, noise, (len(LEVELS), tasks, repeats))


def test_a_balanced_design_agrees_with_the_analysis_of_variance() -> None:
    values = planted({"mutation": 0.5, "gp": -1.0}, tasks=1, noise=1e-6)
    shares = variance_shares(values, LEVELS, resamples=20)
    frame = pd.DataFrame(LEVELS).assign(error=values[:, 0].mean(axis=1))
    table = sm.stats.anova_lm(ols("error ~ C(proposal) + C(ranker)", frame).fit())
    total = table["sum_sq"].sum()
    assert shares.main.value[0] == pytest.approx(table.loc["C(proposal)", "sum_sq"] / total, abs=1e-6)
    assert shares.main.value[1] == pytest.approx(table.loc["C(ranker)", "sum_sq"] / total, abs=1e-6)
    assert shares.factors == ("proposal", "ranker")


def test_shares_sum_to_one() -> None:
    shares = variance_shares(planted({"mutation": 0.5, "gp": -1.0}), LEVELS, resamples=20)
    assert shares.main.value.sum() + shares.pairs.value + shares.rest.value == pytest.approx(1.0)


def test_a_task_without_differences_has_no_shares_and_counts_in_none() -> None:
    values = planted({"gp": -1.0}, tasks=2)
    values[:, 1] = np.random.default_rng(4).normal(size=(1, 30))
    shares = variance_shares(values, LEVELS, resamples=50)
    assert np.isnan(shares.per_task[:, 1]).all()
    one = variance_shares(values[:, :1], LEVELS, resamples=50)
    np.testing.assert_allclose(shares.main.value, one.main.value)
    assert shares.main.value.sum() + shares.pairs.value + shares.rest.value == pytest.approx(1.0)
    assert np.isnan(variance_shares(values[:, 1:], LEVELS, resamples=50).main.value).all()


def test_noise_is_not_taken_for_an_effect() -> None:
    """With one real factor, the other's share is near zero although the cells differ by chance."""
    values = planted({"gp": -0.05}, repeats=20, noise=0.1, tasks=8, seed=3)
    shares = variance_shares(values, LEVELS, resamples=200)
    assert shares.main.value[1] > 0.6
    assert shares.main.low[0] < 0.1


def test_an_interaction_is_told_from_main_effects() -> None:
    cross = np.array([1.0 if (e["proposal"] == "eda") == (e["ranker"] == "gp") else -1.0 for e in LEVELS])
    values = cross[:, None, None] + np.random.default_rng(0).normal(0, 0.01, (6, 3, 10))
    shares = variance_shares(values, LEVELS, resamples=20)
    assert shares.pairs.value > 0.8


def test_an_unbalanced_design_gives_the_same_whatever_the_order_of_factors() -> None:
    values = planted({"mutation": 0.5, "gp": -1.0})[:5]
    one = variance_shares(values, LEVELS[:5], resamples=20)
    swapped = [{"ranker": e["ranker"], "proposal": e["proposal"]} for e in LEVELS[:5]]
    other = variance_shares(values, swapped, resamples=20)
    assert one.main.value == pytest.approx(other.main.value[::-1])


@pytest.mark.parametrize(
    ("levels", "match"),
    [
        (LEVELS[:3], "cells need as many"),
        ([{**e, "third": "same"} for e in LEVELS], "one level only"),
    ],
)
def test_designs_that_cannot_be_analysed_are_refused(levels: list[dict[str, str]], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        variance_shares(planted({}), levels)


def test_one_repeat_is_refused() -> None:
    with pytest.raises(ValueError, match="two repeats"):
        variance_shares(planted({})[:, :, :1], LEVELS)
