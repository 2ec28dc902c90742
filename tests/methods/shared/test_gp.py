"""The Gaussian process and its targets."""

import numpy as np
import pytest
from method_runs import NB201

from equipoise.methods._shared.gp import HammingProcess, normal_scores


def test_normal_scores_rank_and_share_ties() -> None:
    scores = normal_scores(np.array([0.3, 0.1, 0.2, 0.2]))
    assert scores[1] == max(scores)
    assert scores[0] == min(scores)
    assert scores[2] == scores[3]
    assert scores.sum() == pytest.approx(0.0, abs=1e-12)


def test_observing_one_by_one_is_the_same_as_at_once() -> None:
    """The inverse factor that grows by a row a time is that of the whole correlation matrix."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, size=(12, 5))
    process = HammingProcess(5, 1.5)
    for code in codes:
        process.add(code.tolist())
    matrix = process.correlation(codes, codes) + process.noise * np.eye(12)
    assert process.inverse @ matrix @ process.inverse.T == pytest.approx(np.eye(12), abs=1e-8)


def test_one_hot_columns_count_a_difference_twice() -> None:
    """The same kernel as on option numbers, at half the weights."""
    cells = NB201.sample(np.random.default_rng(0), 12)
    plain, hot = HammingProcess(6), HammingProcess(30)
    plain.weights[:] = np.linspace(0.2, 1.2, 6)
    hot.weights[:] = np.repeat(plain.weights / 2, 5)
    codes = [NB201.encode(cells, kind).astype(int) for kind in ("categorical", "one-hot")]
    np.testing.assert_allclose(plain.correlation(codes[0], codes[0]), hot.correlation(codes[1], codes[1]))
