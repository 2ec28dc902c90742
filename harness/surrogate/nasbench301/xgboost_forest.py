"""XGBoost ensembles."""

import json
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost

from equipoise.harness.surrogate.nasbench301.forest import Forest, check_width

__all__ = ["Joined"]


class Joined(Forest):
    """Trees of all members in one model, each with the output that it adds to."""

    library = "xgboost"

    @classmethod
    def joined(cls, states: Sequence[dict[str, Any]]) -> "Joined":
        """Reads each member as XGBoost reads its own pickles, then joins them in JSON."""
        models = [_learner(state) for state in states]
        forests = [model["gradient_booster"]["model"] for model in models]
        if len({model["learner_model_param"]["base_score"] for model in models}) > 1:
            raise ValueError("the members start from different base scores")
        trees = [tree for found in forests for tree in found["trees"]]
        outputs = [member for member, found in enumerate(forests) for _ in found["trees"]]
        for place, tree in enumerate(trees):
            tree["id"] = place
        joined = models[0]
        joined["learner_model_param"]["num_target"] = str(len(models))
        joined["gradient_booster"]["model"] = {
            "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(trees))},
            "iteration_indptr": [0, len(trees)],
            "tree_info": outputs,
            "trees": trees,
        }
        whole = json.dumps({"learner": joined, "version": list(map(int, xgboost.__version__.split(".")[:3]))})
        return cls(bytes(_booster(whole.encode()).save_raw("ubj")))

    def read(self, blob: bytes) -> Any:
        """A booster on one thread: workers are processes."""
        return _booster(blob)

    def predict(self, told: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """In single precision, as XGBoost computes."""
        found = self.model.inplace_predict(told.astype(np.float32))
        return np.asarray(found, dtype=np.float64).reshape(len(told), -1).T


def _learner(state: dict[str, Any]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that the model was written by an older version
        booster = xgboost.Booster({"nthread": 1})
        try:
            booster.__setstate__({"handle": bytearray(state["handle"])})
        except xgboost.core.XGBoostError as error:
            reason = str(error).strip().splitlines()[-1]
            raise ValueError(
                f"xgboost {xgboost.__version__} cannot read a member ({reason}); 2.1.4 reads the official ones"
            ) from error
        learner: dict[str, Any] = json.loads(bytes(booster.save_raw("json")))["learner"]
    what = learner["gradient_booster"]["name"], learner["objective"]["name"]
    if what != ("gbtree", "reg:squarederror") or learner["learner_model_param"]["num_target"] != "1":
        raise ValueError(f"a member is {' of '.join(what)}; accepted: gbtree of reg:squarederror with one output")
    check_width(int(learner["learner_model_param"]["num_feature"]))
    return learner


def _booster(blob: bytes) -> Any:
    try:
        return xgboost.Booster({"nthread": 1}, model_file=bytearray(blob))
    except xgboost.core.XGBoostError as error:
        raise ValueError(str(error).strip().splitlines()[-1]) from error
