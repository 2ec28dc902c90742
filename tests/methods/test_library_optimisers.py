"""What holds for every adapter of a third-party optimiser: smac, tpe, gp_bo."""

import os
import random
from pathlib import Path

import numpy as np
import pytest
from method_runs import LIBRARIES, Distance, make_library, proposals, run_library

from equipoise.harness.conformance.methods import repeats_in_another_process
from equipoise.harness.core.method import Observation, Query
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph


@pytest.fixture(params=sorted(LIBRARIES))
def name(request) -> str:
    return request.param


def test_same_seed_same_trajectory_whatever_the_global_generators_hold(name: str) -> None:
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    first = proposals(run_library(name))
    np.random.seed(2)  # noqa: NPY002
    random.seed(2)
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    second = proposals(run_library(name))
    assert first == second
    assert np.array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert random.getstate() == before[1]


def test_another_seed_another_trajectory(name: str) -> None:
    one, two = make_library(name, seed=0), make_library(name, seed=1)
    assert [one.ask() for _ in range(3)] != [two.ask() for _ in range(3)]


def test_the_whole_budget_is_spent_on_a_space_with_forbidden_combinations(name: str) -> None:
    trajectory = run_library(name, NasBenchGraph())
    assert len(trajectory) == 9
    assert trajectory.unspent == 0
    assert trajectory.ended == ""


def test_it_learns_from_observations_it_never_asked_for(name: str) -> None:
    space = NasBench201()
    start = space.sample(np.random.default_rng(3), 6)
    trajectory = run_library(name, space, initial=start, queries=12)
    assert proposals(trajectory)[:6] == start
    assert len(trajectory) == 12


def test_an_initial_observation_changes_what_follows(name: str) -> None:
    """It is the error told that makes the difference: nothing else distinguishes the two searches."""
    space = NasBench201()
    good = Distance(space).best
    distance = {}
    for error in (0.0, 1.0):
        method, task = make_library(name, space, queries=12), Distance(space)
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
    method, task = make_library(name, space), Distance(space)
    for _ in range(3):
        queries = [method.ask() for _ in range(2)]
        for query in reversed(queries):
            method.tell(Observation(query, task.evaluate(query.architecture, None, None).validation_error, 1.0))
    assert space.contains(method.ask().architecture)


def test_no_file_is_left_behind(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    run_library(name, queries=6)
    assert os.listdir(tmp_path) == []


def test_it_is_quiet(name: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    run_library(name, queries=6)
    assert capfd.readouterr() == ("", "")
    assert caplog.text == ""


def test_another_process_proposes_the_same(name: str) -> None:
    """Processes salt the hash of texts differently, and SMAC keeps its starting points in a set."""
    repeats_in_another_process(load_method(name), load_task("nasbench201/cifar10"))
