"""Expected improvement over a whole space."""

import pytest
from method_runs import NB101, NB201, OPTIMISERS, make_encoded, make_on_proteins, run_encoded

from equipoise.harness.core.errors import SettingError


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("exact_gp", {"n_initial": 0}),
        ("exact_gp", {"growth": 1.0}),
        ("exact_gp", {"targets": "ranks"}),
    ],
)
def test_bad_settings_are_refused(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        make_on_proteins(name, **bad)


@pytest.mark.parametrize("kind", ["one-hot", "adjacency", "path"])
def test_exact_gp_compares_any_encoding(kind: str) -> None:
    OPTIMISERS["exact_gp"] = {"n_initial": 4}
    trajectory = run_encoded(make_encoded("exact_gp", NB201, encoding=kind))
    assert set(trajectory.status) == {"ok"}
    with pytest.raises(SettingError, match=r"encoding = 'path' has 364 columns; accepted: up to 256"):
        make_encoded("exact_gp", NB101, encoding="path")
