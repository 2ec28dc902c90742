"""Expected improvement over a whole space."""

import numpy as np
import pytest
from method_runs import NB101, NB201, OPTIMISERS, make_encoded, make_on_proteins, run_encoded

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem, Query
from equipoise.harness.core.space import Decision
from equipoise.harness.spaces._declared import declared
from equipoise.methods._shared.whole_space_posterior import ListPosterior
from equipoise.methods.exact_gp import ExactGp


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


def test_a_small_space_with_a_large_grid_ends() -> None:
    """Each of 25 yes-or-no decisions matters only after a yes: 26 architectures on a grid of 33 million."""
    decisions = tuple(Decision(f"d{n}", ("no", "yes")) for n in range(25))
    space = declared("chain", decisions, {f"d{n}": {f"d{n - 1}": ("yes",)} for n in range(1, 25)})
    method = ExactGp(Problem(space, Budget(queries=40)), np.random.default_rng(0))
    for architecture in space.enumerate():
        method.tell(Observation(Query(architecture), float(np.mean(architecture)), 1.0))
    with pytest.raises(SearchEnded):
        method.ask()


def test_a_decision_of_thousands_of_options_has_no_kernel_matrix_of_its_own() -> None:
    space = declared("wide", (Decision("recipe", tuple(map(str, range(3_000)))),))
    method = ExactGp(Problem(space, Budget(queries=15)), np.random.default_rng(0), n_initial=3)
    asked = []
    for _ in range(15):
        query = method.ask()
        asked.append(query.architecture)
        method.tell(Observation(query, float(query.architecture[0]), 1.0))
    assert len(set(asked)) == 15
    assert isinstance(method._posterior, ListPosterior)
