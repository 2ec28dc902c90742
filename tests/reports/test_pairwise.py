"""Wilcoxon, Holm, A12 and the marks, against scipy, statsmodels, scikit-posthocs and enumeration."""

import warnings
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from equipoise.reports.statistics.pairwise import a12, holm, magnitude, signed_rank_p, task_marks, wilcoxon

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import scikit_posthocs


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p):
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)


def test_holm_leaves_out_what_was_not_made():
    np.testing.assert_allclose(holm([[0.01, np.nan], [0.04, 0.03]]), [[0.03, np.nan], [0.06, 0.06]])


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=9))
def test_signed_rank_enumerates_all_signs(differences):
    """Ties and zeros (Pratt) included."""
    d = np.array(differences, dtype=float)
    ranks = stats.rankdata(np.abs(d)) * (d != 0)
    centre = ranks.sum() / 2
    far = abs(ranks[d > 0].sum() - centre)
    sums = np.array([ranks[np.array(signs)].sum() for signs in product([False, True], repeat=d.size)])
    assert signed_rank_p(d) == pytest.approx(np.mean(np.abs(sums - centre) >= far - 1e-9))


@pytest.mark.parametrize("n", [2, 5, 12, 40])
def test_signed_rank_agrees_with_scipy_exact(n):
    d = np.random.default_rng(n).normal(0.4, size=n)
    assert signed_rank_p(d) == pytest.approx(stats.wilcoxon(d, method="exact").pvalue, rel=1e-9)


def test_signed_rank_agrees_with_scipy_beyond_the_exact_range():
    d = np.round(np.random.default_rng(5).normal(0.2, size=150), 1)
    expected = stats.wilcoxon(d, zero_method="pratt", correction=True, method="asymptotic").pvalue
    assert signed_rank_p(d) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("d", [[], [0.0, 0.0], [3.0], [np.nan, np.nan]])
def test_signed_rank_without_evidence(d):
    assert signed_rank_p(d) == 1


def test_wilcoxon_agrees_with_scikit_posthocs():
    table = np.random.default_rng(2).normal(size=(5, 20)) + np.arange(5)[:, None] * 0.3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = scikit_posthocs.posthoc_wilcoxon(table, p_adjust="holm")
    result = wilcoxon(table)
    np.testing.assert_allclose(result.adjusted_p, expected.to_numpy(), atol=1e-12)
    np.testing.assert_allclose(result.median_difference, -result.median_difference.T)
    assert (result.tasks_used == 20).all()


def test_wilcoxon_with_missing_tasks():
    table = np.random.default_rng(2).normal(size=(3, 9))
    table[1, [2, 3]] = table[2, 3] = np.nan
    result = wilcoxon(table)
    keep = [0, 1, 4, 5, 6, 7, 8]
    assert result.p_values[0, 1] == signed_rank_p(table[0, keep] - table[1, keep])
    assert result.tasks_used.tolist() == [[9, 7, 8], [7, 7, 7], [8, 7, 8]]


def test_wilcoxon_where_nothing_can_be_said():
    for table in (np.ones((3, 8)), np.arange(3.0)[:, None], np.full((2, 4), np.nan), np.zeros((1, 4))):
        result = wilcoxon(table)
        assert (result.adjusted_p == 1).all()


repeats = st.lists(st.integers(0, 4) | st.none(), min_size=4, max_size=4)


@given(repeats, repeats)
def test_a12_counts_all_pairs(first, second):
    result = a12(np.array([[first], [second]], dtype=float))[:, :, 0]
    pairs = [(x, y) for x in first for y in second if x is not None and y is not None]
    if not pairs:
        assert np.isnan(result[0, 1])
    else:
        assert result[0, 1] == pytest.approx(np.mean([(x < y) + 0.5 * (x == y) for x, y in pairs]))
        assert result[0, 1] + result[1, 0] == pytest.approx(1)
        assert result[0, 0] == pytest.approx(0.5)


def test_a12_is_the_mann_whitney_u():
    x, y = np.random.default_rng(0).normal(size=(2, 30))
    u = stats.mannwhitneyu(y, x).statistic
    assert a12([[x], [y]])[0, 1, 0] == pytest.approx(u / 900)


def test_magnitudes():
    assert [magnitude(a) for a in (0.5, 0.56, 0.36, 0.71, 0.0)] == ["negligible", "small", "medium", "large", "large"]


def test_marks_the_best_and_its_equals():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(3, 2, 40)) + np.array([[[0.0], [2.0]], [[0.1], [0.0]], [[3.0], [2.1]]])
    result = task_marks(values)
    assert result.best.tolist() == [int(values[:2, 0].mean(axis=1).argmin()), 1]
    assert result.indistinguishable.tolist() == [[True, False], [True, True], [False, False]]
    raw = [stats.mannwhitneyu(values[i, 0], values[j, 0]).pvalue for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(result.adjusted_p[[0, 0, 1], [1, 2, 2], 0], multipletests(raw, method="holm")[1])


def test_marks_at_the_edges():
    values = np.full((3, 4, 5), np.nan)
    values[:, 0] = 1.0  # identical
    values[:, 1, 0] = [1.0, 2.0, 3.0]  # one repeat
    values[:2, 2] = [[1, 2, 3, 4, 5], [1, 2, 3, 4, np.nan]]  # a missing method, unequal repeats
    result = task_marks(values)  # and a task without any value
    assert result.best.tolist() == [0, 0, 1, -1]
    assert result.indistinguishable.T.tolist() == [[True] * 3, [True] * 3, [True, True, False], [False] * 3]
    assert np.isfinite(result.adjusted_p).all()
