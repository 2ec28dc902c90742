"""What both TransNAS-Bench-101 benchmarks share: seven tasks, their metrics, and the files that list them."""

from abc import abstractmethod
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np

from equipoise.harness.benchmarks._fetched import FetchedTable
from equipoise.harness.benchmarks._zero_cost_files import read_values
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Metric
from equipoise.harness.data.cache import Columns

__all__ = ["METRICS", "TransNasTask"]

_ACCURACY = Metric.accuracy()
_SSIM = Metric("SSIM", "", 1.0, -1.0)

METRICS = {
    "class_scene": _ACCURACY,
    "class_object": _ACCURACY,
    "jigsaw": _ACCURACY,
    "autoencoder": _SSIM,
    "normal": _SSIM,
    "room_layout": Metric("negative loss", "", 0.0, -1.0),
    "segmentsemantic": Metric("pixel accuracy", "%", 100.0, -100.0),
}


class TransNasTask(FetchedTable):
    """Base of the micro and macro benchmarks: one stored validation value an architecture and task.

    Attributes:
        stem: What the files inside the archive are named after.
    """

    datasets = tuple(METRICS)
    source = (
        "Duan et al., TransNAS-Bench-101, CVPR 2021: final validation metric, as listed in the zero-cost files of "
        "NASLib (NAS-Bench-Suite-Zero, Krishnakumar et al., NeurIPS 2022)"
    )
    licence = "Apache-2.0 (NASLib)"
    pitfalls = (
        "The files at hand hold one validation value an architecture: no test value, no training time, no curve.",
        "room_layout is shown as a negative loss and its error is the loss itself; autoencoder and normal are SSIM, "
        "so points of different tasks do not add up.",
        "The seven tasks share one space and one training pipeline: they are one family, not seven.",
    )
    citation = """@inproceedings{duan2021transnas,
  title = {{TransNAS-Bench-101}: Improving Transferability and Generalizability of Cross-Task Neural Architecture
           Search},
  author = {Duan, Yawen and Chen, Xin and Xu, Hang and Chen, Zewei and Liang, Xiaodan and Zhang, Tong and Li, Zhenguo},
  booktitle = {IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2021}
}
@inproceedings{krishnakumar2022suitezero,
  title = {{NAS-Bench-Suite-Zero}: Accelerating Research on Zero Cost Proxies},
  author = {Krishnakumar, Arjun and White, Colin and Zela, Arber and Tu, Renbo and Safari, Mahmoud and Hutter, Frank},
  booktitle = {Advances in Neural Information Processing Systems, Datasets and Benchmarks Track},
  year = {2022}
}"""
    validation_split = "val_accuracy: the task's metric on the validation set of Taskonomy's split, at the last epoch"
    has_cost = False
    stem: ClassVar[str]

    @cached_property
    def metric(self) -> Metric:  # type: ignore[override]
        """Accuracy, structural similarity, or a negated loss."""
        return METRICS[self.dataset]

    @cached_property
    def penalty(self) -> float:  # type: ignore[override]
        """The worst stored error, or 1 if that is worse: a loss may exceed 1."""
        return max(1.0, float(self.landscape().max()))

    @abstractmethod
    def architecture(self, numbers: tuple[int, ...]) -> Architecture:
        """What the numbers of the file mean."""

    def read(self, path: Path) -> Columns:
        """Reads lists of ``{"arch": "(1, 0, ...)", "val_accuracy": ...}``."""
        pattern = rf"zen/benchmark--{self.stem}--{self.dataset}--\d+\.json"
        values = read_values(path, pattern, self.architecture, self.dataset)
        shown = self.in_order(values, "a validation value")
        validation = (shown - self.metric.offset) / self.metric.slope
        return {"validation": validation[None, :, None], "seconds": np.full((1, len(shown)), np.nan)}
