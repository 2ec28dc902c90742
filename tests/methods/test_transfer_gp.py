"""Transfer between tasks of one space: what is learnt, and what the data make of it."""

from dataclasses import replace

import numpy as np
import pytest
from made import MadeSpace

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.history import TaskHistory
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem, Query
from equipoise.harness.core.registry import load_method
from equipoise.methods._shared.informed_process import InformedProcess
from equipoise.methods._shared.structural_inputs import InputReader, chosen_groups
from equipoise.methods._shared.structural_process import StructuralProcess
from equipoise.methods._shared.transfer_prior import learn

SPACE = MadeSpace()
EVERYTHING = list(SPACE.enumerate())
TRUTH = {one: 0.1 * sum(one) + 0.02 * one[0] for one in EVERYTHING}
CLS, SCRATCH = load_method("transfer_gp"), load_method("structural_gp")


def history(*signs: float) -> tuple[TaskHistory, ...]:
    errors = np.array([TRUTH[one] for one in EVERYTHING])
    return tuple(TaskHistory(f"made/{sign}", SPACE, tuple(EVERYTHING), sign * errors) for sign in signs)


def made(cls=CLS, told=(), **settings):
    return cls(Problem(SPACE, Budget(queries=10), history=told), np.random.default_rng(0), **settings)


def searched(method, queries: int) -> list[tuple[int, ...]]:
    found = []
    for _ in range(queries):
        query = method.ask()
        method.tell(Observation(query, TRUTH[query.architecture], 1.0))
        found.append(query.architecture)
    return found


def test_without_a_history_it_is_the_structural_gp() -> None:
    assert searched(made(), 10) == searched(made(SCRATCH), 10)


def test_the_first_query_has_the_largest_prior_mean() -> None:
    best = min(EVERYTHING, key=TRUTH.__getitem__)
    assert searched(made(told=history(1.0, 3.0)), 1) == [best]
    method = made(told=history(1.0, 3.0))
    first, second = method.ask().architecture, method.ask().architecture  # pending
    assert first == best
    assert second != first


def test_data_switch_a_misleading_mean_off() -> None:
    """The other tasks rank the space the wrong way round; after eight observations the best is soon found."""
    worst = max(EVERYTHING, key=TRUTH.__getitem__)
    proposed = searched(made(told=history(-1.0, -2.0)), 10)
    assert proposed[0] == worst
    method = made(told=history(-1.0, -2.0))
    shown = [one for one in EVERYTHING if TRUTH[one] > 0.15][:8]
    for one in shown:
        method.tell(Observation(Query(one), TRUTH[one], 1.0))
    mean, _, _ = method._ranker.posterior(method._posterior)
    rest = [place for place, one in enumerate(EVERYTHING) if one not in shown]
    assert np.corrcoef(mean[rest], [-TRUTH[EVERYTHING[place]] for place in rest])[0, 1] > 0


def test_tasks_that_agree_are_trusted_and_tasks_that_do_not_are_not() -> None:
    reader = InputReader(SPACE, chosen_groups("test", "all"), True, True, None)
    assert learn(reader, history(1.0, 2.0, 5.0)).trust == pytest.approx(1.0, abs=0.1)
    assert learn(reader, history(1.0, -1.0)).trust == pytest.approx(0.1)
    assert learn(reader, history(1.0)).trust == 0.5


def test_conditioning_at_once_is_conditioning_row_by_row() -> None:
    reader = InputReader(SPACE, chosen_groups("test", "all"), True, True, None)
    rows, one_by_one, seen = reader.read(EVERYTHING[:6]), StructuralProcess(reader.layout), reader.read([])
    for architecture in EVERYTHING[:6]:
        own = reader.read([architecture])
        one_by_one.add(seen, own)
        seen = seen.extended(own)
    at_once = InformedProcess(reader.layout)
    at_once.condition(rows)
    assert np.allclose(at_once.inverse, one_by_one.inverse, atol=1e-6)


def test_a_narrow_prior_keeps_the_learnt_hyperparameters() -> None:
    narrow, wide = (made(told=history(1.0, 2.0), mean=False, width=width) for width in (1e-3, 3.0))
    moved = []
    for method in (narrow, wide):
        searched(method, 8)
        moved.append(np.abs(method._ranker.process.theta - method._prior.theta).max())
    assert moved[0] < 0.01 < moved[1]


def test_settings_out_of_range_are_refused() -> None:
    for settings in ({"width": 0.0}, {"kernel": False}):
        with pytest.raises(SettingError, match="transfer_gp: "):
            made(told=history(1.0), **settings)
    assert replace(Problem(SPACE, Budget(queries=1)), history=history(1.0)).history[0].task == "made/1.0"
