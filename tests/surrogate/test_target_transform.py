import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.harness.core.errors import DataError
from equipoise.harness.surrogate.target_transform import TargetTransform

samples = st.lists(st.integers(-1000, 1000), min_size=3, max_size=30).filter(lambda values: len(set(values)) > 1)


@given(values=samples, scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_it_keeps_the_order_reads_back_and_knows_no_unit(values: list[int], scale: float, shift: float) -> None:
    some = np.array(values, dtype=np.float64)
    transform = TargetTransform.of(some, "x")
    transformed = transform.transform(some)
    assert np.allclose(transform.inverse(transformed), some, atol=1e-6)
    order = np.argsort(some, kind="stable")
    assert (np.diff(transformed[order])[np.diff(some[order]) > 0] > 0).all()
    assert (transformed.mean(), transformed.std()) == pytest.approx((0, 1), abs=1e-6)
    moved = scale * some + shift
    assert np.allclose(TargetTransform.of(moved, "x").transform(moved), transformed, atol=1e-6)


def test_missing_values_do_not_count_and_errors_are_not_negative() -> None:
    transform = TargetTransform.of(np.array([0.1, np.nan, 0.3, 0.4]), "x")
    assert transform == TargetTransform.of(np.array([0.1, 0.3, 0.4]), "x")
    assert transform.inverse(np.array([-50.0]))[0] == 0.0
    assert TargetTransform.of(np.array([-0.1, 0.2]), "x").inverse(np.array([-50.0]))[0] < -0.1


def test_values_outside_of_the_sample_keep_their_order_and_are_numbers() -> None:
    transform = TargetTransform.of(np.array([0.2, 0.21, 0.3]), "x")
    found = transform.transform(np.array([-1.0, 0.192, 0.195, 0.2, 0.25, 0.5, np.nan]))
    assert found[0] == -np.inf
    assert (np.diff(found[:-1]) > 0).all()
    assert np.isnan(found[-1])
    assert np.allclose(transform.inverse(found[2:6]), [0.195, 0.2, 0.25, 0.5])


@pytest.mark.parametrize("values", [[0.5, 0.5], [np.nan, 0.5], []])
def test_nothing_to_predict(values: list[float]) -> None:
    with pytest.raises(DataError, match="table, level 1: all values are equal"):
        TargetTransform.of(np.array(values), "table, level 1")
