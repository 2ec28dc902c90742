"""The mutation control."""

import pytest
from method_runs import make_on_proteins

from equipoise.harness.core.errors import SettingError


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("mutation_gp", {"edits": 0}),
        ("mutation_gp", {"pool": 3}),
    ],
)
def test_bad_settings_are_refused(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        make_on_proteins(name, **bad)
