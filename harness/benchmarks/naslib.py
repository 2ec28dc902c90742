"""NASLib's own benchmarks as tasks, where a checkout of NASLib can be imported; `dataset_api` is the reverse."""

import hashlib
import importlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._naslib_export import dataset_api
from equipoise.harness.benchmarks._naslib_spaces import NASLIB_SPACES, NasLibSpace
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Benchmark, Evaluation, Noise, Task, TaskInfo

__all__ = ["NasLibBenchmark", "NasLibTask", "dataset_api"]

MOST_LISTED = 50_000
"""A space up to this size is asked through for its optimum."""

PROBES = 64

NEEDS = "needs NASLib: git clone https://github.com/automl/NASLib, and put the folder on PYTHONPATH"
PITFALLS = (
    "On NAS-Bench-201 NASLib reads one number for validation and for test: test is n/a here.",
    "On NAS-Bench-101 NASLib answers every query with one stored repeat, drawn at random: a mean is not offered.",
)
CITATION = """@inproceedings{mehta2022nasbenchsuite,
  title = {{NAS}-Bench-Suite: {NAS} Evaluation is (Now) Surprisingly Easy},
  author = {Mehta, Yash and White, Colin and Zela, Arber and Krishnakumar, Arjun and Zabergja, Guri and
    Moradian, Shakiba and Safari, Mahmoud and Yu, Kaicheng and Hutter, Frank},
  booktitle = {International Conference on Learning Representations},
  year = {2022}
}"""


class NasLibBenchmark(Benchmark):
    """Offers the search spaces of NASLib: ``naslib/nasbench201-cifar10``."""

    name = "naslib"
    datasets = tuple(f"{name}-{dataset}" for name, entry in NASLIB_SPACES.items() for dataset in entry.metrics)

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> "NasLibTask":
        """Makes the task of a space and a data set; NASLib is imported at the first question."""
        space, _, images = dataset.partition("-")
        return NasLibTask(f"{self.name}/{dataset}", space, images, noise)


class NasLibTask(Task):
    """A search space of NASLib, asked through its own ``query``.

    Nothing is trained and no network is built: the object of NASLib is made once, told not to instantiate models, and
    given one architecture after the other. What NASLib draws from the global generators (NAS-Bench-101 answers with one
    of its repeats) is drawn from the generator of the query, and the global ones are put back.

    Args:
        name: Of the task.
        space: The space, as NASLib names it.
        dataset: The data set, as NASLib names it.
        noise: See `Task`.
    """

    def __init__(self, name: str, space: str, dataset: str, noise: Noise = "mean") -> None:
        self._entry: NasLibSpace = NASLIB_SPACES[space]
        self._space_name, self._data = space, dataset
        self._metric = self._entry.metrics[dataset]
        self._info = TaskInfo(
            name=name,
            source="NASLib (Ruchte et al. 2020; Mehta et al., NAS-Bench-Suite, ICLR 2022), through its own query "
            "interface",
            licence="Apache-2.0 (NASLib)",
            metric=self._metric,
            data_digest=self._digest,
            citation=CITATION,
            validation_split="VAL_ACCURACY of NASLib's query",
            test_split="TEST_ACCURACY of NASLib's query" if self._entry.tested else "",
            pitfalls=PITFALLS,
            penalty=self._worst,
            is_lookup=True,
            images=self._entry.images or dataset.lower(),
        )
        super().__init__(noise)

    @property
    def info(self) -> TaskInfo:
        """The data sheet; digest and penalty are asked of NASLib at the first question."""
        return self._info

    @property
    def space(self) -> SearchSpace:
        """The same architectures, here."""
        return self._entry.space

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the objects of NASLib behind."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_api", "_object")}

    def skip(self) -> str | None:
        """NASLib or the file it reads is missing, and how to get them."""
        if find_spec("naslib") is None:
            return NEEDS
        try:
            self._query("VAL_ACCURACY", next(self.space.enumerate()), np.random.default_rng(0))
        except Exception as error:  # whatever a checkout of another age raises
            reason = " ".join(str(error).split())
            return f"NASLib does not answer for {self._space_name} on {self._data}: {type(error).__name__}: {reason}"
        return None

    @cached_property
    def _api(self) -> Any:
        return importlib.import_module("naslib.utils").get_dataset_api(self._space_name, self._data)

    @cached_property
    def _object(self) -> Any:
        cls = getattr(importlib.import_module("naslib.search_spaces"), self._entry.cls)
        made = cls(dataset=self._data) if self._entry.of_dataset else cls()
        made.instantiate_model = False
        return made

    def _query(self, metric: str, architecture: Architecture, rng: np.random.Generator) -> float:
        if find_spec("naslib") is None:
            raise DataError(f"{self.name}: {self.skip()}")
        metrics = importlib.import_module("naslib.search_spaces.core.query_metrics").Metric
        with _global_generators(rng):
            self._object.set_spec(self._entry.spec(architecture))
            return float(self._object.query(metrics[metric], dataset=self._data, dataset_api=self._api))

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Asks NASLib for validation accuracy and training time."""
        shown = self._query("VAL_ACCURACY", architecture, rng)
        return Evaluation(self._metric.error(shown), self._query("TRAIN_TIME", architecture, rng))

    def expected(self, architecture: Architecture) -> float:
        """The answer of NASLib with a generator of seed 0."""
        return self._metric.error(self._query("VAL_ACCURACY", architecture, np.random.default_rng(0)))

    def reveal(self, architecture: Architecture) -> float | None:
        """NASLib's test accuracy, where that is another number than its validation accuracy."""
        if not self._entry.tested:
            return None
        return self._metric.error(self._query("TEST_ACCURACY", architecture, np.random.default_rng(0)))

    def landscape(self) -> npt.NDArray[np.float64] | None:
        """All answers of a small space that NASLib gives without drawing."""
        return self._landscape

    @cached_property
    def _landscape(self) -> npt.NDArray[np.float64] | None:
        if self.space.size > MOST_LISTED:
            return None
        return np.array([self.expected(architecture) for architecture in self.space.enumerate()])

    def _worst(self) -> float:
        """1 where the metric is a share, else the worst answer or 1, whichever is worse: a loss may exceed 1."""
        if self._metric.unit == "%" or self.skip() is not None or self._landscape is None:
            return 1.0
        return max(1.0, float(self._landscape.max()))

    def _digest(self) -> str:
        """SHA-256 of NASLib's answers for 64 architectures; empty where it has none.

        Where the file of NASLib lies is its own affair.
        """
        if self.skip() is not None:
            return ""
        architectures = self.space.sample(np.random.default_rng(0), PROBES)
        answers = [self.expected(architecture) for architecture in architectures]
        return hashlib.sha256(repr(answers).encode()).hexdigest()


@contextmanager
def _global_generators(rng: np.random.Generator) -> Iterator[None]:
    """Seeds the global generators from one of ours, and puts them back afterwards."""
    plain, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 - NASLib draws from it
    seed = int(rng.integers(2**32))
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(plain)
        np.random.set_state(numpy_state)  # noqa: NPY002
