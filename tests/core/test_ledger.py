import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.harness.core.errors import RunError, SuiteError
from equipoise.harness.core.ledger import STALL_LIMIT, Budget, Ledger

statuses = st.lists(st.sampled_from(["ok", "duplicate", "invalid"]), max_size=60)


@given(statuses, st.integers(1, 40))
def test_every_proposal_costs_one_query(status_list: list[str], limit: int) -> None:
    ledger = Ledger(Budget(queries=limit))
    for status in status_list:
        if ledger.exhausted:
            break
        assert ledger.charge(status, 7.0, 3) == 1.0
    assert ledger.spent == min(len(status_list), limit) == ledger.proposals
    assert ledger.unspent == limit - ledger.spent


@given(statuses)
def test_what_is_free_is_free_and_the_rest_is_not(status_list: list[str]) -> None:
    ledger = Ledger(Budget(queries=1000), duplicates="free", invalid="redraw")
    for status in status_list:
        ledger.charge(status, 1.0, 1)
    assert ledger.spent == status_list.count("ok")
    assert ledger.proposals == len(status_list)


def test_an_invalid_proposal_costs_the_mean_of_the_valid_ones_under_other_units() -> None:
    ledger = Ledger(Budget(cost_seconds=100.0))
    assert ledger.wants_price
    assert ledger.charge("invalid", 12.0, None) == 12.0  # nothing to compare with yet: a mean training
    ledger.charge("ok", 10.0, 200)
    assert not ledger.wants_price
    ledger.charge("ok", 20.0, 200)
    assert ledger.charge("invalid", 0.0, 200) == 15.0
    assert ledger.charge("duplicate", 10.0, 200) == 10.0
    epochs = Ledger(Budget(epochs=500))
    assert epochs.charge("invalid", 0.0, 200) == 200.0
    assert epochs.charge("ok", 1.0, 12) == 12.0
    assert epochs.charge("invalid", 0.0, 12) == 12.0
    assert Ledger(Budget(epochs=500)).charge("invalid", 0.0, 4) == 4.0  # the epochs that it asks for


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
@pytest.mark.parametrize("status", ["ok", "duplicate", "invalid"])
def test_a_time_that_is_none_is_refused_where_it_is_charged(status: str, seconds: float) -> None:
    """One NaN would make the budget endless."""
    ledger = Ledger(Budget(cost_seconds=100.0))
    with pytest.raises(RunError, match=r"a training time of \S+ seconds; accepted under \[budget\] cost_seconds"):
        ledger.charge(status, seconds, None)
    with pytest.raises(RunError, match="finite numbers from 0 on"):
        ledger.charge_training(1.0, seconds, 200)
    assert ledger.spent == 0
    assert Ledger(Budget(queries=3)).charge(status, seconds, None) == 1.0
    assert Ledger(Budget(epochs=300)).charge(status, seconds, 100) == 100.0


@pytest.mark.parametrize(
    ("budget", "amount"), [({"queries": 9}, 1.5), ({"epochs": 900}, 300), ({"cost_seconds": 90}, 18)]
)
def test_own_training_is_converted_to_the_unit_of_the_budget(budget: dict, amount: float) -> None:
    ledger = Ledger(Budget(**budget))
    assert ledger.charge_training(1.5, cost_seconds=12.0, epochs=200) == amount
    assert ledger.charge_training(1.5, cost_seconds=12.0, epochs=200) == amount
    assert ledger.spent == 2 * amount
    assert ledger.proposals == 0


def test_own_training_without_a_known_duration_has_no_price_in_seconds() -> None:
    with pytest.raises(RunError, match="queries or epochs"):
        Ledger(Budget(cost_seconds=9.0)).charge_training(1.0, None, 200)
    assert Ledger(Budget(queries=9)).charge_training(1.0, None, 200) == 1.0


def test_a_run_that_proposes_only_free_queries_stalls() -> None:
    ledger = Ledger(Budget(queries=5), invalid="redraw")
    for _ in range(STALL_LIMIT):
        assert not ledger.exhausted
        ledger.charge("invalid", 0.0, None)
    assert ledger.stalled
    assert ledger.exhausted
    assert ledger.unspent == 5


@pytest.mark.parametrize(
    "amounts",
    [{}, {"queries": 1, "epochs": 1}, {"queries": 0}, {"queries": -3}, {"queries": 2.5}, {"queries": True},
     {"cost_seconds": 0.0}, {"cost_seconds": float("inf")}, {"cost_seconds": float("nan")}, {"epochs": "ten"}],
)  # fmt: skip
def test_a_budget_is_exactly_one_positive_amount(amounts: dict) -> None:
    with pytest.raises(SuiteError):
        Budget(**amounts)
