"""The adapter of hyperopt."""

import numpy as np
import pytest
from method_runs import DARTS, make_encoded, make_library, run_encoded

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation, Query


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("tpe", {"n_startup": 0}),
        ("tpe", {"n_candidates": 0}),
        ("tpe", {"gamma": 0.0}),
        ("tpe", {"prior_weight": -1.0}),
    ],
)
def test_a_bad_setting_is_refused_with_the_accepted_range(method: str, settings: dict) -> None:
    ((key, _),) = settings.items()
    with pytest.raises(SettingError, match=rf"{method}: {key} = .*accepted"):
        make_library(method, **settings)


def test_hyperopt_draws_only_what_is_active() -> None:
    method = make_encoded("tpe", DARTS, encoding="conditional")
    run_encoded(method)
    for cell in DARTS.sample(np.random.default_rng(0), 2):
        method.tell(Observation(Query(cell), 0.3, 1.0))
    assert len(method._trials.miscs) == 10
    for misc in method._trials.miscs:
        assert sum(map(len, misc["vals"].values())) == 6 + 16
