"""CPU time of predictions of NAS-Bench-301, batched and single, on locally trained ensembles.

Run ``python speed/nasbench301.py [ROUNDS ...]``. The ensembles are fitted to synthetic accuracies of 20,000 genotypes
with the settings of the official configuration files (XGBoost: depth 13, child weight 39, learning rate 0.0082;
LightGBM likewise; ten members each), with ROUNDS rounds per member: in the official files, early stopping chooses the
number.
"""

import sys
import time
from itertools import cycle

import lightgbm
import numpy as np
import xgboost

from equipoise.harness.spaces.darts import Darts
from equipoise.harness.surrogate.nasbench301.ensembles import Pair
from equipoise.harness.surrogate.nasbench301.forest import Forest, forest
from equipoise.harness.surrogate.nasbench301.vector import vectors

MEMBERS = 10
XGB = {
    "max_depth": 13,
    "min_child_weight": 39,
    "colsample_bytree": 0.2545,
    "colsample_bylevel": 0.69,
    "lambda": 31.39,
    "alpha": 0.2417,
    "learning_rate": 0.00824,
    "base_score": 0.5,
}
LGB = {"max_depth": 18, "num_leaves": 40, "learning_rate": 0.0218, "feature_fraction": 0.15, "verbosity": -1}


def _ensemble(library: str, rounds: int) -> Forest:
    rng = np.random.default_rng(0)
    told = vectors(Darts().sample(rng, 20_000))
    answers = 90 + told @ rng.normal(0, 0.1, told.shape[1]) + 0.1 * told[:, 10] * told[:, 20]
    states = []
    for seed in range(MEMBERS):
        noisy = answers + rng.normal(0, 0.2, len(answers))
        if library == "xgboost":
            model = xgboost.train({**XGB, "seed": seed, "nthread": 2}, xgboost.DMatrix(told, label=noisy), rounds)
        else:
            model = lightgbm.train({**LGB, "seed": seed, "num_threads": 2}, lightgbm.Dataset(told, label=noisy), rounds)
        states.append(model.__getstate__())
    return forest(library).joined(states)


def main() -> None:
    """Prints one table row per number of rounds."""
    architectures = Darts().sample(np.random.default_rng(1), 10_000)
    print("CPU: rounds  library   file MB  opened ms  batched us/architecture  single ms (accuracy and seconds)")
    for rounds in map(int, sys.argv[1:] or ["100", "500"]):
        ensembles = {library: _ensemble(library, rounds) for library in ("xgboost", "lightgbm")}
        for library, accuracy in ensembles.items():
            pair = Pair(accuracy, ensembles["lightgbm"])
            began = time.process_time()
            forest(library)(accuracy.blob)
            opened = time.process_time() - began
            batched = min(_seconds(lambda pair=pair: pair.predict(architectures)) for _ in range(3)) / len(
                architectures
            )
            one = cycle(architectures)
            single = np.median([_seconds(lambda pair=pair, one=one: pair.predict([next(one)])) for _ in range(200)])
            size = (len(accuracy.blob) + len(pair.runtime.blob)) / 1e6
            print(
                f"{rounds:6} {library:>10} {size:8.1f} {1e3 * opened:10.0f} {1e6 * batched:23.1f} {1e3 * single:12.2f}"
            )


def _seconds(call: object) -> float:
    began = time.process_time()
    call()  # type: ignore[operator]
    return time.process_time() - began


if __name__ == "__main__":
    main()
