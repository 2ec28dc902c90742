"""The densities of BOHB."""

import numpy as np
import pytest
from statsmodels.nonparametric.kernel_density import KDEMultivariate

from equipoise.harness.core.encoding import Parameter
from equipoise.methods._shared.kde import Density


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of statsmodels, about its own seeds
def test_densities_equal_those_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    parameters = [Parameter("a", "categorical", 3), Parameter("b", "float"), Parameter("c", "categorical", 4)]
    points = np.stack([rng.integers(3, size=40), rng.random(40), rng.integers(4, size=40)], axis=1).astype(float)
    ours = Density(points, parameters, 1e-3)
    theirs = KDEMultivariate(points, var_type="ucu", bw="normal_reference")
    hot = np.array([True, False, True])
    np.testing.assert_allclose(ours.bandwidth, np.where(hot, np.minimum(theirs.bw, [2 / 3, 1, 3 / 4]), theirs.bw))
    theirs.bw = ours.bandwidth
    places = np.stack([rng.integers(3, size=20), rng.random(20), rng.integers(4, size=20)], axis=1).astype(float)
    np.testing.assert_allclose(ours.at(places), theirs.pdf(places), rtol=1e-9)


def test_draws_follow_the_kernels() -> None:
    parameters = [Parameter("a", "categorical", 4), Parameter("b", "float")]
    density = Density(np.array([[1.0, 0.2], [1.0, 0.2], [1.0, 0.25]]), parameters, 0.1)
    drawn = density.draw(20_000, 1.0, np.random.default_rng(0))
    share = np.bincount(drawn[:, 0].astype(int), minlength=4) / 20_000
    np.testing.assert_allclose(share, [0.025, 0.925, 0.025, 0.025], atol=0.006)  # bandwidth 0.1, uniform over four
    assert ((drawn[:, 1] >= 0) & (drawn[:, 1] <= 1)).all()
    assert np.median(drawn[:, 1]) == pytest.approx(0.22, abs=0.02)
