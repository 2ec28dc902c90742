"""Average ranks, by enumeration and against the bootstrap."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from equipoise.reports.statistics.improvement import probability_of_improvement
from equipoise.reports.statistics.ranks import average_ranks


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=3), min_size=1, max_size=3))
def test_counts_all_combinations_of_runs(runs):
    values = np.full((len(runs), 1, 3), np.nan)
    for row, run in zip(values, runs, strict=True):
        row[0, : len(run)] = run
    expected = np.mean([stats.rankdata(draw) for draw in product(*runs)], axis=0)
    np.testing.assert_allclose(average_ranks(values).value, expected)


def test_two_methods_have_the_interval_of_improvement():
    values = np.random.default_rng(0).normal(size=(2, 3, 60)) + np.array([0.0, 0.3])[:, None, None]
    ranks, chances = average_ranks(values), probability_of_improvement(values, resamples=20_000)
    assert ranks.value[1] == pytest.approx(1 + chances.value[0, 1])
    assert ranks.low[1] == pytest.approx(1 + chances.low[0, 1], abs=0.02)
    assert ranks.high[1] == pytest.approx(1 + chances.high[0, 1], abs=0.02)


def test_tasks_that_do_not_vary_lend_no_degrees_of_freedom():
    """Twelve tasks without variance beside one: the interval is that of the one, drawn in by the mean."""
    values = np.random.default_rng(0).normal(size=(2, 13, 12))
    values[1, 1:] += 50.0
    alone, found = average_ranks(values[:, :1]), average_ranks(values)
    np.testing.assert_allclose(found.value - 1, (alone.value - 1 + np.array([0.0, 12.0])) / 13)
    assert found.high[0] - found.value[0] == pytest.approx((alone.high[0] - alone.value[0]) / 13)


def test_edges():
    values = np.random.default_rng(1).normal(size=(3, 2, 5))
    values[2, 1] = np.nan
    np.testing.assert_allclose(average_ranks(values).value, average_ranks(values[:, :1]).value)
    single = average_ranks(values[:, :1, :1])
    assert (single.low.tolist(), single.high.tolist()) == ([-np.inf] * 3, [np.inf] * 3)
    assert np.isnan(average_ranks(values[:, 1:]).value).all()
    constant = average_ranks(np.ones((3, 2, 4)))
    np.testing.assert_allclose([constant.value, constant.low, constant.high], 2)
    assert average_ranks(values[:1]).high.tolist() == [1]
