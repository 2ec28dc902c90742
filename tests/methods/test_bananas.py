"""BANANAS."""

import numpy as np
import pytest
from made import MadeSpace
from method_runs import make_predictor

from equipoise.harness.core.errors import SettingError
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201


def test_the_published_truncations_are_kept() -> None:
    """naszilla keeps paths of at most two operations on NAS-Bench-201, and of three on NAS-Bench-101 (40 columns)."""
    for space, columns in ((NasBench201(), 4 + 16), (NasBench101(), 1 + 3 + 9 + 27)):
        cells = space.sample(np.random.default_rng(0), 20)
        seen = make_predictor("bananas", space)._encode(cells)
        assert seen.shape == (20, columns)
        assert np.array_equal(seen, space.encode(cells, "path")[:, :columns])
        assert make_predictor("bananas", space, longest=1)._encode(cells).shape[1] == {20: 4, 40: 1 + 3}[columns]
        assert np.array_equal(make_predictor("bananas", space, longest=9)._encode(cells), space.encode(cells, "path"))


def test_decisions_are_encoded_where_there_are_no_paths() -> None:
    cells = MadeSpace().sample(np.random.default_rng(0), 5)
    assert np.array_equal(make_predictor("bananas", MadeSpace())._encode(cells), MadeSpace().encode(cells, "one-hot"))


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("bananas", {"n_initial": 0}),
        ("bananas", {"n_initial": 31}),
        ("bananas", {"batch": 0}),
        ("bananas", {"ensemble": 1}),
        ("bananas", {"epochs": 0}),
        ("bananas", {"longest": 0}),
        ("bananas", {"learning_rate": 0.0}),
        ("bananas", {"learning_rate": float("nan")}),
        ("bananas", {"mutation_rate": -1.0}),
        ("bananas", {"encoding": "tree"}),
        ("bananas", {"targets": "ranks"}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"{name}: {next(iter(bad))} = .*accepted: "):
        make_predictor(name, NasBench201(), **bad)
