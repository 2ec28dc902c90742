"""What holds for hyperband, bohb and dehb."""

from collections import Counter

import numpy as np
import pytest
from method_runs import EPOCHS_TASK, make_bracketed, run_bracketed

from equipoise.harness.conformance.methods import METHOD_CHECKS
from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.registry import load_method, load_task, missing_requirements
from equipoise.methods._shared.brackets import rungs

NAMES = ("hyperband", "bohb", "dehb")


@pytest.mark.parametrize("name", ["hyperband", "bohb"])
def test_every_rung_trains_the_best_of_the_one_before(name: str) -> None:
    """Replayed from the trajectory: sizes, epochs and survivors of the first two rounds of brackets."""
    trajectory = run_bracketed(name, epochs=4000)
    rows = list(zip(trajectory.architecture, trajectory.fidelity, trajectory.validation_error, strict=True))
    place = 0
    for s in (3, 2, 1, 0) * 2:
        sizes = rungs(EPOCHS_TASK.info.fidelities, s, published=name == "hyperband")
        survivors = None
        for size, epochs in zip(sizes, EPOCHS_TASK.info.fidelities[3 - s :], strict=True):
            rung = rows[place : place + size]
            place += size
            assert {fidelity for _, fidelity, _ in rung} == {epochs}
            if survivors is not None:
                assert Counter(cell for cell, _, _ in rung) == Counter(survivors[:size])
            survivors = [cell for cell, _, _ in sorted(rung, key=lambda row: row[2])]
    assert place <= len(rows)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("check", METHOD_CHECKS, ids=lambda check: check.__name__)
def test_it_conforms_on_a_task_with_fidelities(name: str, check) -> None:
    check(load_method(name), EPOCHS_TASK)


@pytest.mark.parametrize("name", NAMES)
def test_a_task_with_one_fidelity_is_not_for_it(name: str) -> None:
    assert "needs several fidelities" in (
        missing_requirements(load_method(name), load_task("nasbench201/cifar10")) or ""
    )


@pytest.mark.parametrize("name", ["bohb", "dehb"])
@pytest.mark.parametrize("kind", ["integer", "one-hot"])
def test_it_searches_numbers(name: str, kind: str) -> None:
    trajectory = run_bracketed(name, 1200, encoding=kind)
    assert set(trajectory.status) <= {"ok", "duplicate"}
    full = [e for e, f in zip(trajectory.validation_error, trajectory.fidelity, strict=True) if f == 27]
    assert min(full) < np.quantile(EPOCHS_TASK.landscape(), 0.05)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        *[(name, {"eta": value}) for name in NAMES for value in (1, 2.5, True)],
        *[(name, {"least_epochs": value}) for name in NAMES for value in (0, 2, 27)],
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    ((key, _),) = bad.items()
    with pytest.raises(SettingError, match=rf"{name}: {key} = .*accepted: "):
        make_bracketed(name, **bad)
