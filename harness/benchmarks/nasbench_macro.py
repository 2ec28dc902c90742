"""NAS-Bench-Macro: 6,561 networks on CIFAR-10, three training seeds each."""

from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._complete import in_order
from equipoise.harness.benchmarks._table import TableTask, fetched_table, pack_seeds
from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.task import Benchmark, Metric, Noise, Objective, TaskInfo
from equipoise.harness.data.archive import read_json
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.harness.data.sources import source
from equipoise.harness.spaces.nasbench_macro import NasBenchMacro

__all__ = ["NasBenchMacroBenchmark", "read"]

SPACE = NasBenchMacro()
PITFALLS = (
    "The source has no validation split: searches are told the TEST accuracy, and test is n/a in reports.",
    "No training time and no curve are stored.",
)
CITATION = """@inproceedings{su2021prioritized,
  title = {Prioritized Architecture Sampling with {Monto-Carlo} Tree Search},
  author = {Su, Xiu and Huang, Tao and Li, Yanxi and You, Shan and Wang, Fei and Qian, Chen and Zhang, Changshui and
            Xu, Chang},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2021}
}"""


class NasBenchMacroBenchmark(Benchmark):
    """The only stored value is the test accuracy: it is what a search sees here, and no held-out value exists."""

    name = "nasbench_macro"
    datasets = ("cifar10",)

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> TableTask:
        """Makes the only task."""
        file = source("nasbench-macro")
        info = TaskInfo(
            name=f"{self.name}/{dataset}",
            source="Su et al., Prioritized Architecture Sampling with Monte-Carlo Tree Search, CVPR 2021; released "
            "file",
            licence="Apache-2.0",
            metric=Metric.accuracy(),
            data_digest=file.sha256,
            citation=CITATION,
            validation_split="none: what is told is the accuracy on the test set of CIFAR-10 (mean_acc of three seeds)",
            pitfalls=PITFALLS,
            has_cost=False,
            is_lookup=True,
            noises=("mean", "single"),
            objectives=(Objective("parameters", ""), Objective("flops", "")),
        )
        sizes = {"parameters": partial(_sizes, "params"), "flops": partial(_sizes, "flops")}
        return fetched_table(info, SPACE, file, read, noise, sizes, sizes)


def _sizes(key: str) -> npt.NDArray[np.float64]:
    file = source("nasbench-macro")

    def build() -> Columns:
        path = file.checked()
        table = read_json(path)
        try:
            cells = {text: SPACE.parse(text) for text in table}
            named = {name: {cells[text]: float(table[text][name]) for text in table} for name in ("params", "flops")}
            return {name: in_order(SPACE, values, name, path) for name, values in named.items()}
        except (AttributeError, KeyError, TypeError, ValueError, SpaceError) as error:
            raise DataError(f"{path}: cannot be read as NAS-Bench-Macro ({error!r}); get the file again") from error

    return np.asarray(open_columns("nasbench_macro/sizes", file.sha256, build)[key])


def read(path: Path) -> Columns:
    """Reads ``{"02012100": {"test_acc": [three values], ...}}``."""
    try:
        table = {SPACE.parse(text): record["test_acc"] for text, record in read_json(path).items()}
        means = in_order(SPACE, {cell: float(np.mean(seeds)) for cell, seeds in table.items()}, "a test accuracy", path)
        seeds = pack_seeds([table[cell] for cell in SPACE.enumerate()])
    except (AttributeError, KeyError, TypeError, ValueError, SpaceError) as error:
        raise DataError(f"{path}: cannot be read as NAS-Bench-Macro ({error!r}); get the file again") from error
    return {"validation": (1.0 - seeds / 100.0)[None], "seconds": np.full((1, len(means)), np.nan)}
