"""Held-out seeds and noise floors, against tables small enough to work out by hand."""

import pickle

import numpy as np
import pytest
from made_tables import HEADER, SPACE, write
from made_tables import rows as table_rows

from equipoise.harness.benchmarks._open_table import table_file_task
from equipoise.harness.benchmarks._table import TableTask
from equipoise.harness.cli.task_summary import summary, text
from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.protocol import Protocol
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.task import Metric, TaskInfo
from equipoise.harness.core.training_seeds import (
    common_seeds,
    floors,
    hold_out,
    levels_with,
    seed_floor,
    validation_to_test_floor,
)

NAN = float("nan")
ERRORS = np.array([[0.1, 0.5, 0.3], [0.2, 0.2, NAN], [0.4, 0.1, 0.1]])  # three architectures, one with two seeds
INFO = TaskInfo(name="made/seeds", source="me", licence="CC0", metric=Metric.accuracy(), data_digest="0")
RNG = np.random.default_rng(0)


def test_the_floor_of_three_architectures_is_the_one_worked_out_by_hand() -> None:
    # Seed 0 held out: means of the others are .4, .2, .1; the third is chosen and has .4 where .1 is best: .3 lost.
    # Seed 1 held out: means are .2, .2, .25; the first two share it and have .5 and .2 where .1 is best: .25 lost.
    assert common_seeds(ERRORS[None]) == 2
    assert seed_floor(ERRORS) == pytest.approx((0.3 + 0.25) / 2)


def test_one_seed_has_no_floor_and_equal_seeds_lose_nothing() -> None:
    assert seed_floor(ERRORS[:, :1]) is None
    assert seed_floor(np.repeat(ERRORS[:, :1], 3, axis=1)) == 0.0
    assert seed_floor(np.array([[0.1, NAN], [0.2, 0.3]])) is None  # one architecture has no second seed


def test_the_floor_of_a_test_split_is_the_test_regret_of_the_best_by_validation() -> None:
    validation, test = np.array([0.1, 0.1, 0.3]), np.array([0.5, 0.7, 0.4])
    assert validation_to_test_floor(validation, test) == pytest.approx(0.2)
    assert validation_to_test_floor(validation, validation) == 0.0
    columns = {"validation": ERRORS[None], "mean": validation[None], "test": test}
    assert list(floors(columns)) == ["held-out seeds", "validation to test"]
    assert floors({"validation": ERRORS[None, :, :1], "mean": validation[None]}) == {}


def test_search_and_judge_share_no_stored_value() -> None:
    values = np.arange(24.0).reshape(2, 4, 3)
    for seed in range(3):
        searched, judged = hold_out(values, seed)
        assert searched.shape == (2, 4, 2)
        assert set(judged.ravel()).isdisjoint(searched.ravel())
        assert {*judged.ravel(), *searched[-1].ravel()} == {*values[-1].ravel()}
    assert levels_with(np.stack([ERRORS, ERRORS[:, [0, 2, 2]]]), 2) == [0]


def made(validation: np.ndarray, **changes: object) -> TableTask:
    columns = {
        "validation": validation,
        "mean": np.nanmean(validation, axis=2),
        "seconds": np.ones(validation.shape[:2]),
    }
    info = TaskInfo(**{**vars(INFO), **changes})
    return TableTask(info, SPACE, columns.copy, ("mean"))


def test_a_view_answers_from_the_other_seeds_alone() -> None:
    stored = np.random.default_rng(1).random((2, 6, 3))
    task = made(stored, fidelities=(1, 2))
    assert (task.info.seeds, task.info.noise_floor) == (3, seed_floor(stored[-1]))
    assert task.held_out((0, 0)) is None
    for held_out in range(3):
        view = task.split(held_out)
        others = np.delete(stored, held_out, axis=2).mean(axis=2)
        assert view.info.seeds == 1
        assert view.info.fidelities == (1, 2)
        assert view.landscape() == pytest.approx(others[1])
        assert view.optimum() == pytest.approx(others[1].min())
        assert view.held_out_optimum() == stored[1, :, held_out].min()
        for number, architecture in enumerate(SPACE.enumerate()):
            assert view.evaluate(architecture, 1, RNG).validation_error == pytest.approx(others[0, number])
            assert view.evaluate(architecture, None, RNG).validation_error == pytest.approx(others[1, number])
            assert view.held_out(architecture) == stored[1, number, held_out]
        again = pickle.loads(pickle.dumps(view))
        assert again.held_out((2, 1)) == view.held_out((2, 1))
        with pytest.raises(SuiteError, match="stores one training seed"):
            view.split(0)
    with pytest.raises(SuiteError, match="seed 3 cannot be held out; accepted: 0 to 2"):
        task.split(3)


def test_a_drawn_seed_is_never_the_held_out_one(tmp_path) -> None:
    task = table_file_task("mine/data", write(tmp_path / "t.parquet", table_rows()), "single")
    view = task.split(1)
    kept = {task._columns["validation"][-1, 0, 0]}
    assert {view.evaluate((0, 0), None, np.random.default_rng(n)).validation_error for n in range(20)} == kept
    assert view.info.fidelities == HEADER.fidelities
    assert view.noise == "single"


def test_a_fidelity_with_fewer_seeds_is_not_offered_in_a_view() -> None:
    stored = np.random.default_rng(2).random((2, 6, 2))
    stored[0, :, 1] = NAN
    view = made(stored, fidelities=(12, 200)).split(0)
    assert view.info.fidelities == (200,)
    assert view.evaluate((0, 0), 200, RNG).validation_error == stored[1, 0, 1]


@pytest.mark.parametrize(
    ("name", "seeds", "named"),
    [
        ("nasbench201/cifar10", 2, ["held-out seeds"]),
        ("nasbench201/fashion14", 3, ["held-out seeds", "validation to test"]),
        ("nasbench_graph/cora", 1, ["validation to test"]),
    ],
)
def test_embedded_tasks_state_their_seeds_and_floors(name: str, seeds: int, named: list[str]) -> None:
    task = load_task(name)
    assert task.info.seeds == seeds
    assert list(task.noise_floors()) == named
    assert task.info.noise_floor == task.noise_floors()[named[0]]
    shown = text(summary(task))
    assert ("seeds        " in shown) == (seeds > 1)
    assert f"{100 * task.info.noise_floor:.3g} %" in next(line for line in shown.splitlines() if "noise floor" in line)
    if seeds == 1:
        with pytest.raises(SuiteError, match=r"nasbench_graph/cora stores one training seed.*set seeds = 'all'"):
            task.split(0)


def test_the_held_out_seed_rotates_with_the_repeat() -> None:
    rules = Protocol(repeats=5, seed=0, seeds="split")
    assert [rules.held_out(3, repeat) for repeat in range(1, 6)] == [0, 1, 2, 0, 1]
    assert Protocol(repeats=5, seed=0).held_out(3, 1) is None
