"""GATES."""

import pytest
from method_runs import make_predictor

from equipoise.harness.core.errors import SettingError
from equipoise.harness.spaces.nasbench201 import NasBench201


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("gates", {"n_initial": 31}),
        ("gates", {"batch": 0}),
        ("gates", {"population": 0}),
        ("gates", {"tournament": 21}),
        ("gates", {"epochs": 0}),
        ("gates", {"steps": 0}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"{name}: {next(iter(bad))} = .*accepted: "):
        make_predictor(name, NasBench201(), **bad)
