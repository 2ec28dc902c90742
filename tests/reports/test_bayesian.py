"""The Bayesian signed-rank test, against baycomp and closed forms."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.reports.statistics.bayesian import bayesian_all_pairs, bayesian_signed_rank

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import baycomp


@pytest.mark.parametrize("rope", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_agrees_with_baycomp(rope, shift):
    first, second = np.random.default_rng(7).normal(size=(2, 12)) * 0.5
    second = second + shift
    ours = bayesian_signed_rank(first, second, rope)
    # baycomp scores are larger-is-better: its left (first larger) is our second. It has no ROPE of width 0.
    theirs = baycomp.SignedRankTest.sample(first, second, rope, nsamples=20_000, random_state=0)[:, ::-1]
    share_ties = np.array([[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1]])
    draws = ours.draws if rope else ours.draws @ share_ties
    np.testing.assert_allclose(draws.mean(axis=0), theirs.mean(axis=0), atol=0.005)
    np.testing.assert_allclose(draws.std(axis=0), theirs.std(axis=0), atol=0.005)
    if rope:
        share = np.bincount(theirs.argmax(axis=1), minlength=3) / len(theirs)
        np.testing.assert_allclose([ours.p_first, ours.p_rope, ours.p_second], share, atol=0.015)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=0, max_size=8), st.sampled_from([0.0, 0.5, 1.0]))
def test_draws_have_the_exact_mean(differences, rope):
    d = np.array(differences, dtype=float)
    result = bayesian_signed_rank(d, np.zeros_like(d), rope, samples=20_000)
    np.testing.assert_allclose(result.draws.mean(axis=0), result.mean, atol=0.02)
    assert result.p_first + result.p_rope + result.p_second == pytest.approx(1)
    assert result.draws.min() >= 0


def test_first_is_better_when_its_errors_are_smaller():
    result = bayesian_signed_rank(np.zeros(10), np.ones(10), 0.1)
    assert result.p_first > 0.99
    mirrored = bayesian_signed_rank(np.ones(10), np.zeros(10), 0.1)
    assert (mirrored.p_second, mirrored.p_first) == (result.p_first, result.p_second)


def test_a_difference_of_the_rope_is_equivalent():
    first = np.array([0.3, 0.4, 0.7])
    assert bayesian_signed_rank(first, first - 0.1, 0.1).p_rope == 1


@pytest.mark.parametrize("errors", [np.ones((2, 6)), np.full((2, 3), np.nan), np.empty((2, 0))])
def test_nothing_to_tell_apart_is_equivalence(errors):
    for rope in (0.0, 0.1):
        result = bayesian_signed_rank(*errors, rope)
        assert (result.p_first, result.p_rope, result.p_second) == (0, 1, 0)


def test_one_task():
    result = bayesian_signed_rank([0.0], [1.0], 0.1)
    # w w > 1/2 for w ~ Beta(1, 1/2), where only the point meets the point or the prior: 1 - (1 - w)^2 > 1/2.
    assert result.mean[0] == pytest.approx(1 - 0.5 * 1.5 / (1.5 * 2.5))
    assert result.tasks_used == 1


def test_all_pairs_leave_out_missing_tasks_and_repeat():
    table = np.random.default_rng(0).normal(size=(4, 9))
    table[2, 5] = np.nan
    result = bayesian_all_pairs(table, 0.1, samples=2000, seed=3, keep_draws=True)
    assert sorted(result) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert [result[pair].tasks_used for pair in sorted(result)] == [9, 8, 9, 8, 9, 8]
    alone = bayesian_signed_rank(table[0], table[2], 0.1, samples=2000, seed=3)
    np.testing.assert_allclose(result[0, 2].draws, alone.draws, rtol=0, atol=1e-14)
    assert bayesian_all_pairs(table, 0.1, samples=2000)[0, 2].draws.size == 0
    assert not np.array_equal(alone.draws, bayesian_signed_rank(table[0], table[2], 0.1, samples=2000, seed=4).draws)


def test_refuses():
    with pytest.raises(ValueError, match="half width >= 0; got -1"):
        bayesian_signed_rank([1.0], [2.0], -1)
    with pytest.raises(ValueError, match="samples must be >= 1"):
        bayesian_signed_rank([1.0], [2.0], 0.1, samples=0)
    with pytest.raises(ValueError, match="infinite"):
        bayesian_signed_rank([np.inf], [2.0], 0.1)
