"""Joined ensembles predict what each member predicts alone, bit for bit."""

from pathlib import Path

import lightgbm
import numpy as np
import pytest
import xgboost
from nasbench301_archives import add_ensemble, drawn, made_model

from equipoise.harness.core.errors import PluginError
from equipoise.harness.data.official.nasbench301 import ensembles
from equipoise.harness.surrogate.nasbench301.ensembles import join
from equipoise.harness.surrogate.nasbench301.forest import forest
from equipoise.harness.surrogate.nasbench301.vector import vectors

TOLD = vectors(drawn(300, seed=9))


def test_outputs_of_a_joined_xgboost_ensemble_are_its_members(tmp_path: Path) -> None:
    models = add_ensemble(tmp_path, "xgb", "xgb")
    joined = join(next(ensembles(tmp_path)), "here")
    expected = [model.predict(xgboost.DMatrix(TOLD)) for model in models]
    assert joined.predict(TOLD).tolist() == np.asarray(expected, dtype=np.float64).tolist()


@pytest.mark.parametrize("best", [0, 4])
def test_outputs_of_a_joined_lightgbm_ensemble_are_its_members(best: int, tmp_path: Path) -> None:
    models = add_ensemble(tmp_path, "lgb", "lgb", best=best)
    joined = join(next(ensembles(tmp_path)), "here")
    assert joined.predict(TOLD).tolist() == [model.predict(TOLD).tolist() for model in models]


@pytest.mark.parametrize("library", ["xgboost", "lightgbm"])
def test_a_joined_model_is_read_back_from_its_bytes(library: str, tmp_path: Path) -> None:
    add_ensemble(tmp_path, "one", library[:1] + "gb")
    joined = join(next(ensembles(tmp_path)), "here")
    again = forest(library)(joined.blob)
    assert again.predict(TOLD).tolist() == joined.predict(TOLD).tolist()
    assert again.predict(TOLD[:1]).tolist() == joined.predict(TOLD)[:, :1].tolist()


def test_a_member_of_another_width_is_refused() -> None:
    narrow = xgboost.train({"base_score": 0.5}, xgboost.DMatrix(TOLD[:, :5], label=TOLD[:, 10]), 2)
    with pytest.raises(ValueError, match="a member takes 5 numbers; the vector of NAS-Bench-301 has 56"):
        forest("xgboost").joined([narrow.__getstate__()])
    narrow = lightgbm.train({"verbosity": -1}, lightgbm.Dataset(TOLD[:, :5], label=TOLD[:, 10]), 2)
    with pytest.raises(ValueError, match="a member takes 5 numbers"):
        forest("lightgbm").joined([narrow.__getstate__()])


def test_a_model_of_another_objective_is_refused() -> None:
    classes = (TOLD[:, 10] > 2).astype(float)
    other = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(TOLD, label=classes), 2)
    with pytest.raises(ValueError, match="accepted: gbtree of reg:squarederror"):
        forest("xgboost").joined([other.__getstate__()])
    other = lightgbm.train({"objective": "binary", "verbosity": -1}, lightgbm.Dataset(TOLD, label=classes), 2)
    with pytest.raises(ValueError, match="accepted: regression"):
        forest("lightgbm").joined([other.__getstate__()])


def test_members_with_different_starts_are_refused() -> None:
    states = [made_model("xgb", 0, 2).__getstate__()]
    other = xgboost.train({"base_score": 3.0}, xgboost.DMatrix(TOLD, label=TOLD[:, 10]), 2)
    with pytest.raises(ValueError, match="different base scores"):
        forest("xgboost").joined([*states, other.__getstate__()])


def test_what_is_no_model_is_said() -> None:
    with pytest.raises(ValueError, match="cannot read a member"):
        forest("xgboost").joined([{"handle": b"nonsense"}])
    with pytest.raises(ValueError, match="no model in LightGBM's text format"):
        forest("lightgbm").joined([{"handle": "nonsense"}])
    with pytest.raises(PluginError, match="no ensemble of 'catboost'"):
        forest("catboost")
