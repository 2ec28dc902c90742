"""Hyperband."""

from equipoise.methods._shared.brackets import ladder, rungs

POWERS = (1, 3, 9, 27, 81)


def test_brackets_are_those_of_algorithm_1() -> None:
    """R = 81, eta = 3: n_i and r_i of every bracket."""
    assert ladder((1, 3, 9, 27, 81), 3) == ladder(range(1, 82), 3) == (1, 3, 9, 27, 81)
    assert [rungs(POWERS, s) for s in (4, 3, 2, 1, 0)] == [[81, 27, 9, 3, 1], [34, 11, 3, 1], [15, 5, 1], [8, 2], [5]]
