"""General optimisers in the encodings of a space: what they propose is what the space reads from their values."""

import json
from pathlib import Path

import numpy as np
import pytest

from equipoise.harness.core.errors import SettingError, SpaceError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.registry import load_method
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import Evaluation
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.engine.session import run_suite
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.gp import HammingProcess
from equipoise.methods._shared.parameters import Parameters

NB101, NB201, DARTS = NasBench101(), NasBench201(), Darts()
SETTINGS: dict[str, dict[str, object]] = {"tpe": {"n_startup": 5}, "optuna": {}, "smac": {}, "gp_bo": {"n_initial": 6}}
CASES = [
    *[(name, space, kind) for name in ("tpe", "optuna") for space, kind in ((NB101, "C"), (DARTS, "conditional"))],
    ("tpe", NB201, "one-hot"),
    ("optuna", NB201, "integer"),
    ("optuna", NB101, "masked"),
    ("smac", DARTS, "conditional"),
    ("gp_bo", NB201, "one-hot"),
]


class Landscape:
    """The error is the share of decisions that differ from a known best."""

    fidelities = ()
    penalty = 1.0

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        (self.best,) = space.sample(np.random.default_rng(7), 1)

    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(np.mean(np.not_equal(architecture, self.best)) / 2, 1.0)


def make(name: str, space: SearchSpace, **settings: object) -> Method:
    problem = Problem(space, Budget(queries=12))
    return load_method(name)(problem, np.random.default_rng(0), **{**SETTINGS[name], **settings})


def search(method: Method, queries: int = 8) -> Trajectory:
    return run_trial(method, Landscape(method.space), Ledger(Budget(queries=queries)), np.random.default_rng)


@pytest.mark.parametrize(("name", "space", "kind"), CASES, ids=[f"{n}-{s.name}-{k}" for n, s, k in CASES])
def test_every_kind_of_parameter_is_searched_and_repeats(name: str, space: SearchSpace, kind: str) -> None:
    """With an observation at the start that was never asked for; and the ledger counts what is no architecture."""
    runs = []
    for _ in range(2):
        method = make(name, space, encoding=kind)
        for cell in space.sample(np.random.default_rng(3), 2):
            method.tell(Observation(Query(cell), 0.4, 1.0))
        runs.append(search(method, queries := 5 if method.costly else 8))
    assert runs[0].architecture == runs[1].architecture
    assert len(set(runs[0].architecture)) > 1
    for architecture, status in zip(runs[0].architecture, runs[0].status, strict=True):
        assert (status == "invalid") != space.contains(architecture)
    assert sum(runs[0].charge) == queries


def test_nasbench101_is_searched_in_the_encoding_of_the_published_studies_by_default() -> None:
    assert make("optuna", NB101)._parameters.encoding == NB101.default_encoding == "A"
    assert make("optuna", NB201)._parameters.encoding == NB201.default_encoding == "categorical"


def test_optuna_tells_its_sampler_what_was_active() -> None:
    method = make("optuna", DARTS, encoding="conditional")
    query = method.ask()
    method.tell(Observation(query, 0.3, 1.0))
    method.tell(Observation(Query(DARTS.sample(np.random.default_rng(0), 1)[0]), 0.3, 1.0))
    assert [len(trial.params) for trial in method._study.trials] == [6 + 16] * 2  # pairs, and two operations a node


def test_hyperopt_draws_only_what_is_active() -> None:
    method = make("tpe", DARTS, encoding="conditional")
    search(method)
    for cell in DARTS.sample(np.random.default_rng(0), 2):
        method.tell(Observation(Query(cell), 0.3, 1.0))
    assert len(method._trials.miscs) == 10
    for misc in method._trials.miscs:
        assert sum(map(len, misc["vals"].values())) == 6 + 16


@pytest.mark.parametrize("kind", ["A", "B", "C", "masked", "categorical"])
def test_values_lead_back_to_the_architecture(kind: str) -> None:
    parameters = Parameters("test", NB101, kind)
    for cell in NB101.sample(np.random.default_rng(1), 20):
        values = parameters.values(cell)
        assert list(values) == parameters.active(values) == list(parameters.names)
        assert NB101.key(parameters.architecture(values)) == NB101.key(cell)


def test_values_that_do_not_matter_may_be_missing() -> None:
    parameters = Parameters("test", DARTS, "conditional")
    for cell in DARTS.sample(np.random.default_rng(1), 20):
        values = parameters.values(cell)
        active = parameters.active(values)
        assert len(active) == 22
        assert parameters.architecture({name: values[name] for name in active}) == cell


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_an_encoding_that_cannot_be_searched_is_refused(name: str) -> None:
    with pytest.raises(SpaceError, match=rf"{name}: encoding = 'path' cannot be read back .*accepted: categorical"):
        make(name, NB201, encoding="path")
    with pytest.raises(SpaceError, match=r"nasbench201: unknown encoding 'A'; accepted: adjacency"):
        make(name, NB201, encoding="A")


def test_the_lean_arithmetic_of_gp_bo_is_for_categorical_parameters() -> None:
    with pytest.raises(SettingError, match=r"arithmetic = 'lean' with encoding = 'one-hot'; accepted: 'library'"):
        make("gp_bo", NB201, encoding="one-hot", arithmetic="lean")


@pytest.mark.parametrize("kind", ["one-hot", "adjacency", "path"])
def test_exact_gp_compares_any_encoding(kind: str) -> None:
    SETTINGS["exact_gp"] = {"n_initial": 4}
    trajectory = search(make("exact_gp", NB201, encoding=kind))
    assert set(trajectory.status) == {"ok"}
    with pytest.raises(SettingError, match=r"encoding = 'path' has 364 columns; accepted: up to 256"):
        make("exact_gp", NB101, encoding="path")


def test_one_hot_columns_count_a_difference_twice() -> None:
    """The same kernel as on option numbers, at half the weights."""
    cells = NB201.sample(np.random.default_rng(0), 12)
    plain, hot = HammingProcess(6), HammingProcess(30)
    plain.weights[:] = np.linspace(0.2, 1.2, 6)
    hot.weights[:] = np.repeat(plain.weights / 2, 5)
    codes = [NB201.encode(cells, kind).astype(int) for kind in ("categorical", "one-hot")]
    np.testing.assert_allclose(plain.correlation(codes[0], codes[0]), hot.correlation(codes[1], codes[1]))


SUITE = """
name = "encodings"
[budget]
queries = 5
[protocol]
repeats = 1
seed = 1
[[tasks]]
name = "nasbench201/cifar10"
[[tasks]]
name = "nasbench_graph/proteins"
[[methods]]
name = "optuna"
settings = {{ encoding = "{kind}" }}
"""


def test_a_suite_leaves_out_what_a_space_does_not_offer(tmp_path: Path) -> None:
    file, out = tmp_path / "suite.toml", tmp_path / "out"
    file.write_text(SUITE.format(kind="masked"))
    assert not run_suite(Suite.load(file), out, workers=1).failures
    (left_out,) = json.loads((out / "manifest.json").read_text())["left_out"]
    assert (left_out["method"], left_out["task"]) == ("optuna", "nasbench201/cifar10")
    assert "unknown encoding 'masked'" in left_out["reason"]


def test_a_suite_refuses_an_encoding_that_no_task_offers(tmp_path: Path) -> None:
    file = tmp_path / "suite.toml"
    file.write_text(SUITE.format(kind="one-hat"))
    with pytest.raises(SettingError, match=r"method optuna: .*did you mean 'one-hot'"):
        run_suite(Suite.load(file), tmp_path / "out", workers=1)
