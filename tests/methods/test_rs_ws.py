"""Random search with weight sharing."""

import numpy as np
import pytest

from equipoise.harness.core.errors import SettingError

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch
from one_shot_runs import FEW, TASK, WHOLE, make_one_shot, run_one_shot

from equipoise.harness.core.ledger import Budget
from equipoise.harness.training.images import load
from equipoise.harness.training.weight_sharing import SharedWeights


def test_the_ranking_is_paid_for_once_and_each_candidate_with_a_query() -> None:
    method = make_one_shot("rs_ws", Budget(queries=10), epochs=2, candidates=8, judging_batches=1)
    trajectory = run_one_shot(method)
    training = 2 * 32 * 1.2
    judging = 8 * 32 * 0.45 * 2  # all are finalists: again on the whole half, which is one batch here
    assert trajectory.charge[0] == pytest.approx(1.0 + (training + judging) / WHOLE)
    assert trajectory.charge[1:8] == [1.0] * 7
    assert trajectory.charge[8] > 1.0  # the next search has begun


def test_candidates_come_in_the_order_of_their_shared_weights() -> None:
    method = make_one_shot("rs_ws", epochs=2, candidates=12, judging_batches=2)
    asked = [method.ask().architecture for _ in range(12)]
    assert len(set(asked)) == 12
    generator = torch.Generator().manual_seed(int(np.random.default_rng(0).integers(2**62)))
    # the same search, by hand
    rng = np.random.default_rng(0)
    rng.integers(2**62)
    shared = SharedWeights(TASK.space, load("fashion14"), method._configuration, generator, FEW)  # type: ignore[attr-defined]
    for _ in range(2):
        for training, _ in shared.epoch():
            shared.step(training, shared.supernet.path(TASK.space.sample(rng, 1)[0]), "path")
    validation = shared.validation_batches(64, 2)
    errors = [shared.error(validation, shared.supernet.path(one)) for one in asked]
    assert errors == sorted(errors)
    assert set(asked) == set(TASK.space.sample(rng, 12))


def test_a_bad_setting_of_its_own_is_refused() -> None:
    with pytest.raises(SettingError, match="candidates = 0"):
        make_one_shot("rs_ws", candidates=0)
