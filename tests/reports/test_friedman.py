"""Friedman and Nemenyi, against scipy, scikit-posthocs, autorank and enumeration."""

import warnings
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from equipoise.reports.statistics.arrays import checked, midranks, repeat_counts, task_means
from equipoise.reports.statistics.friedman import friedman

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import autorank
    import scikit_posthocs


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    return np.round(rng.gamma(2, size=(7, 12)) + np.linspace(0, 2, 7)[:, None], 1)


def test_agrees_with_scipy(table):
    result = friedman(table)
    expected = stats.friedmanchisquare(*table)
    assert result.statistic == pytest.approx(expected.statistic)
    assert result.p_chi2 == pytest.approx(expected.pvalue)
    np.testing.assert_allclose(result.ranks, stats.rankdata(table, axis=0))


def test_iman_davenport_is_the_anova_of_ranks(table):
    """F is the two-way analysis of variance of the ranks, which also holds with ties."""
    result = friedman(table)
    ranks = stats.rankdata(table, axis=0)
    k, n = ranks.shape
    between = n * ((ranks.mean(axis=1) - (k + 1) / 2) ** 2).sum()
    within = ((ranks - ranks.mean(axis=1, keepdims=True)) ** 2).sum()
    f = (between / (k - 1)) / (within / ((k - 1) * (n - 1)))
    assert result.f_statistic == pytest.approx(f)
    assert result.p_value == pytest.approx(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))


def test_nemenyi_agrees_with_scikit_posthocs(table):
    np.testing.assert_allclose(
        friedman(table).pairwise_p, scikit_posthocs.posthoc_nemenyi_friedman(table.T).to_numpy(), atol=1e-6
    )


def test_critical_difference_agrees_with_autorank_and_demsar(table):
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ranked = autorank.autorank(
            pd.DataFrame(table.T, columns=list("abcdefg")), order="ascending", force_mode="nonparametric"
        )
    result = friedman(table)
    assert result.critical_difference == pytest.approx(ranked.cd, abs=1e-3)
    np.testing.assert_allclose(np.sort(result.mean_ranks), ranked.rankdf["meanrank"], atol=1e-12)
    # Demsar 2006, section 3.2.2: 4 methods, 14 tasks, q = 2.569.
    assert friedman(np.arange(56.0).reshape(4, 14)).critical_difference == pytest.approx(1.25, abs=0.005)


def test_worked_example_of_demsar():
    """JMLR 2006, table 6: C4.5 and its variants on 14 data sets; chi2 = 9.28, F = 3.69."""
    auc = [
        [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
    ]  # fmt: skip
    result = friedman(-np.array(auc).T)
    np.testing.assert_allclose(result.mean_ranks, [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    uncorrected = 12 * 14 / (4 * 5) * ((result.mean_ranks**2).sum() - 4 * 5**2 / 4)
    assert uncorrected == pytest.approx(9.28, abs=0.005)
    assert result.statistic > uncorrected  # ties, one task wholly tied


def exact_p(ranks):
    """Over all orders of the ranks within each task."""
    sums = np.array([np.sum(draw, axis=0) for draw in product(*(set(permutations(column)) for column in ranks.T))])
    spread = ((sums - sums.mean(axis=0)) ** 2).sum(axis=1)
    seen = ((ranks.sum(axis=1) - sums.mean(axis=0)) ** 2).sum()
    return np.mean(spread >= seen - 1e-9)


@pytest.mark.parametrize(("k", "n"), [(3, 2), (3, 3), (2, 5)])
def test_full_agreement_has_its_exact_p(k, n):
    table = np.tile(np.arange(k, dtype=float)[:, None], (1, n))
    result = friedman(table)
    assert result.p_value == pytest.approx(exact_p(result.ranks))
    assert result.f_statistic == np.inf


@pytest.mark.parametrize("tied", [False, True])
def test_few_tasks_are_judged_by_permutation(tied):
    table = np.array([[1.0, 1, 2, 1], [2.0, 3, 1, 2], [3.0, 2, 3, 3 - tied]])
    result = friedman(table)
    assert result.p_value == pytest.approx(exact_p(result.ranks), abs=0.02)
    assert result.f_p_value < result.p_value  # what F would have claimed


def test_groups_are_the_maximal_stretches():
    table = midranks(np.random.default_rng(0).normal(size=(6, 40)) + np.arange(6)[:, None] * 0.4)
    result = friedman(table)
    order = np.argsort(result.mean_ranks)
    stretches = [
        tuple(order[i:j].tolist())
        for i in range(6)
        for j in range(i + 2, 7)
        if np.ptp(result.mean_ranks[order[i:j]]) <= result.critical_difference
    ]
    maximal = [s for s in stretches if not any(set(s) < set(other) for other in stretches)]
    assert result.groups == tuple(maximal)
    assert len(result.groups) > 1


def test_missing_tasks_are_left_out_and_counted(table):
    holed = table.copy()
    holed[2, 4] = holed[5, 4] = holed[0, 7] = np.nan
    result = friedman(holed)
    whole = friedman(np.delete(table, [4, 7], axis=1))
    assert (result.tasks_used, result.tasks_dropped) == (10, 2)
    assert (result.statistic, result.p_value) == (whole.statistic, whole.p_value)
    assert np.isnan(result.ranks[:, [4, 7]]).all()


@pytest.mark.parametrize(
    "errors",
    [np.ones((4, 6)), np.arange(4.0)[:, None], np.zeros((1, 5)), np.full((3, 4), np.nan), np.empty((3, 0))],
    ids=["identical", "one task", "one method", "all missing", "no task"],
)
def test_no_evidence_is_p_1(errors):
    result = friedman(errors)
    assert result.p_value == 1
    assert np.isfinite([result.statistic, result.p_chi2, result.f_statistic]).all()
    assert np.isfinite(result.mean_ranks).all()
    assert (result.pairwise_p >= 0.05).all()
    assert result.groups == (() if len(errors) == 1 else (tuple(range(len(errors))),))


def test_two_methods():
    result = friedman([[1.0, 2, 3, 4, 5, 6, 7, 8], [2.0, 3, 4, 5, 6, 7, 8, 7]])
    assert result.p_value == pytest.approx(18 / 256, abs=0.01)  # the exact sign test: 7 or 8 of 8, either way
    # With two methods, Nemenyi is the normal form of the sign test: 7 of 8.
    assert result.pairwise_p[0, 1] == pytest.approx(2 * stats.norm.sf(6 / np.sqrt(8)), abs=1e-6)


@given(st.lists(st.lists(st.integers(0, 3) | st.none(), min_size=4, max_size=4), min_size=2, max_size=5))
def test_midranks_are_those_of_scipy(rows):
    values = np.array(rows, dtype=float).T
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = stats.rankdata(values, axis=0, nan_policy="omit")
    np.testing.assert_allclose(midranks(values), expected)


def test_means_over_unequal_repeats():
    values = [[[1.0, 3.0, np.nan], [np.nan] * 3], [[2.0, 2.0, 5.0], [1.0, np.nan, np.nan]]]
    np.testing.assert_allclose(task_means(values), [[2.0, np.nan], [3.0, 1.0]])
    assert repeat_counts(np.array(values)).tolist() == [[2, 0], [3, 1]]


def test_refuses_other_shapes_and_infinities():
    with pytest.raises(ValueError, match=r"methods x tasks, got shape \(3,\)"):
        friedman([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"infinite values; the first is at \(1, 0\)"):
        checked([[1.0, 2.0], [np.inf, np.nan]], "methods x tasks")
