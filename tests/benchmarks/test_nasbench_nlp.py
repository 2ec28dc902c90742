"""NAS-Bench-NLP: on made logs, and on the real ones where EQUIPOISE_MIRROR has them."""

import json
import math
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise.harness.benchmarks.nasbench_nlp import EPOCHS, read
from equipoise.harness.cli.task_summary import summary
from equipoise.harness.conformance import SPACE_CHECKS, TASK_CHECKS
from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.core.suite import Suite
from equipoise.harness.data.fetch import fetch
from equipoise.harness.data.sources import source
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.engine.session import run_suite
from equipoise.harness.spaces._listed import ListedCells
from equipoise.reports.load import load

NAME = "nasbench_nlp/wikitext-2"
FILE = source("nasbench-nlp")
MIRROR = Path(os.environ.get("EQUIPOISE_MIRROR", "nowhere"))
needs_mirror = pytest.mark.skipif(
    not (MIRROR / FILE.file).is_file(), reason="EQUIPOISE_MIRROR is not set to a folder with the logs of NAS-Bench-NLP"
)


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nlp")


@pytest.fixture
def fetched(_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(_folder))
    fetch(FILE)


@needs_mirror
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize("noise", ["mean", "single"])
def test_the_real_logs_conform(noise: str) -> None:
    task = load_task(NAME, noise)  # type: ignore[arg-type]
    for task_check in TASK_CHECKS:
        task_check(task)
    for space_check in SPACE_CHECKS:
        space_check(task.space)
    assert (task.space.size, task.optimum()) == (291, pytest.approx(4.569470, abs=1e-6))


@needs_mirror
@pytest.mark.usefixtures("fetched")
def test_every_log_is_told_as_it_was_written() -> None:
    task = load_task(NAME)
    with zipfile.ZipFile(MIRROR / FILE.file) as archive:
        logs = [json.loads(archive.read(name)) for name in archive.namelist()]
    of_recipe: dict[str, list[dict[str, Any]]] = {}
    for log in logs:
        of_recipe.setdefault(log["recepie"], []).append(log)
    assert len(logs) == 345
    for group in of_recipe.values():
        if not all(log["status"] == "OK" for log in group):
            continue
        cell = task.space.parse(str(min(log["recepie_id"] for log in group)))
        for epoch in (1, 17, EPOCHS):
            evaluation = task.evaluate(cell, epoch, np.random.default_rng(0))
            assert evaluation.validation_error == pytest.approx(np.mean([g["val_losses"][epoch - 1] for g in group]))
            assert evaluation.cost_seconds == pytest.approx(np.mean([sum(g["wall_times"][:epoch]) for g in group]))
        assert task.reveal(cell) == pytest.approx(np.mean([log["test_losses"][-1] for log in group]))


@needs_mirror
@pytest.mark.usefixtures("fetched")
@pytest.mark.parametrize(
    "name", ["random_search", "regularized_evolution", "local_search", "tpe", "npenas", "hyperband"]
)
def test_methods_of_every_kind_can_choose_from_the_list(name: str) -> None:
    task, budget = load_task(NAME), Budget(queries=12)
    method = load_method(name)(problem_of(load_method(name), task, budget), np.random.default_rng(0))
    trajectory = run_trial(method, task, Ledger(budget), np.random.default_rng)
    assert set(trajectory.status) <= {"ok", "duplicate"}


@needs_mirror
@pytest.mark.usefixtures("fetched")
def test_runs_are_reported_where_the_file_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.toml").write_text(
        'name = "s"\n[budget]\nqueries = 5\n[protocol]\nrepeats = 2\nseed = 1\n'
        f'[[tasks]]\nname = "{NAME}"\n[[methods]]\nname = "random_search"\n'
    )
    assert not run_suite(Suite.load(tmp_path / "s.toml"), tmp_path / "out", workers=1).failures
    (there,) = load(tmp_path / "out").tasks
    assert there.exact
    assert there.caveat == ""
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "other"))
    (away,) = load(tmp_path / "out").tasks
    assert "equipoise data fetch nasbench-nlp" in away.caveat
    assert not away.exact
    assert away.runs["random_search"].regret.shape == (2, 5)


def test_without_the_file_the_card_claims_no_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    facts = summary(load_task(NAME))
    assert facts["skip"] == "needs logs.zip (0.9 MB): equipoise data fetch nasbench-nlp"
    assert facts["space_size"] is facts["classes"] is facts["optimum"] is None


PLAIN = {"f": {"op": "linear", "input": ["x", "h_prev_0"]}, "h_new_0": {"op": "activation_tanh", "input": ["f"]}}
RENAMED = {"h_new_0": {"op": "activation_tanh", "input": ["g"]}, "g": {"op": "linear", "input": ["h_prev_0", "x"]}}
BLEND = {
    "h_new_0": {"op": "blend", "input": ["f", "x", "h_prev_0"]},
    "f": {"op": "activation_sigm", "input": ["x"]},
}


def _log(number: int, recipe: object, loss: float, epochs: int = EPOCHS) -> dict[str, Any]:
    losses = [loss + 1 / (epoch + 1) for epoch in range(epochs)]
    if epochs < EPOCHS:
        losses[-1] = math.nan
    times = [2.0] * epochs
    told = {"val_losses": losses, "test_losses": losses[:], "wall_times": times}
    return {"recepie_id": number, "recepie": json.dumps(recipe), **told}


def _logs() -> list[dict[str, Any]]:
    return [_log(7, PLAIN, 5.0), _log(3, PLAIN, 6.0), _log(5, BLEND, 4.0), _log(4, RENAMED, 3.0, epochs=3)]


def _archive(path: Path, logs: list[dict[str, Any]]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for count, log in enumerate(logs):
            archive.writestr(
                f"log_stats_model_{log.get('recepie_id', 0)}_2020-04-28_1{count}-16-54_9.json", json.dumps(log)
            )
    return path


def test_cells_with_one_recipe_are_one_entry_and_a_divergence_is_the_worst_loss(tmp_path: Path) -> None:
    columns = read(_archive(tmp_path / "a.zip", _logs()))
    assert list(json.loads(bytes(columns["cells"]))) == ["3", "4", "5"]
    last = columns["validation"][-1]
    assert np.sort(last[0]).tolist() == pytest.approx([5.02, 6.02])
    assert last[1, 0] == 7.0  # diverged: the worst of all, the first epoch of cell 3
    assert columns["validation"][1, 1, 0] == pytest.approx(3.5)
    assert columns["seconds"][:, 1].tolist() == [2.0, 4.0] + [6.0] * 48
    assert columns["test"] == pytest.approx([5.52, 7.0, 4.02])


def _told(*losses: float) -> dict[str, Any]:
    return {name: list(losses) for name in ("val_losses", "test_losses", "wall_times")}


def _recipe(operation: str, *inputs: str) -> dict[str, str]:
    return {"recepie": json.dumps({"h": {"op": operation, "input": inputs}})}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda logs: logs[0].pop("test_losses"), "not a log of NAS-Bench-NLP"),
        (lambda logs: logs[0]["wall_times"].pop(), "not a log of NAS-Bench-NLP"),
        (lambda logs: logs[0]["wall_times"].__setitem__(0, -1.0), "not a log of NAS-Bench-NLP"),
        (lambda logs: logs.append(_log(9, PLAIN, 5.0) | _told(1.0)), "holds 1 epochs"),
        (lambda logs: logs[0].update(recepie="{"), "definition cannot be read"),
        (lambda logs: logs[0].update(recepie=json.dumps({"h": {"op": "linear"}})), "definition cannot be read"),
        (lambda logs: logs[0].update(_recipe("os.system")), r"operation 'os\.system'"),
        (lambda logs: logs[0].update(_recipe("linear", "y")), "neither a node nor an input"),
        (lambda logs: logs[0].update(_recipe("linear", "h")), "cycle"),
        (lambda logs: logs[0].update(recepie_id=5), "two definitions have one number"),
        (lambda logs: logs.clear(), "no member matches"),
    ],
)
def test_damaged_logs_are_refused(tmp_path: Path, change: Callable[[list[dict[str, Any]]], object], words: str) -> None:
    logs = [_log(7, PLAIN, 5.0), _log(5, BLEND, 4.0)]
    change(logs)
    with pytest.raises(DataError, match=words) as raised:
        read(_archive(tmp_path / "a.zip", logs))
    assert "\n" not in str(raised.value)


def test_the_list_is_a_space_and_equal_graphs_are_one_network() -> None:
    cells = {
        number: {node: (entry["op"], tuple(entry["input"])) for node, entry in recipe.items()}
        for number, recipe in {"1": PLAIN, "2": RENAMED, "3": BLEND}.items()
    }
    space = ListedCells("made", "the tests", cells)
    for check in SPACE_CHECKS:
        check(space)
    assert [space.canonical(cell) for cell in space.enumerate()] == [(0,), (0,), (2,)]
    assert set(space.graph((2,)).edge_labels) == {"0", "1", "2", ""}
    swapped = cells["3"] | {"h_new_0": ("blend", ("x", "f", "h_prev_0"))}
    assert ListedCells("made", "the tests", {"3": cells["3"], "4": swapped}).canonical((1,)) == (1,)
    with pytest.raises(SpaceError, match="no cell '8'"):
        space.parse("8")
