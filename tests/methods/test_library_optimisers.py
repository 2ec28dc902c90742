"""What holds for every adapter of a third-party optimiser: smac, tpe, gp_bo."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from equipoise.harness.conformance.methods import repeats_in_another_process
from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Evaluation
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph

SETTINGS = {
    "tpe": {"n_startup": 5},
    "smac": {},
    "gp_bo": {"n_initial": 4, "arithmetic": "lean"},
}


class Landscape:
    """A task with a known best architecture: the error is the share of decisions that differ from it."""

    fidelities = ()
    penalty = 1.0

    def __init__(self, space):
        self.space = space
        self.best = space.sample(np.random.default_rng(7), 1)[0]

    def evaluate(self, architecture, fidelity, rng):
        wrong = sum(a != b for a, b in zip(architecture, self.best, strict=True))
        return Evaluation(wrong / len(self.best), 1.0)


def make(name: str, space=None, seed: int = 0, queries: int = 9, **settings) -> Method:
    problem = Problem(space or NasBench201(), Budget(queries=queries))
    return load_method(name)(problem, np.random.default_rng(seed), **{**SETTINGS[name], **settings})


def search(name: str, space=None, initial=(), queries: int = 9, **settings) -> Trajectory:
    space = space or NasBench201()
    method = make(name, space, queries=queries, **settings)
    return run_trial(method, Landscape(space), Ledger(Budget(queries=queries)), np.random.default_rng, initial)


def proposals(trajectory: Trajectory) -> list[Architecture]:
    return trajectory.architecture


@pytest.fixture(params=sorted(SETTINGS))
def name(request) -> str:
    return request.param


def test_same_seed_same_trajectory_whatever_the_global_generators_hold(name: str) -> None:
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    first = proposals(search(name))
    np.random.seed(2)  # noqa: NPY002
    random.seed(2)
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    second = proposals(search(name))
    assert first == second
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert random.getstate() == before[1]


def test_another_seed_another_trajectory(name: str) -> None:
    one, two = make(name, seed=0), make(name, seed=1)
    assert [one.ask() for _ in range(3)] != [two.ask() for _ in range(3)]


def test_the_whole_budget_is_spent_on_a_space_with_forbidden_combinations(name: str) -> None:
    trajectory = search(name, NasBenchGraph())
    assert len(trajectory) == 9
    assert trajectory.unspent == 0
    assert trajectory.ended == ""


def test_it_learns_from_observations_it_never_asked_for(name: str) -> None:
    space = NasBench201()
    start = space.sample(np.random.default_rng(3), 6)
    trajectory = search(name, space, initial=start, queries=12)
    assert proposals(trajectory)[:6] == start
    assert len(trajectory) == 12


def test_an_initial_observation_changes_what_follows(name: str) -> None:
    """It is the error told that makes the difference: nothing else distinguishes the two searches."""
    space = NasBench201()
    good = Landscape(space).best
    distance = {}
    for error in (0.0, 1.0):
        method, task = make(name, space, queries=12), Landscape(space)
        for _ in range(4):
            method.tell(Observation(Query(good), error, 1.0))
        asked = []
        for _ in range(9):
            query = method.ask()
            method.tell(Observation(query, task.evaluate(query.architecture, None, None).validation_error, 1.0))
            asked.append(query.architecture)
        distance[error] = asked
    assert distance[0.0] != distance[1.0]


def test_several_queries_may_be_pending(name: str) -> None:
    space = NasBench201()
    method, task = make(name, space), Landscape(space)
    for _ in range(3):
        queries = [method.ask() for _ in range(2)]
        for query in reversed(queries):
            method.tell(Observation(query, task.evaluate(query.architecture, None, None).validation_error, 1.0))
    assert space.contains(method.ask().architecture)


def test_no_file_is_left_behind(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    search(name, queries=6)
    assert os.listdir(tmp_path) == []


def test_it_is_quiet(name: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    search(name, queries=6)
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("tpe", {"n_startup": 0}),
        ("tpe", {"n_candidates": 0}),
        ("tpe", {"gamma": 0.0}),
        ("tpe", {"prior_weight": -1.0}),
        ("smac", {"n_trees": 0}),
        ("smac", {"random_probability": 1.5}),
        ("smac", {"initial_ratio": 0.0}),
        ("gp_bo", {"arithmetic": "quick"}),
        ("gp_bo", {"n_initial": 0}),
    ],
)
def test_a_bad_setting_is_refused_with_the_accepted_range(method: str, settings: dict) -> None:
    ((key, _),) = settings.items()
    with pytest.raises(SettingError, match=rf"{method}: {key} = .*accepted"):
        make(method, **settings)


class Tiny(NasBench201):
    """Two decisions of two options: four architectures."""

    name = "tiny"
    decisions = tuple(d._replace(options=d.options[:2]) for d in NasBench201.decisions[:2])


def test_when_smac_gives_up_the_budget_is_still_spent() -> None:
    space = Tiny()
    method = make("smac", space, queries=30)
    trajectory = run_trial(method, Landscape(space), Ledger(Budget(queries=30)), np.random.default_rng)
    assert method.gave_up_after == 4
    assert len(trajectory) == 30
    assert set(proposals(trajectory)) == set(space.enumerate())


def test_smac_grows_the_same_forest_as_at_the_library_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread and fewer reserved leaves change the time alone."""
    from smac import HyperparameterOptimizationFacade as Facade

    class Unchangeable(dict):
        def __setitem__(self, key: str, value: object) -> None:
            pass

    quick = proposals(search("smac", queries=24))
    original: Callable = Facade.get_model

    def as_the_library_has_it(scenario, **settings):
        model = original(scenario, **settings)
        model._rf_opts = Unchangeable(model._rf_opts)
        return model

    monkeypatch.setattr(Facade, "get_model", staticmethod(as_the_library_has_it))
    assert proposals(search("smac", queries=24)) == quick


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # length scales at their bounds
def test_the_lean_arithmetic_equals_the_library_s() -> None:
    from sklearn.base import clone
    from skopt import Optimizer
    from skopt.space import Categorical

    from equipoise.methods._shared.fast_skopt import lean

    default = Optimizer([Categorical([0, 1, 2]), Categorical([0, 1, 2])], random_state=1)
    rng = np.random.default_rng(0)
    columns = np.eye(3)[rng.integers(3, size=(30, 2))].reshape(30, 6)
    targets = rng.normal(size=30)
    plain = clone(default.base_estimator_).fit(columns, targets)
    quick = clone(lean(default.base_estimator_, columns.shape[1])).fit(columns, targets)
    for theta in rng.normal(size=(20, 8)):
        plain.kernel_, quick.kernel_ = plain.kernel.clone_with_theta(theta), quick.kernel.clone_with_theta(theta)
        theirs, ours = (p.log_marginal_likelihood(theta, eval_gradient=True) for p in (plain, quick))
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-10)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-8, atol=1e-9)
    everywhere = np.eye(3)[np.indices((3, 3)).reshape(2, -1).T].reshape(9, 6)
    plain, quick = (clone(p).fit(columns, targets) for p in (plain, quick))
    for mine, their in zip(quick.predict(everywhere, True), plain.predict(everywhere, True), strict=True):
        np.testing.assert_allclose(mine, their, rtol=1e-5, atol=1e-7)


def test_another_process_proposes_the_same(name: str) -> None:
    """Processes salt the hash of texts differently, and SMAC keeps its starting points in a set."""
    repeats_in_another_process(load_method(name), load_task("nasbench201/cifar10"))
