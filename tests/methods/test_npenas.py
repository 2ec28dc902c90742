"""NPENAS."""

from typing import Any

import pytest
from method_runs import make_predictor

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.graph_isomorphism_network import Gin


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


@pytest.mark.parametrize("warm", [True, False])
def test_rounds_go_on_from_the_network_until_the_observations_have_doubled(
    warm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained: list[tuple[Gin, int]] = []
    fit = Gin.fit

    def recorded(self: Gin, *graphs: Any, epochs: int, **how: Any) -> None:
        trained.append((self, epochs))
        fit(self, *graphs, epochs=epochs, **how)

    monkeypatch.setattr(Gin, "fit", recorded)
    method = make_predictor("npenas", NasBench201(), n_initial=5, batch=5, epochs=7, warm_start=warm)
    for number in range(30):
        method.tell(Observation(method.ask(), number / 20, float("nan")))
    networks, passes = zip(*trained, strict=True)
    assert len({id(network) for network in networks}) == (3 if warm else 5)
    assert passes == ((7, 7, 3, 7, 3) if warm else (7,) * 5)
