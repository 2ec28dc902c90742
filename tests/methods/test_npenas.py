"""NPENAS."""

import pytest
from method_runs import make_predictor

from equipoise.harness.core.errors import SettingError
from equipoise.harness.spaces.nasbench201 import NasBench201


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("npenas", {"variant": "gp"}),
        ("npenas", {"n_initial": 31}),
        ("npenas", {"batch": 0}),
        ("npenas", {"candidates": 0}),
        ("npenas", {"epochs": 0}),
        ("npenas", {"minibatch": 0}),
        ("npenas", {"learning_rate": 0.0}),
        ("npenas", {"scale": 0.0}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"{name}: {next(iter(bad))} = .*accepted: "):
        make_predictor(name, NasBench201(), **bad)
