"""Small archives of NAS-Bench-301 in the official layout, their models made by XGBoost and LightGBM themselves."""

import json
import pickle
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import xgboost

from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.surrogate.nasbench301.vector import vectors

SPACE = Darts()


def drawn(number: int, seed: int = 0) -> list[Architecture]:
    return SPACE.sample(np.random.default_rng(seed), number)


def made_model(kind: str, seed: int, rounds: int) -> Any:
    """A model of accuracies (about 94), or of seconds (about 5,000) where the kind ends in ``_time``."""
    rng = np.random.default_rng(seed)
    told = vectors(drawn(200, seed))
    answers = 94 + 0.3 * (told[:, 10] - 3) - 0.2 * (told[:, 30] > 2) + rng.normal(0, 0.1, len(told))
    if kind.endswith("_time"):
        answers = 5000 + 100 * told[:, 10] + rng.normal(0, 10, len(told))
    if kind.startswith("xgb"):
        setting = {"max_depth": 4, "objective": "reg:squarederror", "seed": seed, "nthread": 1, "base_score": 0.5}
        return xgboost.train(setting, xgboost.DMatrix(told, label=answers), rounds)
    setting = {"num_leaves": 6, "objective": "regression", "seed": seed, "verbosity": -1, "num_threads": 1}
    return lightgbm.train(setting, lightgbm.Dataset(told, label=answers), rounds)


def add_ensemble(root: Path, name: str, kind: str, rounds: tuple[int, ...] = (12, 15, 9), best: int = 0) -> list[Any]:
    """Writes an ensemble as the official package saves one; the models are returned."""
    models = []
    for number, own in enumerate(rounds):
        model = made_model(kind, number, own)
        if best:
            model.best_iteration = best
        folder = root / name / f"ensemble_member_{number}"
        folder.mkdir(parents=True)
        (folder / "surrogate_model.model").write_bytes(pickle.dumps(model))
        (folder / "model_config.json").write_text(json.dumps({"model": kind}))
        (folder / "data_config.json").write_text(json.dumps({"seed": 1}))
        models.append(model)
    return models


def add_graph_ensemble(root: Path) -> None:
    """One that no tree is in: nothing of it may be read."""
    folder = root / "gnn_gin_v1.0" / "ensemble_member_0"
    folder.mkdir(parents=True)
    (folder / "surrogate_model.model").write_bytes(b"\x80\x04cos\nsystem\n.")
    (folder / "model_config.json").write_text(json.dumps({"model": "gnn_gin"}))
