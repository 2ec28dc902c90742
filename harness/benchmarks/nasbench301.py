"""NAS-Bench-301: the DARTS space on CIFAR-10, as the official ensembles predict it."""

from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.benchmarks._counted_sizes import MEASURES, CountedSizes
from equipoise.harness.benchmarks._official import Imported
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.scores import FREE
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Evaluation, Metric, Noise, SurrogateInfo, SurrogateScores, Task, TaskInfo
from equipoise.harness.data.cache import cache_folder
from equipoise.harness.data.official import nasbench301
from equipoise.harness.data.official.nasbench301 import Ensemble
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.surrogate.nasbench301.ensembles import Pair, digest_at, join

__all__ = ["NasBench301Benchmark", "NasBench301Task"]

LIBRARIES = {"cifar10": "xgboost", "cifar10-lgb": "lightgbm"}
PACKAGES = ("xgboost", "lightgbm")
PUBLISHED = 0.817
"""Of XGBoost on held-out architectures: sparse Kendall tau (accuracies rounded to 0.1 points), Zela et al. 2022."""

PITFALLS = (
    f"Values are predictions. The {PUBLISHED} published for XGBoost is a sparse Kendall tau: of accuracies rounded "
    "to 0.1 points. Of an ensemble that you fit, nothing is known.",
    "Networks have 8 layers and 32 channels and were trained for 100 epochs, not as in DARTS's own tables.",
    "Both models are boosted trees: a method that fits trees is evaluated by its own kind of model on either.",
    "The official archive has no LightGBM ensemble of accuracies: cifar10-lgb needs one fitted with fit_model.py.",
)
CITATION = """@inproceedings{zela2022surrogate,
  title = {Surrogate {NAS} Benchmarks: Going Beyond the Limited Search Spaces of Tabular {NAS} Benchmarks},
  author = {Zela, Arber and Siems, Julien Niklas and Zimmer, Lucas and Lukasik, Jovita and Keuper, Margret and
    Hutter, Frank},
  booktitle = {International Conference on Learning Representations},
  year = {2022}
}"""


class NasBench301Benchmark(Imported):
    """1.08e18 genotypes, trained for 100 epochs, as ensembles of boosted trees predict them.

    ``cifar10`` asks the XGBoost ensemble, which the official archive holds; ``cifar10-lgb`` a LightGBM one, which has
    to be fitted with the official package.
    """

    name = "nasbench301"
    datasets = tuple(LIBRARIES)
    archive = (
        "nasbench301_models_v1_0.zip from https://figshare.com/articles/software/nasbench301_models_v1_0_zip/13061510"
    )
    imported = "nasbench301_models_v1_0.zip"

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> "NasBench301Task":
        """Makes the task of one ensemble."""
        path, scores = self.place(dataset), (SurrogateScores(fidelity=100, kendall_tau=PUBLISHED),)
        info = TaskInfo(
            name=f"{self.name}/{dataset}",
            source="Siems et al., NAS-Bench-301 and the Case for Surrogate Benchmarks for NAS, 2020 (Zela et al., ICLR "
            "2022): the published ensembles",
            licence="Apache-2.0",
            metric=Metric.accuracy(),
            data_digest=partial(digest_at, path) if path.is_file() else "",
            citation=CITATION,
            validation_split="val_accuracy, as predicted",
            pitfalls=PITFALLS,
            fidelities=(100,),
            is_lookup=True,
            noises=("mean", "single"),
            surrogate=SurrogateInfo("trees", scores if dataset == "cifar10" else ()),
            images="cifar10",
            scores=FREE,
        )
        return NasBench301Task(info, path, f"needs {path.name}: {self.get(dataset)}", noise)

    def get(self, dataset: str) -> str:
        """The download, or the fit, and the command that imports it."""
        if dataset == "cifar10":
            return super().get(dataset)
        return (
            "the official archive has no such ensemble: fit one (--model lgb) with fit_model.py of "
            "https://github.com/automl/nasbench301, put it in a folder beside lgb_runtime_v1.0, then: "
            "equipoise data import FOLDER"
        )

    def place(self, dataset: str) -> Path:
        """In the folder ``nasbench301`` of the cache."""
        return cache_folder() / "nasbench301" / f"{dataset}.npz"

    def recognises(self, path: Path) -> bool:
        """Whether this is an archive or folder with members of an ensemble."""
        return nasbench301.recognises(path)

    def take(self, path: Path, curves: bool) -> list[Path]:
        """Makes a file for each accuracy ensemble of trees in the archive, with its runtime ensemble."""
        performance: dict[str, Ensemble] = {}
        runtime: dict[str, Ensemble] = {}
        for found in nasbench301.ensembles(path):
            role = runtime if found.runtime else performance
            if found.library in role:
                raise DataError(
                    f"{path}: {role[found.library].name} and {found.name} are of one kind; give a folder with one"
                )
            role[found.library] = found
        if not performance or not runtime:
            missing = "runtimes (lgb_time or xgb_time)" if performance else "accuracies (xgb or lgb)"
            raise DataError(f"{path}: no ensemble of {missing}; get the whole archive: {self.archive}")
        seconds = next(iter(runtime.values()))
        joined_seconds = join(seconds, str(path))
        pairs = {
            dataset: (Pair(join(performance[library], str(path)), joined_seconds), performance[library])
            for dataset, library in LIBRARIES.items()
            if library in performance
        }
        for dataset, (pair, accuracies) in pairs.items():
            pair.save(self.place(dataset), [*accuracies.pickles, *seconds.pickles])
        return [self.place(dataset) for dataset in pairs]


class NasBench301Task(Task):
    """Answers with the predictions of an ensemble.

    ``mean`` answers with the mean over the members, ``single`` with a draw from the normal distribution of that mean
    and the members' standard deviation, as the official package does. Seconds are the mean over the members of the
    runtime ensemble.

    Args:
        info: The data sheet.
        path: The imported ensembles.
        missing: The message while they are missing.
        noise: See `Task`.
    """

    space = Darts()

    def __init__(self, info: TaskInfo, path: Path, missing: str, noise: Noise = "mean") -> None:
        self._info, self._path, self._missing = info, path, missing
        super().__init__(noise)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the ensembles behind."""
        return {name: value for name, value in vars(self).items() if name != "model"}

    @property
    def info(self) -> TaskInfo:
        """The data sheet."""
        return self._info

    def resource(self, name: str) -> Any | None:
        """``parameters`` and ``flops`` of the networks."""
        return CountedSizes(self.space, name) if name in MEASURES else super().resource(name)

    def skip(self) -> str | None:
        """The libraries or the imported archive are missing, and how to get them."""
        lacking = [package for package in PACKAGES if find_spec(package) is None]
        if lacking:
            return f"needs {', '.join(lacking)}: pip install 'equipoise[nasbench301]'"
        return None if self._path.is_file() else self._missing

    @cached_property
    def model(self) -> Pair:
        """The ensembles, read when a prediction is first needed.

        Raises:
            DataError: They are missing or damaged.
        """
        if (reason := self.skip()) is not None:
            raise DataError(reason)
        return Pair.load(self._path)

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Predicts one genotype; under ``single`` noise, draws around the prediction."""
        found = self.model.predict([architecture])
        accuracy = found.accuracies.mean()
        if self.noise == "single":
            accuracy = rng.normal(accuracy, found.accuracies.std())
        return Evaluation(self._error(accuracy), found.seconds.item())

    def expected(self, architecture: Architecture) -> float:
        """The mean over the members."""
        return self._error(self.model.predict([architecture]).accuracies.mean())

    @cached_property
    def mean_cost_seconds(self) -> float | None:
        """The mean of 1,000 genotypes that are drawn uniformly, the same each time."""
        return float(self.model.predict(self.space.sample(np.random.default_rng(301), 1000)).seconds.mean())

    def _error(self, accuracy: float) -> float:
        return float(min(1.0 - accuracy / 100.0, self._info.penalty))
