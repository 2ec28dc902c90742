"""NAS-Bench-Macro: 6,561 networks on CIFAR-10, three training seeds each."""

from pathlib import Path

import numpy as np

from equipoise.harness.benchmarks._fetched import FetchedTable
from equipoise.harness.benchmarks._table import pack_seeds
from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.task import Metric
from equipoise.harness.data.archive import read_json
from equipoise.harness.data.cache import Columns
from equipoise.harness.spaces.nasbench_macro import NasBenchMacro

__all__ = ["NasBenchMacroTask"]


class NasBenchMacroTask(FetchedTable):
    """The only stored value is the test accuracy: it is what a search sees here, and no held-out value exists."""

    benchmark = "nasbench_macro"
    datasets = ("cifar10",)
    noises = ("mean", "single")
    source = "Su et al., Prioritized Architecture Sampling with Monte-Carlo Tree Search, CVPR 2021; released file"
    licence = "Apache-2.0"
    pitfalls = (
        "The source has no validation split: searches are told the TEST accuracy, and test is n/a in reports.",
        "No training time and no curve are stored.",
    )
    citation = """@inproceedings{su2021prioritized,
  title = {Prioritized Architecture Sampling with {Monto-Carlo} Tree Search},
  author = {Su, Xiu and Huang, Tao and Li, Yanxi and You, Shan and Wang, Fei and Qian, Chen and Zhang, Changshui and
            Xu, Chang},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2021}
}"""
    validation_split = "none: what is told is the accuracy on the test set of CIFAR-10 (mean_acc of three seeds)"
    has_cost = False
    source_name = "nasbench-macro"
    space = NasBenchMacro()
    metric = Metric.accuracy()

    def read(self, path: Path) -> Columns:
        """Reads ``{"02012100": {"test_acc": [three values], ...}}``."""
        try:
            table = {self.space.parse(text): record["test_acc"] for text, record in read_json(path).items()}
            means = self.in_order({cell: float(np.mean(seeds)) for cell, seeds in table.items()}, "a test accuracy")
            seeds = pack_seeds([table[cell] for cell in self.space.enumerate()])
        except (AttributeError, KeyError, TypeError, ValueError, SpaceError) as error:
            raise DataError(f"{path}: cannot be read as NAS-Bench-Macro ({error!r}); get the file again") from error
        return {"validation": (1.0 - seeds / 100.0)[None], "seconds": np.full((1, len(means)), np.nan)}
