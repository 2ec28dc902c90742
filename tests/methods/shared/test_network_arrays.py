"""Parts of flat arrays, and masks of rectifiers."""

import numpy as np

from equipoise.methods._shared.network_arrays import above_zero, keep_only, parts_of


def test_only_what_a_rectifier_let_through_is_kept() -> None:
    tiny = np.finfo(np.float32).smallest_subnormal
    outputs = np.array([[0.0, 2.5, tiny], [1e38, 0.0, np.inf]], dtype=np.float32)
    values = np.array([[1.0, -2.0, 3.0], [-4.0, np.nan, 6.0]], dtype=np.float32)
    keep_only(values, above_zero(outputs))
    assert values.tolist() == [[0.0, -2.0, 3.0], [-4.0, 0.0, 6.0]]


def test_parts_are_views_of_consecutive_pieces() -> None:
    flat = np.arange(10, dtype=np.float32)
    matrix, vector = parts_of(flat, [(2, 3), (4,)])
    assert matrix.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert vector.tolist() == [6, 7, 8, 9]
    vector[:] = 0.0
    assert flat.sum() == 15
