"""Training-free scores: what is read, what it costs, and who pays."""

import pickle

import numpy as np
import plugins_for_tests as plugins
import pytest
from made import ScoredTask

from equipoise.harness.core.errors import ProposalError, RunError, SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.registry import load_task, missing_requirements, problem_of
from equipoise.harness.core.scores import Score, ScoreReader
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.engine.scores import metered

TASK, BUDGET = ScoredTask(), Budget(queries=5)
THREE = [(0, 0, 0), (1, 1, 0), (2, 2, 2)]


def made(cls):
    return cls(problem_of(cls, TASK, BUDGET), np.random.default_rng(1))


def test_an_architecture_is_priced_once() -> None:
    reader = TASK.resource("score:options")
    assert reader(THREE).tolist() == [0.0, 2.0, 6.0]
    assert reader.due() == pytest.approx(0.03)
    assert reader.due() == 0.0
    reader([*THREE, *THREE, (1, 0, 1)])
    assert reader.due() == pytest.approx(0.01)
    assert reader.cost == pytest.approx(0.04)
    assert TASK.resource("score:options").cost == 0.0, "each run has a reader of its own"
    assert pickle.loads(pickle.dumps(reader)).cost == reader.cost


def test_what_a_run_reads_is_charged_with_its_query() -> None:
    trajectory = run_trial(metered(made(plugins.ReadsScores)), TASK, Ledger(BUDGET), np.random.default_rng)
    read = len(set(TASK.space.sample(np.random.default_rng(1), 10)))
    assert trajectory.training_charge[0] == pytest.approx(0.01 * read)
    assert trajectory.training_charge[1:] == [0.0] * (len(trajectory) - 1)
    assert trajectory.charge[0] == pytest.approx(1 + 0.01 * read)


def test_a_run_that_does_not_pay_fails() -> None:
    with pytest.raises(ProposalError, match=r"scores \(options\) of 0\.\d+ training equivalents were read and 0 paid"):
        run_trial(metered(made(plugins.NeverPays)), TASK, Ledger(BUDGET), np.random.default_rng)


def test_a_score_that_is_not_required_is_refused() -> None:
    with pytest.raises(SettingError, match="score 'synflow' is not among those"):
        made(plugins.ReadsScores).problem.scores("synflow")
    assert missing_requirements(plugins.ReadsScores, load_task("nasbench_graph/cora")) == (
        "needs score:options: nasbench_graph/cora does not have score:options"
    )


def test_nan_is_no_score() -> None:
    with pytest.raises(RunError, match="1 of them NaN"):
        ScoreReader(Score("odd", 0.1), lambda architectures: np.full(len(architectures), np.nan))([(0, 0, 0)])


def test_sizes_are_free() -> None:
    task = load_task("nasbench201/cifar10")
    assert {"parameters": 0.0, "flops": 0.0}.items() <= {one.name: one.price for one in task.info.scores}.items()
    reader = task.resource("score:parameters")
    assert reader([(3, 3, 3, 3, 3, 3)]).tolist() == [1531546.0]
    assert reader.due() == 0.0


@pytest.mark.parametrize("name", ["nats_tss/cifar100", "nasbench201_full/cifar100"])
def test_other_tables_of_the_same_networks_have_the_same_sizes(name: str) -> None:
    reader, same = (load_task(one).resource("score:flops") for one in (name, "nasbench201/cifar100"))
    cells = [(3, 1, 2, 0, 4, 3), (0, 0, 0, 0, 0, 0)]
    assert reader(cells).tolist() == same(cells).tolist()
