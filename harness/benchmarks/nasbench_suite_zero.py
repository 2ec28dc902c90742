"""NAS-Bench-Suite-Zero: samples of three spaces trained on three further data sets, to fit surrogates to."""

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from math import nan
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from equipoise.harness.benchmarks._nasbench201_cells import cell_of
from equipoise.harness.benchmarks._official import OfficialTables
from equipoise.harness.benchmarks._zero_cost_files import read_values
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Metric
from equipoise.harness.data.archive import DAMAGED_ZIP
from equipoise.harness.data.official.record import Record, error_of
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.transnas_micro import TransNasMicro
from equipoise.harness.tables.header import TableHeader

__all__ = ["NasBenchSuiteZeroBenchmark"]

IMAGES = {
    "svhn": "the 26,032 test images of SVHN",
    "ninapro": "659 recordings of NinaPro DB5, of which split is not told",
    "scifar100": "the 10,000 test images of CIFAR-100, their pixels scrambled",
}
"""The images behind the accuracies: each is a whole number of so many."""


def _darts(cells: Any) -> Architecture:
    normal, reduction = cells
    return Darts().from_edges([*normal, *reduction])


def _micro(numbers: Any) -> Architecture:
    """As NASLib numbers NAS-Bench-201, without pooling; not as it numbers this space in the files of all cells."""
    cell = cell_of(numbers)
    if 4 in cell:
        raise SpaceError(f"transnas_micro: {numbers} is no cell")
    return cell


class _Sampled(NamedTuple):
    space: SearchSpace
    called: str
    read: Callable[[Any], Architecture]


_SPACES = {
    "nasbench201": _Sampled(NasBench201(), "nasbench201", cell_of),
    "darts": _Sampled(Darts(), "nasbench301", _darts),
    "transnas_micro": _Sampled(TransNasMicro(), "transbench101_micro", _micro),
}


class NasBenchSuiteZeroBenchmark(OfficialTables):
    """Nine tables of 192 or 199 trained architectures each: no tasks, since a sample is not a space.

    How the files number operations can be seen in them: with this reading the numbers of parameters of NAS-Bench-201
    cells agree with those of the benchmark up to the classifier, those of DARTS cells are a sum over their operations,
    and the cells without a path from input to output are at chance.
    """

    name = "nasbench_suite_zero"
    datasets = tuple(f"{space}-{images}" for space in _SPACES for images in IMAGES)
    coverage = "sample"
    source = (
        "Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022: accuracies of trained architectures, as listed with "
        "zero-cost scores in NASLib"
    )
    licence = "Apache-2.0 (NASLib)"
    citation = """@inproceedings{krishnakumar2022nasbenchsuitezero,
  title = {{NAS-Bench-Suite-Zero}: Accelerating Research on Zero Cost Proxies},
  author = {Krishnakumar, Arjun and White, Colin and Zela, Arber and Tu, Renbo and Safari, Mahmoud and Hutter, Frank},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {35},
  year = {2022}
}"""
    pitfalls = (
        "A sample of about 200 architectures, not a task: fit a surrogate to its table (equipoise surrogate).",
        "The field is called val_accuracy, but on SVHN and CIFAR-100 its values are shares of the test images: take "
        "them for test accuracies; nothing is held out.",
        "One training per architecture, of unstated epochs and time. The zero-cost scores are not taken over.",
    )
    archive = "9x_all.zip: equipoise data fetch nasbench-suite-zero puts it into the folder downloads of the cache"
    imported = "9x_all.zip"
    splits: ClassVar[Mapping[str, tuple[str, str]]] = {
        f"{space}-{images}": (f"val_accuracy, which is the accuracy on {of}", "")
        for space in _SPACES
        for images, of in IMAGES.items()
    }
    metric = Metric.accuracy()

    def space_of(self, dataset: str) -> SearchSpace:
        """The space that the architectures were drawn from."""
        return _SPACES[dataset.partition("-")[0]].space

    def recognises(self, path: Path) -> bool:
        """Whether this is a zip archive with files of this name."""
        try:
            with zipfile.ZipFile(path) as archive:
                return any(re.fullmatch(_member("nasbench201", "svhn"), name) for name in archive.namelist())
        except DAMAGED_ZIP:
            return False

    def records(self, path: Path, curves: bool) -> Iterator[Record]:
        """Reads the accuracies out of the files of one zero-cost score: all list the same ones."""
        for dataset in self.datasets:
            name, _, images = dataset.partition("-")
            sampled = _SPACES[name]
            values = read_values(path, _member(sampled.called, images), sampled.read, dataset)
            for architecture, accuracy in values.items():
                what = f"val_accuracy of {sampled.space.format(architecture)} on {images}"
                yield Record(dataset, architecture, 0, 0, error_of(accuracy, 100.0, path, what), nan, nan, nan)

    def headers(self, path: Path) -> Mapping[str, TableHeader]:
        """One table per space and data set."""
        return {dataset: self.header_of(dataset, path) for dataset in self.datasets}


def _member(space: str, images: str) -> str:
    return rf"params/benchmark--{space}--{images}--\d+\.json"
