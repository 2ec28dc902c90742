import numpy as np
import pytest
from made import MadeTask, Scripted

from equipoise.harness.core.errors import ProposalError, RunError, SearchEnded
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Query
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Evaluation
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial

GOOD, ODD = (1, 1, 0), (1, 1, 1)  # an even and an odd sum: legal and illegal


def run(queries: list[object], limit: int = 99, **rules: str) -> tuple[Trajectory, Scripted]:
    method = Scripted(queries)
    trajectory = run_trial(
        method, MadeTask(), Ledger(Budget(queries=limit), **rules), lambda _: np.random.default_rng()
    )
    return trajectory, method


def ending(queries: list[object], **rules: str) -> tuple[Trajectory, Scripted]:
    return run(queries, limit=sum(isinstance(query, Query) for query in queries), **rules)


def test_rows_say_what_happened() -> None:
    trajectory, method = ending([Query(GOOD), Query((0, 0, 0), 1), Query(GOOD), Query(ODD)])
    assert trajectory.status == ["ok", "ok", "duplicate", "invalid"]
    assert trajectory.fidelity == [4, 1, 4, 4]
    assert trajectory.validation_error == [0.2, 0.05, 0.2, 1.0]
    assert trajectory.charge == [1.0] * 4
    assert trajectory.cost_seconds == [2.0, 0.25, 2.0, 0.0]
    assert all(seconds >= 0 for seconds in trajectory.overhead_seconds)
    assert [told.validation_error for told in method.told] == trajectory.validation_error
    assert trajectory.unspent == 0
    assert trajectory.ended == ""


def test_the_same_architecture_at_another_fidelity_is_no_duplicate() -> None:
    trajectory, _ = ending([Query(GOOD, 1), Query(GOOD), Query(GOOD, 4)])
    assert trajectory.status == ["ok", "ok", "duplicate"]


def test_free_duplicates_are_answered_from_memory() -> None:
    trajectory, _ = run([Query(GOOD), Query(GOOD), Query((0, 0, 0))], limit=2, duplicates="free")
    assert trajectory.charge == [1.0, 0.0, 1.0]
    assert trajectory.cost_seconds == [2.0, 0.0, 1.0]


def test_a_method_that_ends_leaves_a_part_of_the_budget() -> None:
    class Ends(Scripted):
        def ask(self) -> Query:
            if not self.queries:
                raise SearchEnded("no more")
            return super().ask()

    trajectory = run_trial(
        Ends([Query(GOOD)]), MadeTask(), Ledger(Budget(queries=3)), lambda _: np.random.default_rng()
    )
    assert len(trajectory) == 1
    assert trajectory.unspent == 2
    assert trajectory.ended == "no more"


def test_a_shared_start_is_proposed_first_and_told() -> None:
    method = Scripted([Query((0, 0, 0))])
    ledger = Ledger(Budget(queries=2))
    trajectory = run_trial(method, MadeTask(), ledger, lambda _: np.random.default_rng(), [GOOD])
    assert trajectory.architecture == [GOOD, (0, 0, 0)]
    assert [told.query.architecture for told in method.told] == [GOOD, (0, 0, 0)]


def test_seconds_are_spent_until_the_limit_is_reached() -> None:
    method = Scripted([Query(GOOD)] * 9)
    trajectory = run_trial(method, MadeTask(), Ledger(Budget(cost_seconds=5.0)), lambda _: np.random.default_rng())
    assert trajectory.charge == [2.0, 2.0, 2.0]  # the last evaluation was begun within the budget


def test_noise_is_drawn_for_each_proposal_by_its_number() -> None:
    task = MadeTask("single")

    def rng(n: int) -> np.random.Generator:
        return np.random.default_rng(n)

    whole = run_trial(Scripted([Query(GOOD)] * 4), task, Ledger(Budget(queries=4)), rng).validation_error
    assert len(set(whole)) == 4
    assert whole[2] == pytest.approx(0.2 + 0.01 * np.random.default_rng(3).random())


def test_numpy_integers_are_stored_as_plain_ones() -> None:
    trajectory, _ = ending([Query(tuple(np.array(GOOD)))])
    assert [type(option) for option in trajectory.architecture[0]] == [int, int, int]


def test_what_is_accepted_does_not_depend_on_what_came_before() -> None:
    for _ in range(2):  # at first anew, then from memory
        trajectory, _ = ending([Query((1.0, 1.0, 0.0)), Query((True, 1, 0), np.int64(4))])
        assert {type(option) for architecture in trajectory.architecture for option in architecture} == {int}
        assert [type(epochs) for epochs in trajectory.fidelity] == [int, int]
    for nonsense in ((1.5, 1, 0), (float("nan"), 1, 0), (float("inf"), 1, 0)):
        with pytest.raises(ProposalError, match="option numbers"):
            run([Query(nonsense)], limit=1)


def test_a_task_that_answers_nan_is_refused() -> None:
    class Silent(MadeTask):
        def evaluate(self, architecture, fidelity, rng):
            return Evaluation(float("nan"), 1.0)

    with pytest.raises(RunError, match="answered NaN"):
        run_trial(Scripted([Query(GOOD)]), Silent(), Ledger(Budget(queries=1)), lambda _: np.random.default_rng())


def test_an_invalid_start_costs_seconds() -> None:
    class Priced(MadeTask):
        mean_cost_seconds = 2.0

    ledger = Ledger(Budget(cost_seconds=5.0))
    trajectory = run_trial(Scripted([Query(ODD)] * 9), Priced(), ledger, lambda _: np.random.default_rng())
    assert trajectory.charge == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("nonsense", "word"),
    [(None, "Query"), (GOOD, "Query"), (Query((1, 1)), "decisions"), (Query((1, 1, 9)), "decisions"),
     (Query((1, 1, -1)), "decisions"), (Query(("a", "b", "c")), "option numbers"), (Query(None), "option numbers"),
     (Query((0.5, 1, 1)), "option numbers"), (Query([[1], 1, 0]), "option numbers"), (Query(GOOD, 2), "fidelity"),
     (Query(GOOD, training_cost=-1.0), "training_cost = -1"), (Query(GOOD, None, float("nan")), "training_cost = nan"),
     (Query(GOOD, training_cost=float("inf")), "training_cost = inf")],
)  # fmt: skip
def test_nonsense_is_refused(nonsense: object, word: str) -> None:
    with pytest.raises(ProposalError, match=word):
        run([nonsense], limit=1)


def test_a_list_is_as_good_as_a_tuple() -> None:
    trajectory, _ = ending([Query(list(GOOD))])
    expected: Architecture = GOOD
    assert trajectory.architecture == [expected]


def test_own_training_is_charged_with_its_query_and_told_apart() -> None:
    trajectory, _ = run([Query(GOOD, training_cost=0.5), Query(ODD), Query(GOOD, training_cost=2.0)], limit=5)
    assert trajectory.charge == [1.5, 1.0, 3.0]
    assert trajectory.training_charge == [0.5, 0.0, 2.0]
    assert trajectory.unspent == 0.0


def test_own_training_that_spends_the_budget_ends_the_run_before_its_query() -> None:
    trajectory, method = run([Query(GOOD), Query(GOOD, training_cost=9.0)], limit=4)
    assert len(trajectory) == len(method.told) == 1
    assert trajectory.unspent == 0.0
    assert "own training" in trajectory.ended


def test_further_objectives_are_told_and_recorded() -> None:
    class Timed(MadeTask):
        def evaluate(self, architecture, fidelity, rng):
            return super().evaluate(architecture, fidelity, rng)._replace(objectives={"latency": 3.0})

    method = Scripted([Query(GOOD), Query(ODD)])
    trajectory = run_trial(method, Timed(), Ledger(Budget(queries=2)), lambda _: np.random.default_rng())
    assert trajectory.objectives == [{"latency": 3.0}, {}]
    again = Scripted([Query(GOOD), Query(GOOD), Query((0, 0, 0))])
    ledger = Ledger(Budget(queries=2), duplicates="free")
    trajectory = run_trial(again, Timed(), ledger, lambda _: np.random.default_rng())
    assert trajectory.status == ["ok", "duplicate", "ok"]
    assert [told.objectives for told in again.told] == [{"latency": 3.0}] * 3


@pytest.mark.parametrize("continues", [False, True])
def test_a_promoted_training_goes_on_from_where_it_was(continues: bool) -> None:
    """By hand: 1 epoch, 4 of the same (3 further), 4 and 1 of another (from its start), 4 of the first again."""
    other = (0, 0, 0)
    queries = [Query(GOOD, 1), Query(GOOD, 4), Query(other, 4), Query(other, 1), Query(GOOD, 4)]
    method, task = Scripted(queries), MadeTask()
    full = [task.evaluate(q.architecture, q.fidelity, np.random.default_rng()).cost_seconds for q in queries]
    trajectory = run_trial(
        method, task, Ledger(Budget(epochs=14 - continues)), lambda _: np.random.default_rng(), continues=continues
    )
    assert trajectory.status == ["ok", "ok", "ok", "ok", "duplicate"]
    assert trajectory.fidelity == [1, 4, 4, 1, 4]
    assert trajectory.charge == ([1.0, 3.0, 4.0, 1.0, 4.0] if continues else [1.0, 4.0, 4.0, 1.0, 4.0])
    seconds = [full[0], full[1] - full[0] if continues else full[1], *full[2:]]
    assert trajectory.cost_seconds == pytest.approx(seconds)
    assert [told.cost_seconds for told in method.told] == trajectory.cost_seconds
