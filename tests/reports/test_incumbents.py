"""The condensing of rows, held against a loop that does the same one row at a time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from equipoise.reports.incumbents import RunRows, incumbents, lookup, reached, seen_before

LEVELS = (1, 4)


@st.composite
def blocks(draw: st.DrawFn) -> RunRows:
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=4))
    shape = (len(lengths), max(lengths))
    code, fidelity, status = np.full(shape, -1), np.zeros(shape, int), np.full(shape, -1)
    error, charge = np.full(shape, np.inf), np.zeros(shape)
    for run, length in enumerate(lengths):
        for place in range(length):
            code[run, place] = draw(st.integers(0, 3))
            fidelity[run, place] = draw(st.sampled_from(LEVELS))
            status[run, place] = draw(st.integers(0, 2))
            charge[run, place] = draw(st.sampled_from((0.0, 0.5, 1.0, 2.0)))
            if status[run, place] != 2:
                error[run, place] = draw(st.sampled_from((0.1, 0.2, 0.3)))
    zeros = np.zeros(shape)
    numbers = np.arange(1, len(lengths) + 1)
    return RunRows(numbers, np.array(lengths), code, error, fidelity, charge, zeros, zeros, status)


@given(blocks())
def test_incumbents_are_the_first_best_at_the_highest_fidelity_so_far(rows: RunRows) -> None:
    found = incumbents(rows)
    for run, length in enumerate(rows.lengths):
        for end in range(length):
            valid = [i for i in range(end + 1) if np.isfinite(rows.error[run, i])]
            highest = max((rows.fidelity[run, i] for i in valid), default=0)
            rivals = [i for i in valid if rows.fidelity[run, i] == highest]
            assert found[run, end] == min(rivals, key=lambda i: (rows.error[run, i], i), default=-1)


@given(blocks(), st.lists(st.floats(0, 10), min_size=1, max_size=5))
def test_reached_is_the_last_row_that_was_paid_for(rows: RunRows, limits: list[float]) -> None:
    amounts = np.cumsum(rows.charge, axis=1)
    found = reached(amounts, rows.lengths, np.array(sorted(limits)))
    for run, length in enumerate(rows.lengths):
        for place, limit in enumerate(sorted(limits)):
            paid = [i for i in range(length) if amounts[run, i] <= limit * (1 + 1e-12)]
            assert found[run, place] == max(paid, default=-1)


@given(blocks())
def test_seen_before(rows: RunRows) -> None:
    found = seen_before(rows.code)
    for run, row in enumerate(rows.code.tolist()):
        for place, code in enumerate(row):
            assert found[run, place] == (code < 0 or code in row[:place])


def test_lookup_asks_for_each_architecture_once() -> None:
    asked = []

    def value(codes: np.ndarray) -> np.ndarray:
        asked.extend(codes.tolist())
        return codes * 10.0

    columns, codes = np.array([[0, 1, -1], [1, 1, 0]]), np.array([[2, 3], [3, 2]])
    assert lookup(columns, codes, value, 7.0).tolist() == [[20.0, 30.0, 7.0], [20.0, 20.0, 30.0]]
    assert asked == [2, 3]


def test_a_whole_penalty_leaves_errors_their_digits() -> None:
    found = lookup(np.array([[0, -1]]), np.array([[2, 3]]), lambda codes: codes / 8, 1000)
    assert found.tolist() == [[0.25, 1000.0]]
