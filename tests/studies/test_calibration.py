"""A reduced calibration: the full one is ``python -m studies.calibration``."""

import pytest

from studies.calibration.rates import STUDIES, Check, calibrate


@pytest.mark.parametrize("study", STUDIES)
def test_promises_are_kept(study):
    """Few data sets: only a gross breach shows here, and 4 standard errors keep chance out of it."""
    checks = calibrate(study, draws=20)
    assert [check.name for check in checks if not check.kept(4.0)] == []


def test_a_breach_is_seen():
    assert not Check("s", "c", 0.95, 0.90, 1000, bound=False, aside=False).kept()
    assert not Check("s", "c", 0.05, 0.08, 1000, bound=True, aside=False).kept()
    assert Check("s", "c", 0.05, 0.00, 1000, bound=True, aside=False).kept()
    cluster_bootstrap = calibrate("known families, 2 clusters", draws=40)[-1]
    assert cluster_bootstrap.aside
    assert cluster_bootstrap.observed < 0.8
