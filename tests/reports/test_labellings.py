"""The answer under every labelling: against brute force, and where its sign turns."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.reports.statistics import labellings
from equipoise.reports.statistics.families import compare_families
from equipoise.reports.statistics.labellings import sweep_labellings


def errors(levels: list[float], tasks: int = 3, repeats: int = 4, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 0.01, (len(levels), tasks, repeats))
    return np.array(levels)[:, None, None] + noise


@given(st.integers(0, 1000))
def test_each_labelling_gives_what_the_families_give(seed: int) -> None:
    values = np.random.default_rng(seed).random((4, 3, 5))
    clusters = ["a", "a", "b"]
    sweep = sweep_labellings(values, [1, -1, 1, -1], [2], clusters)
    for effect, labels in zip(sweep.effects, sweep.labels, strict=True):
        families = [{1: "nas", -1: "hpo", 0: "none"}[int(label)] for label in labels]
        expected = compare_families(values, families, clusters, sensitivity=False, resamples=10).mean.overall.value
        assert effect == pytest.approx(float(expected))


def test_all_labellings_are_there_once() -> None:
    sweep = sweep_labellings(errors([1, 2, 3, 4]), [1, -1, 1, -1], [2, 3], ["a"] * 3)
    assert sweep.complete
    found = {tuple(int(label) for label in row[2:]) for row in sweep.labels[1:]}
    assert found == set(product((1, -1, 0), repeat=2))
    assert (sweep.labels[:, 0] == 1).all()
    assert (sweep.labels[:, 1] == -1).all()


def test_a_method_that_carries_the_answer_is_pivotal() -> None:
    # Without the third method the first family wins; with it, it loses.
    sweep = sweep_labellings(errors([1.0, 2.0, 9.0]), [1, -1, 1], [2], ["a"] * 3)
    assert sweep.declared > 0
    assert sweep.fragile
    assert sweep.pivotal() == (2,)
    assert sweep.share_below_zero == pytest.approx(2 / 3)
    assert sweep.share_as_declared == pytest.approx(1 / 3)


def test_an_answer_that_hangs_on_no_label_is_robust() -> None:
    sweep = sweep_labellings(errors([1.0, 2.0, 1.5]), [1, -1, 1], [2], ["a"] * 3)
    assert not sweep.fragile
    assert sweep.pivotal() == ()
    assert sweep.low <= sweep.declared <= sweep.high < 0


def test_a_family_left_without_a_method_on_a_task_does_not_count_there() -> None:
    values = errors([1.0, 2.0, 5.0])
    values[0, 1] = np.nan
    sweep = sweep_labellings(values, [1, -1, 0], [], ["a", "b", "c"])
    used = values[:, [0, 2]].mean(axis=2)
    assert sweep.declared == pytest.approx(float((used[0] - used[1]).mean()))


def test_too_many_labellings_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labellings, "MOST_LABELLINGS", 50)
    sweep = sweep_labellings(errors([1, 2, 3, 4, 5, 6]), [1, -1, 1, -1, 1, -1], [2, 3, 4, 5], ["a"] * 3)
    assert not sweep.complete
    assert len(sweep.effects) == 51


def test_labels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="need as many labels"):
        sweep_labellings(errors([1, 2]), [1], [], ["a"] * 3)
