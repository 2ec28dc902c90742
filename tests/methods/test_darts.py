"""DARTS."""

import os
import subprocess
import sys

import numpy as np
import pytest

from equipoise.harness.core.errors import SettingError

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch
from one_shot_runs import make_one_shot, shared_weights

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.training.supernet import mixture


def test_the_supernet_and_its_price_follow_what_the_name_of_a_task_sets() -> None:
    """Half the epochs make_one_shot a stand-alone training half as long, and each search worth twice as much."""
    made = {}
    for name in ("training/nasbench201/fashion14", "training/nasbench201/fashion14,epochs=4,channels=4"):
        cls, task = load_method("darts"), load_task(name)
        given = {**cls.check_settings, "images": None}
        made[name] = cls(problem_of(cls, task, Budget(queries=5), given), np.random.default_rng(0), **given)
        made[name].ask()
    usual, changed = made.values()
    assert changed.training_equivalents == pytest.approx(2 * usual.training_equivalents)
    stems = [method._shared.supernet.body[0].out_channels for method in (usual, changed)]  # type: ignore[attr-defined]
    assert stems == [8, 4]


def test_darts_moves_towards_what_lowers_the_judging_loss() -> None:
    """With the weights fixed, the architecture's own steps lower the loss of the half that judges."""
    method = make_one_shot("darts", architecture_learning_rate=0.05)
    shared = shared_weights(learning_rate=1e-9)
    alphas = shared.supernet.alphas(torch.Generator().manual_seed(0))
    adam = torch.optim.Adam(alphas, lr=0.05, betas=(0.5, 0.999))
    pair = next(shared.epoch())
    losses = []
    for _ in range(15):
        losses.append(shared.loss(pair[1], mixture(alphas), "mixture").item())
        for alpha, slope in zip(alphas, method._gradient(shared, alphas, *pair), strict=True):  # type: ignore[attr-defined]
            alpha.grad = slope
        adam.step()
    assert losses[-1] < losses[0] - 1e-3


def test_none_may_win_an_edge_unless_the_rule_of_the_paper_is_asked_for() -> None:
    cells = {}
    for rule in (True, False):
        method = make_one_shot("darts", epochs=1, architecture_learning_rate=1e-9, derive_none=rule)
        cells[rule] = [method.ask().architecture for _ in range(6)]
    assert any(0 in cell for cell in cells[True])
    assert not any(0 in cell for cell in cells[False])
    for published, paper in zip(cells[True], cells[False], strict=True):
        assert all(a in (b, 0) for a, b in zip(published, paper, strict=True))


def test_a_space_without_a_supernet_is_not_applicable() -> None:
    cls = load_method("darts")
    task = load_task("nasbench_graph/cora")
    with pytest.raises(SpaceError, match="needs a supernet"):
        cls(
            problem_of(cls, task, Budget(queries=5), cls.check_settings), np.random.default_rng(0), **cls.check_settings
        )


def test_a_suite_is_checked_without_loading_pytorch() -> None:
    code = (
        "import sys, numpy as np; from equipoise.harness.core.ledger import Budget\n"
        "from equipoise.harness.core.registry import *\n"
        "cls, task, given = load_method('darts'), load_task('nasbench201/cifar10'), {'images': 'fashion14'}\n"
        "cls(problem_of(cls, task, Budget(queries=5), given), np.random.default_rng(0), **given)\n"
        "sys.exit('torch' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


def test_a_bad_setting_of_its_own_is_refused() -> None:
    with pytest.raises(SettingError, match="order = 3; accepted: 1, 2"):
        make_one_shot("darts", order=3)
    with pytest.raises(SettingError, match="derive = 'best'; accepted: last, every"):
        make_one_shot("darts", derive="best")
    with pytest.raises(SettingError, match="updates = 0; accepted: whole numbers from 1 on"):
        make_one_shot("darts", updates=0)
