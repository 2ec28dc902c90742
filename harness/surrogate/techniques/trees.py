"""Gradient-boosted regression trees."""

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from harness.errors import PluginError
from harness.surrogate.technique import Arrays, Technique

__all__ = ["Trees"]

MEMBERS = 5
ROUNDS = 150
SETTINGS = {
    "tree_method": "hist",
    "max_bin": 64,
    "eta": 0.1,
    "max_depth": 8,
    "min_child_weight": 4,
    "colsample_bynode": 0.2,
    "nthread": 1,  # so that a fit repeats bit for bit
}


class Trees(Technique):
    """An ensemble of XGBoost models, each fitted to a bootstrap sample.

    Settings were chosen by the Kendall tau of held-out cells of the NAS-Bench-101 sample, with other splits than the
    one whose scores its card shows.
    """

    said = f"gradient-boosted trees, {MEMBERS} bootstrap members of {ROUNDS} rounds"
    source = "Chen and Guestrin, XGBoost, KDD 2016; ensembles as in Siems et al., NAS-Bench-301, 2020"

    def __init__(self, blobs: list[list[npt.NDArray[np.uint8]]]) -> None:
        self._blobs = blobs  # members x targets, as XGBoost writes them
        self._boosters: dict[tuple[int, int], Any] = {}

    @classmethod
    def fit(cls, features: npt.NDArray[np.float32], targets: npt.NDArray[np.float64], rng: np.random.Generator) -> Self:
        """Fits a model a member and target."""
        xgboost = _library()
        blobs: list[list[npt.NDArray[np.uint8]]] = []
        for _ in range(MEMBERS):
            seed = int(rng.integers(2**31))
            drawn = np.bincount(rng.integers(len(features), size=len(features)), minlength=len(features))
            blobs.append([])
            for target in targets.T:
                used = (drawn > 0) & np.isfinite(target)
                data = xgboost.DMatrix(features[used], target[used], weight=drawn[used].astype(np.float64))
                booster = xgboost.train({**SETTINGS, "seed": seed}, data, ROUNDS)
                blobs[-1].append(np.frombuffer(bytes(booster.save_raw("ubj")), dtype=np.uint8))
        return cls(blobs)

    def predict(self, features: npt.NDArray[np.float32], target: int) -> npt.NDArray[np.float64]:
        """The sums over the trees of each member."""
        found = [self._booster(member, target).inplace_predict(features) for member in range(len(self._blobs))]
        return np.asarray(found, dtype=np.float64)

    def _booster(self, member: int, target: int) -> Any:
        if (member, target) not in self._boosters:
            self._boosters[member, target] = _library().Booster(
                {"nthread": 1}, model_file=bytearray(self._blobs[member][target].tobytes())
            )
        return self._boosters[member, target]

    def arrays(self) -> Arrays:
        """The models in Universal Binary JSON, ``trees-MEMBER-TARGET``."""
        return {f"trees-{m}-{t}": blob for m, row in enumerate(self._blobs) for t, blob in enumerate(row)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Reads the models; a booster is made when it is first asked."""
        places = [tuple(map(int, name.split("-")[1:])) for name in arrays]
        members, targets = (max(place[axis] for place in places) + 1 for axis in (0, 1))
        return cls([[arrays[f"trees-{m}-{t}"] for t in range(targets)] for m in range(members)])


def _library() -> Any:
    try:
        import xgboost
    except ImportError as error:
        raise PluginError("trees need xgboost: pip install 'equipoise[surrogate]'") from error
    return xgboost
