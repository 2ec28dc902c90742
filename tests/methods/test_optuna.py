"""Optuna's samplers by name."""

import numpy as np
import pytest
from method_runs import DARTS, NB101, NB201, make_encoded, make_on_proteins, run_on_proteins

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation, Query


@pytest.mark.parametrize("sampler", ["tpe", "gp", "cmaes", "random", "nsgaii", "qmc"])
def test_every_sampler_spends_its_budget_and_repeats(sampler: str) -> None:
    queries = 14 if sampler == "gp" else 40
    first, again = (
        run_on_proteins(make_on_proteins("optuna", queries=queries, sampler=sampler), queries=queries) for _ in range(2)
    )
    assert len(first) == queries
    assert first.architecture == again.architecture


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("optuna", {"sampler": "smac"}),
        ("optuna", {"options": {"no_such_option": 1}}),
    ],
)
def test_bad_settings_are_refused(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError):
        make_on_proteins(name, **bad)


def test_nasbench101_is_searched_in_the_encoding_of_the_published_studies_by_default() -> None:
    assert make_encoded("optuna", NB101)._parameters.encoding == NB101.default_encoding == "A"
    assert make_encoded("optuna", NB201)._parameters.encoding == NB201.default_encoding == "categorical"


def test_optuna_tells_its_sampler_what_was_active() -> None:
    method = make_encoded("optuna", DARTS, encoding="conditional")
    query = method.ask()
    method.tell(Observation(query, 0.3, 1.0))
    method.tell(Observation(Query(DARTS.sample(np.random.default_rng(0), 1)[0]), 0.3, 1.0))
    assert [len(trial.params) for trial in method._study.trials] == [6 + 16] * 2  # pairs, and two operations a node
