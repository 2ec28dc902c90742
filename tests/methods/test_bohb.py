"""BOHB."""

import pytest
from method_runs import make_bracketed

from equipoise.harness.core.errors import SettingError
from equipoise.methods._shared.brackets import rungs

POWERS = (1, 3, 9, 27, 81)


def test_brackets_of_bohb_are_those_of_its_code() -> None:
    found = [rungs(POWERS, s, published=False) for s in (4, 3, 2, 1, 0)]
    assert found == [[81, 27, 9, 3, 1], [27, 9, 3, 1], [9, 3, 1], [6, 2], [5]]


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("bohb", {"random_share": 1.5}),
        ("bohb", {"top_share": 0.0}),
        ("bohb", {"n_candidates": 0}),
        ("bohb", {"bandwidth_factor": 0.0}),
        ("bohb", {"least_bandwidth": 0.7}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    ((key, _),) = bad.items()
    with pytest.raises(SettingError, match=rf"{name}: {key} = .*accepted: "):
        make_bracketed(name, **bad)
