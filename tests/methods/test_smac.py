"""The adapter of SMAC3."""

from collections.abc import Callable

import numpy as np
import pytest
from method_runs import Distance, make_library, proposals, run_library

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.spaces.nasbench201 import NasBench201


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("smac", {"n_trees": 0}),
        ("smac", {"random_probability": 1.5}),
        ("smac", {"initial_ratio": 0.0}),
    ],
)
def test_a_bad_setting_is_refused_with_the_accepted_range(method: str, settings: dict) -> None:
    ((key, _),) = settings.items()
    with pytest.raises(SettingError, match=rf"{method}: {key} = .*accepted"):
        make_library(method, **settings)


class Tiny(NasBench201):
    """Two decisions of two options: four architectures."""

    name = "tiny"
    decisions = tuple(d._replace(options=d.options[:2]) for d in NasBench201.decisions[:2])


def test_when_smac_gives_up_the_budget_is_still_spent() -> None:
    space = Tiny()
    method = make_library("smac", space, queries=30)
    trajectory = run_trial(method, Distance(space), Ledger(Budget(queries=30)), np.random.default_rng)
    assert method.gave_up_after == 4
    assert len(trajectory) == 30
    assert set(proposals(trajectory)) == set(space.enumerate())


@pytest.mark.slow
def test_smac_grows_the_same_forest_as_at_the_library_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread and fewer reserved leaves change the time alone."""
    from smac import HyperparameterOptimizationFacade as Facade

    class Unchangeable(dict):
        def __setitem__(self, key: str, value: object) -> None:
            pass

    quick = proposals(run_library("smac", queries=24))
    original: Callable = Facade.get_model

    def as_the_library_has_it(scenario, **settings):
        model = original(scenario, **settings)
        model._rf_opts = Unchangeable(model._rf_opts)
        return model

    monkeypatch.setattr(Facade, "get_model", staticmethod(as_the_library_has_it))
    assert proposals(run_library("smac", queries=24)) == quick
