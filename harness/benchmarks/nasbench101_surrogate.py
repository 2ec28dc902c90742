"""NAS-Bench-101 as predicted from a public sample, by two techniques."""

from collections.abc import Callable
from pathlib import Path

from equipoise.harness.benchmarks import _nasbench101_sample as nasbench101_sample
from equipoise.harness.benchmarks._surrogate import SurrogateTask
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.task import Metric
from equipoise.harness.data.cache import cache_folder
from equipoise.harness.data.sources import Source, source
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.surrogate.fit import fit_surrogate
from equipoise.harness.surrogate.surrogate import Surrogate
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.table import tables_folder

__all__ = ["NasBench101SurrogateTask"]

TECHNIQUES = {"cifar10": "trees", "cifar10-gp": "gp"}


class NasBench101SurrogateTask(SurrogateTask):
    """423,624 cells on CIFAR-10, predicted from 20,001 of them; ``cifar10`` by trees, ``cifar10-gp`` by a GP.

    ``equipoise surrogate nasbench101-surrogate/cifar10`` decodes the sample, fits, and predicts the whole space once.
    """

    benchmark = "nasbench101-surrogate"
    datasets = tuple(TECHNIQUES)
    source = (
        "a surrogate fitted to one validation accuracy of 20,001 cells of NAS-Bench-101 (Ying et al., ICML 2019), as "
        "listed in nasbench-vis"
    )
    licence = "none stated for the list; the numbers are those of NAS-Bench-101 (Apache-2.0)"
    citation = """@inproceedings{ying2019nasbench101,
  title = {{NAS}-Bench-101: Towards Reproducible Neural Architecture Search},
  author = {Ying, Chris and Klein, Aaron and Christiansen, Eric and Real, Esteban and Murphy, Kevin and Hutter, Frank},
  booktitle = {International Conference on Machine Learning},
  year = {2019}
}"""
    pitfalls = (
        "Values are predictions: the optimum is that of the model, which is not known to be that of the benchmark.",
        "The sample holds one run a cell and no test accuracy; its time at fewer than 108 epochs is in proportion.",
        "Each number of epochs is a training of its own, with its own learning-rate schedule.",
    )
    space = NasBench101()
    metric = Metric.accuracy()
    fidelities = nasbench101_sample.EPOCHS
    penalty = 1.0
    has_cost = True

    @property
    def technique(self) -> str:  # type: ignore[override]
        """Trees or a Gaussian process."""
        return TECHNIQUES[self.dataset]

    @property
    def path(self) -> Path:
        """In the folder ``surrogates`` of the cache."""
        return cache_folder() / "surrogates" / f"{self.benchmark}-{self.dataset}.npz"

    @property
    def file(self) -> Source:
        """The upstream file of the sample."""
        return source("nasbench101-sample")

    def skip(self) -> str | None:
        """The commands that fetch the sample and fit to it, where that was not done."""
        if self.path.is_file():
            return None
        todo = f"equipoise surrogate {self.name}"
        missing = self.file.missing()
        return f"needs a fitted surrogate (minutes, once): {todo}" if missing is None else f"{missing}, then: {todo}"

    def fit(self, say: Callable[[str], object] = lambda _: None) -> Surrogate:
        """Decodes the sample, fits to it, keeps the file, and predicts the whole space.

        Raises:
            DataError: The sample is missing or damaged.
        """
        if (missing := self.file.missing()) is not None:
            raise DataError(missing)
        table = tables_folder() / "nasbench101-sample.parquet"
        say(f"{self.file.file}: decoding hashes, unless {table.name} is there")
        nasbench101_sample.write_table(self.file.checked(), table, self.table_header())
        fitted = fit_surrogate(table, self.technique, say=say).save(self.path)
        say(f"{self.name}: predicting all {self.space.size:,} cells")
        self.landscape()
        return fitted

    def table_header(self) -> TableHeader:
        """What the table of the sample says of itself."""
        return TableHeader(
            name="nasbench101-sample/cifar10",
            space=self.space,
            metric=self.metric,
            source=self.source,
            licence=self.licence,
            validation="validation (10,000 images held out of the training set)",
            cost="training seconds on a TPU v2, of fewer than 108 epochs in proportion",
            fidelities=self.fidelities,
            coverage="sample",
            digest=self.file.sha256,
            citation=self.citation,
            pitfalls=self.pitfalls,
        )
