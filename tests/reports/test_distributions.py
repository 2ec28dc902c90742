"""Quantiles and tails against scipy.stats, which is too slow to load for a report."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from equipoise.reports.statistics.distributions import (
    chi2_tail,
    f_tail,
    mann_whitney_p,
    noncentral_t_cdf,
    normal_quantile,
    normal_tail,
    studentized_range_quantile,
    studentized_range_tail,
    t_quantile,
)


@pytest.mark.parametrize("count", [2, 3, 7, 20])
def test_studentized_range(count: int) -> None:
    values = np.array([0.01, 0.5, 1, 2, 3.3, 5, 8])
    np.testing.assert_allclose(
        studentized_range_tail(values, count), stats.studentized_range.sf(values, count, np.inf), atol=1e-10
    )
    expected = stats.studentized_range.ppf(0.95, count, np.inf)
    assert studentized_range_quantile(0.95, count) == pytest.approx(expected, rel=1e-9)


def test_t_normal_chi2_and_f() -> None:
    assert t_quantile(0.975, 7) == pytest.approx(stats.t.ppf(0.975, 7))
    assert normal_quantile(0.975) == pytest.approx(stats.norm.ppf(0.975))
    assert normal_tail(6.0) == pytest.approx(stats.norm.sf(6.0))
    assert chi2_tail(9.0, 3) == pytest.approx(stats.chi2.sf(9.0, 3))
    assert f_tail(4.0, 3, 17) == pytest.approx(stats.f.sf(4.0, 3, 17))
    assert noncentral_t_cdf(2.0, 10, 3.0) == pytest.approx(stats.nct.cdf(2.0, 10, 3.0))


@given(st.integers(1, 12), st.integers(1, 25), st.integers(0, 10_000), st.booleans())
def test_mann_whitney(m: int, n: int, seed: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=m), rng.normal(0.7, size=n)
    if tied:
        first, second = np.round(first), np.round(second)
    if m == n == 1 or np.ptp(np.concatenate([first, second])) == 0:
        return
    expected = stats.mannwhitneyu(first, second, alternative="two-sided").pvalue
    assert mann_whitney_p(first, second) == pytest.approx(expected, rel=1e-9)


def test_a_report_loads_neither_matplotlib_nor_scipy_stats() -> None:
    code = (
        "import sys, equipoise.reports.write as w; "
        "print([m for m in ('matplotlib', 'scipy.stats', 'torch', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
