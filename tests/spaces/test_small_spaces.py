"""TransNAS-Bench-101 micro and macro, NAS-Bench-Macro and NATS-Bench size."""

from itertools import product

import numpy as np
import pytest

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_macro import NasBenchMacro
from equipoise.harness.spaces.nats_sss import NatsSss
from equipoise.harness.spaces.transnas_macro import TransNasMacro
from equipoise.harness.spaces.transnas_micro import TransNasMicro

MICRO, MACRO, BLOCKS, SIZE = TransNasMicro(), TransNasMacro(), NasBenchMacro(), NatsSss()


def test_micro_cells_are_those_of_nasbench201_without_pooling() -> None:
    cells = list(MICRO.enumerate())
    assert len(cells) == MICRO.size == 4_096
    whole = NasBench201()
    assert all(MICRO.canonical(cell) == whole.canonical(cell) for cell in cells)
    assert sum(MICRO.canonical(cell) == (0,) * 6 for cell in cells) == 169  # no path from input to output
    assert MICRO.format((1, 0, 2, 3, 3, 3)) == "64-41414-1_02_333"


def test_macro_networks_are_counted_by_hand() -> None:
    """Every string of four to six digits in which 2 or 4 comes one to three times and 3 or 4 one to four times."""
    expected = {
        "".join(digits)
        for depth in (4, 5, 6)
        for digits in product("1234", repeat=depth)
        if 1 <= sum(d in "24" for d in digits) <= 3 and 1 <= sum(d in "34" for d in digits) <= 4
    }
    texts = [MACRO.format(network) for network in MACRO.enumerate()]
    assert {text.split("-")[1] for text in texts} == expected
    assert len(texts) == MACRO.size == 3_256


@pytest.mark.parametrize("text", ["64-1111-basic", "64-2224-basic", "64-123-basic", "64-12345-basic", "64-33333-basic"])
def test_macro_networks_outside_the_limits_are_refused(text: str) -> None:
    with pytest.raises(SpaceError, match="64-1234-basic"):
        MACRO.parse(text)


@pytest.mark.parametrize("space", [NasBench201(), BLOCKS, SIZE], ids=lambda space: space.name)
def test_a_sample_is_the_one_that_a_bound_per_decision_draws(space: SearchSpace) -> None:
    one, other = np.random.default_rng(1), np.random.default_rng(1)
    for n in (1, 7, 1, 300):
        drawn = other.integers(space.cardinalities, size=(n, len(space.cardinalities)))
        assert space.sample(one, n) == list(map(tuple, drawn.tolist()))
        assert one.random() == other.random()


def test_sizes() -> None:
    assert BLOCKS.size == 3**8
    assert SIZE.size == 8**5
    assert SIZE.format((0, 1, 2, 3, 4)) == "8:16:24:32:40"
    assert BLOCKS.parse("22212220") == (2, 2, 2, 1, 2, 2, 2, 0)
