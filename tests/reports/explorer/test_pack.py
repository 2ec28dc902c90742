"""Packed columns: what a page reads back is what was put in, within the loss that it states."""

import numpy as np
import pytest
from explorer_pages import array, bytes_of, column

from equipoise.reports.explorer.pack import Block


@pytest.mark.parametrize(
    ("values", "codec"),
    [
        (np.repeat([0.1, 0.2, 7.5], 100), "exact"),
        (np.random.default_rng(0).normal(10.0, 2.0, 4000), "linear"),
        (np.random.default_rng(0).lognormal(0.0, 3.0, 4000), "log"),
        (np.array([3.0]), "exact"),
    ],
)
def test_a_column_reads_back_within_its_stated_loss(values, codec: str) -> None:
    values = values.copy()
    values[1::7] = np.nan
    block = Block()
    block.add(np.arange(5), "u1")  # an offset that is not aligned
    packed = block.add_column(values)
    found = column(bytes_of(block.text()), packed.described())
    assert packed.codec == codec
    assert (np.isnan(found) == np.isnan(values)).all()
    known = np.isfinite(values)
    difference = np.abs(found - values)[known]
    if codec == "exact":
        assert (found[known] == values[known].astype(np.float32)).all()
    elif codec == "linear":
        assert 0 < difference.max() <= packed.error * 1.0001
        assert packed.error < 2e-4
    else:
        assert 0 < (difference / values[known]).max() <= packed.error * 1.0001
        assert packed.error < 5e-4


def test_errors_are_exact_however_many_differ() -> None:
    values, block = np.random.default_rng(0).normal(10.0, 2.0, 4000), Block()
    packed = block.add_column(values, exact=True)
    assert (column(bytes_of(block.text()), packed.described()) == values.astype(np.float32)).all()


def test_whole_numbers_are_exact_in_the_smallest_type_that_holds_them() -> None:
    block = Block()
    numbers = [np.arange(256), np.array([0, 65_535, 7]), np.array([70_000, 1])]
    places = [block.add_codes(one) for one in numbers]
    assert [kind for kind, _, _ in places] == ["u8", "u16", "u32"]
    content = bytes_of(block.text())
    assert all((array(content, place) == one).all() for place, one in zip(places, numbers, strict=True))
