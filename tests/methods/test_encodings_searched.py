"""General optimisers in the encodings of a space: they propose what the space reads from their values."""

import json
from pathlib import Path

import numpy as np
import pytest
from method_runs import DARTS, NB101, NB201, OPTIMISERS, make_encoded, run_encoded

from equipoise.harness.core.errors import SettingError, SpaceError
from equipoise.harness.core.method import Observation, Query
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.session import run_suite

CASES = [
    *[(name, space, kind) for name in ("tpe", "optuna") for space, kind in ((NB101, "C"), (DARTS, "conditional"))],
    ("tpe", NB201, "one-hot"),
    ("optuna", NB201, "integer"),
    ("optuna", NB101, "masked"),
    ("smac", DARTS, "conditional"),
    ("gp_bo", NB201, "one-hot"),
]


@pytest.mark.parametrize(("name", "space", "kind"), CASES, ids=[f"{n}-{s.name}-{k}" for n, s, k in CASES])
def test_every_kind_of_parameter_is_searched_and_repeats(name: str, space: SearchSpace, kind: str) -> None:
    """With an observation at the start that was never asked for; and the ledger counts what is no architecture."""
    runs = []
    for _ in range(2):
        method = make_encoded(name, space, encoding=kind)
        for cell in space.sample(np.random.default_rng(3), 2):
            method.tell(Observation(Query(cell), 0.4, 1.0))
        runs.append(run_encoded(method, queries := 5 if method.costly else 8))
    assert runs[0].architecture == runs[1].architecture
    assert len(set(runs[0].architecture)) > 1
    for architecture, status in zip(runs[0].architecture, runs[0].status, strict=True):
        assert (status == "invalid") != space.contains(architecture)
    assert sum(runs[0].charge) == queries


@pytest.mark.parametrize("name", sorted(OPTIMISERS))
def test_an_encoding_that_cannot_be_searched_is_refused(name: str) -> None:
    with pytest.raises(SpaceError, match=rf"{name}: .*encoding .path. cannot be read back; accepted: categorical"):
        make_encoded(name, NB201, encoding="path")
    with pytest.raises(SpaceError, match=r"nasbench201: unknown encoding 'A'; accepted: adjacency"):
        make_encoded(name, NB201, encoding="A")


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
