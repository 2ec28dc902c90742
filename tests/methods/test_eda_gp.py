"""The estimation-of-distribution control."""

import pytest
from method_runs import make_on_proteins

from equipoise.harness.core.errors import SettingError


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("eda_gp", {"floor": 1.5}),
        ("eda_gp", {"generation": 0}),
    ],
)
def test_bad_settings_are_refused(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        make_on_proteins(name, **bad)
