"""NAS-Bench-101 as predicted from a public sample, by two surrogate models."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from equipoise.harness.benchmarks import _nasbench101_sample as nasbench101_sample
from equipoise.harness.benchmarks._surrogate import SurrogateTask, surrogate_info
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.task import Benchmark, Metric, Noise, SurrogateInfo, TaskInfo
from equipoise.harness.data.cache import cache_folder
from equipoise.harness.data.sources import Source, source
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.surrogate.fit import fit_surrogate
from equipoise.harness.surrogate.surrogate import Surrogate
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.table import tables_folder

__all__ = ["NasBench101SurrogateBenchmark", "sample_header"]

MODELS = {"cifar10": "trees", "cifar10-gp": "gp"}
SPACE = NasBench101()
SOURCE = (
    "a surrogate fitted to one validation accuracy of 20,001 cells of NAS-Bench-101 (Ying et al., ICML 2019), as "
    "listed in nasbench-vis"
)
LICENCE = "none stated for the list; the numbers are those of NAS-Bench-101 (Apache-2.0)"
PITFALLS = (
    "Values are predictions: the optimum is that of the model, which is not known to be that of the benchmark.",
    "The sample holds one run per cell and no test accuracy; its time at fewer than 108 epochs is in proportion.",
    "Each number of epochs is a training of its own, with its own learning-rate schedule.",
)
CITATION = """@inproceedings{ying2019nasbench101,
  title = {{NAS}-Bench-101: Towards Reproducible Neural Architecture Search},
  author = {Ying, Chris and Klein, Aaron and Christiansen, Eric and Real, Esteban and Murphy, Kevin and Hutter, Frank},
  booktitle = {International Conference on Machine Learning},
  year = {2019}
}"""


class NasBench101SurrogateBenchmark(Benchmark):
    """423,624 cells on CIFAR-10, predicted from 20,001 of them; ``cifar10`` by trees, ``cifar10-gp`` by a GP.

    ``equipoise surrogate nasbench101-surrogate/cifar10`` decodes the sample, fits, and predicts the whole space once.
    """

    name = "nasbench101-surrogate"
    datasets = tuple(MODELS)

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> SurrogateTask:
        """Makes the task of one surrogate model."""
        return SurrogateTask(self.info(dataset), self.place(dataset), noise, SPACE, partial(self.missing, dataset))

    def info(self, dataset: str) -> TaskInfo:
        """The data sheet, with the scores in the file where it is fitted."""
        told = surrogate_info(f"{self.name}/{dataset}", self.place(dataset))
        return replace(
            told,
            source=SOURCE,
            licence=LICENCE,
            metric=Metric.accuracy(),
            citation=CITATION,
            pitfalls=PITFALLS,
            fidelities=nasbench101_sample.EPOCHS,
            penalty=1.0,
            has_cost=True,
            surrogate=SurrogateInfo(MODELS[dataset], told.surrogate.scores if told.surrogate else ()),
        )

    def place(self, dataset: str) -> Path:
        """The file of a surrogate, in the folder ``surrogates`` of the cache."""
        return cache_folder() / "surrogates" / f"{self.name}-{dataset}.npz"

    def missing(self, dataset: str) -> str:
        """The commands that fetch the sample and fit to it."""
        todo, missing = f"equipoise surrogate {self.name}/{dataset}", _sample().missing()
        return f"needs a fitted surrogate (minutes, once): {todo}" if missing is None else f"{missing}, then: {todo}"

    def fit(self, dataset: str, say: Callable[[str], object] = lambda _: None) -> Surrogate:
        """Decodes the sample, fits to it, keeps the file, and predicts the whole space.

        Raises:
            DataError: The sample is missing or damaged.
        """
        file = _sample()
        if (missing := file.missing()) is not None:
            raise DataError(missing)
        table = tables_folder() / "nasbench101-sample.parquet"
        say(f"{file.file}: decoding hashes, unless {table.name} is there")
        nasbench101_sample.write_table(file.checked(), table, sample_header())
        fitted = fit_surrogate(table, MODELS[dataset], say=say).save(self.place(dataset))
        say(f"{self.name}/{dataset}: predicting all {SPACE.size:,} cells")
        self.task(dataset).landscape()
        return fitted


def _sample() -> Source:
    """The upstream file of the sample."""
    return source("nasbench101-sample")


def sample_header() -> TableHeader:
    """The header of the table of the sample."""
    return TableHeader(
        name="nasbench101-sample/cifar10",
        space=SPACE,
        metric=Metric.accuracy(),
        source=SOURCE,
        licence=LICENCE,
        validation="validation (10,000 images held out of the training set)",
        cost="training seconds on a TPU v2, of fewer than 108 epochs in proportion",
        fidelities=nasbench101_sample.EPOCHS,
        coverage="sample",
        digest=_sample().sha256,
        citation=CITATION,
        pitfalls=PITFALLS,
    )
