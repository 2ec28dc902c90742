"""Power, against statsmodels and simulation."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from equipoise.reports.statistics.families import compare_families
from equipoise.reports.statistics.power import (
    contrast,
    detectable_effect,
    family_weights,
    plan,
    power_of,
    repeats_needed,
)


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(size=(3, 2, 30)) * np.array([1.0, 2.0, 0.5])[:, None, None]


def test_power_agrees_with_statsmodels():
    for effect, n, alpha in ((0.2, 10, 0.05), (0.8, 30, 0.05), (1.5, 4, 0.01), (0.0, 9, 0.05)):
        expected = TTestIndPower().power(effect, n, alpha)
        assert power_of(effect * np.sqrt(n / 2), 2 * n - 2, alpha) == pytest.approx(expected, abs=1e-9)


def test_detectable_effect_and_repeats_agree_with_statsmodels():
    n = 30
    effect = detectable_effect(np.sqrt(2 / n), 2 * n - 2, 0.8)
    assert effect == pytest.approx(TTestIndPower().solve_power(nobs1=n, alpha=0.05, power=0.8), rel=1e-5)
    sample = np.array([[[0.0, 1.0, 2.0]], [[5.0, 6.0, 7.0]]])  # variances 1
    for size in (0.3, 1.0, 3.0):
        expected = np.ceil(TTestIndPower().solve_power(effect_size=size, alpha=0.05, power=0.9))
        assert repeats_needed(sample, [[1.0], [-1.0]], size, 0.9) == expected


def test_the_detectable_effect_has_the_power():
    freedom = np.array([1.0, 1.5, 4.0, 29.0, 1e4, np.inf])
    for power, alpha in ((0.8, 0.05), (0.95, 1e-4)):
        effect = detectable_effect(np.ones(6), freedom, power, alpha)
        np.testing.assert_allclose(power_of(effect, freedom, alpha), power, rtol=1e-6)
    assert np.isnan(detectable_effect([np.nan, 1.0], [3.0, np.nan])).all()


def test_contrast_is_welch(values):
    se, df = contrast(values, [[1, 0], [-1, 0], [0, 0]])
    welch = stats.ttest_ind(values[0, 0], values[1, 0], equal_var=False)
    assert df == pytest.approx(welch.df)
    assert (values[0, 0].mean() - values[1, 0].mean()) / se == pytest.approx(welch.statistic)


def test_family_weights_give_the_overall_effect(values):
    families, clusters = ["nas", "hpo", "hpo"], ["a", "b"]
    answer = compare_families(values, families, clusters, resamples=5)
    weights = family_weights(families, clusters)
    assert (weights * values.mean(axis=2)).sum() == pytest.approx(answer.mean.overall.value)
    with pytest.raises(ValueError, match="both need a method"):
        family_weights(["nas", "nas"], clusters)


def test_plan(values):
    result = plan(values, effect=0.5)
    assert result.alpha == pytest.approx(0.05 / 3)
    assert result.detectable_per_task.shape == (3, 3, 2)
    se, df = contrast(values, [[1, 0], [-1, 0], [0, 0]])
    expected = detectable_effect(se / np.sqrt(3 / np.pi), df, 0.8, 0.05 / 3)
    assert result.detectable_per_task[1, 0, 0] == pytest.approx(expected)
    assert (result.detectable_overall[~np.eye(3, dtype=bool)] > 0).all()
    n = result.repeats_overall[0, 1]
    spread = np.sqrt(values.var(axis=2, ddof=1)[:2].sum() / 4)
    assert power_of(0.5 * np.sqrt(n) / spread, 2 * n, 0.05 / 3) > 0.8
    assert plan(values).repeats_per_task is None


def test_tasks_weigh_in_a_plan_as_they_are_told(values):
    se, df = contrast(values, [[0.9, 0.1], [-0.9, -0.1], [0, 0]])
    expected = detectable_effect(se, df, 0.8, 0.05 / 3)
    assert plan(values, weights=[0.9, 0.1]).detectable_overall[1, 0] == pytest.approx(expected)
    np.testing.assert_allclose(plan(values).detectable_overall, plan(values, weights=[0.5, 0.5]).detectable_overall)


def test_the_planned_repeats_have_the_power():
    """Mann-Whitney on normal errors with the planned repeats finds the effect as often as promised."""
    rng = np.random.default_rng(1)
    pilot = rng.normal(size=(2, 1, 100_000))
    n = int(plan(pilot, effect=0.8).repeats_per_task[0, 1, 0])
    x, y = rng.normal(size=(2, 4000, n))
    found = np.mean(stats.mannwhitneyu(x, y + 0.8, axis=1).pvalue < 0.05)
    assert 0.78 < found < 0.83


def test_unknown_and_absent_variance(values):
    values[2, 1, 1:] = np.nan
    values[0, 0] = values[1, 0] = 1.0
    result = plan(values, effect=0.1)
    assert np.isnan(result.detectable_per_task[0, 2, 1])
    assert np.isnan(result.repeats_overall[1, 2])
    assert result.detectable_per_task[0, 1, 0] == 0
    assert result.repeats_per_task[0, 1, 0] == 2
    assert plan(values[:1]).detectable_overall.shape == (1, 1)


def test_out_of_reach_is_infinite(values):
    assert repeats_needed(values, [[1, 0], [-1, 0], [0, 0]], 1e-6) == np.inf


def test_refuses(values):
    with pytest.raises(ValueError, match="alpha < power"):
        plan(values, power=0.01)
    with pytest.raises(ValueError, match="other than 0"):
        plan(values, effect=0.0)
