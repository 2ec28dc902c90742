"""Noise and scores come of the architectures that are held out."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_samples import table

from equipoise.harness.core.errors import DataError
from equipoise.harness.surrogate.fit import _held_out, fit_surrogate
from equipoise.harness.tables.table import open_table
from equipoise.harness.tables.writer import TableWriter


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("made") / "sample.parquet", "nasbench201", 300)


def _rewritten(path: Path, out: Path, error: Callable[[int, int], float | None]) -> Path:
    """The same table with another error by row and level, and none where that is None."""
    source = open_table(path)
    with TableWriter(out, source.header) as made:
        for row, cell in enumerate(source.architectures):
            for level, epochs in enumerate(source.header.fidelities):
                if (value := error(row, level)) is not None:
                    made.add(cell, fidelity=epochs, validation_error=value, cost_seconds=epochs * (1.0 + row))
    return out


def _held_rows(path: Path) -> list[int]:
    source = open_table(path)
    classes = [source.header.space.canonical(cell) for cell in source.architectures]
    return np.flatnonzero(_held_out(classes, np.random.default_rng(0))).tolist()


def test_a_held_out_value_far_below_the_others_does_not_decide_the_noise(sample: Path, tmp_path: Path) -> None:
    """No prediction reaches it: the transform of so low a value is infinite."""
    best, rng = _held_rows(sample)[0], np.random.default_rng(0)
    errors = 0.2 + 0.01 * rng.random((300, 2))
    usual = _rewritten(sample, tmp_path / "usual.parquet", lambda row, level: errors[row, level])
    errors[best] = 0.15
    lower = _rewritten(sample, tmp_path / "lower.parquet", lambda row, level: errors[row, level])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        factors = [[level.factor for level in fit_surrogate(one, "gp").header.levels] for one in (usual, lower)]
    assert np.isfinite(factors).all()
    assert factors[1] == pytest.approx(factors[0], rel=0.5)


@pytest.mark.parametrize(
    ("full", "words"),
    [
        (range(8), "level 2: 8 architectures have a value; a surrogate needs 100 at each fidelity"),
        (range(99), "level 2: 99 architectures have a value"),
        (None, "level 2: 0 values are held out, 0 of them different; scores need 5"),
    ],
    ids=["few", "one-less", "none-held-out"],
)
def test_a_fidelity_that_few_architectures_have_is_refused(
    sample: Path, tmp_path: Path, full: range | None, words: str
) -> None:
    source, held = open_table(sample), _held_rows(sample)
    have = set(range(300)) - set(held) if full is None else set(full)
    some = source.columns["mean"]
    few = _rewritten(
        sample,
        tmp_path / "few.parquet",
        lambda row, level: float(some[level, row]) if not level or row in have else None,
    )
    with pytest.raises(DataError, match=f"made/nasbench201, {words}") as raised:
        fit_surrogate(few, "gp")
    assert "\n" not in str(raised.value)


def test_held_out_values_that_are_all_equal_are_refused(sample: Path, tmp_path: Path) -> None:
    held, rng = set(_held_rows(sample)), np.random.default_rng(0)
    errors = [0.2 if row in held else 0.3 * rng.random() for row in range(300)]
    equal = _rewritten(sample, tmp_path / "equal.parquet", lambda row, _: errors[row])
    with pytest.raises(DataError, match=r"level 1: \d+ values are held out, 1 of them different; scores need 5"):
        fit_surrogate(equal, "gp")


def test_noise_that_covers_nothing_is_refused(sample: Path, tmp_path: Path) -> None:
    held, rng = set(_held_rows(sample)), np.random.default_rng(0)
    errors = [0.1 * (row not in held) + 0.1 + 0.01 * rng.random() for row in range(300)]
    table = _rewritten(sample, tmp_path / "apart.parquet", lambda row, _: errors[row])
    with pytest.raises(DataError, match=r"made/nasbench201, level 1: a third of the held-out values are too far below"):
        fit_surrogate(table, "gp")
