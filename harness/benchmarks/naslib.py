"""NASLib's own benchmarks as tasks, where a checkout of NASLib can be imported; `dataset_api` is the way back."""

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
from equipoise.harness.core.task import Evaluation, Metric, Noise, Task

__all__ = ["NasLibTask", "dataset_api"]

MOST_LISTED = 50_000
"""A space up to this size is asked through for its optimum."""

PROBES = 64


class NasLibTask(Task):
    """A search space of NASLib, asked through its own ``query``: ``naslib/nasbench201-cifar10``.

    Nothing is trained and no network is built: the object of NASLib is made once, told not to instantiate models, and
    given one architecture after the other. What NASLib draws from the global generators (NAS-Bench-101 answers with one
    of its repeats) is drawn from the generator of the query, and the global ones are put back.
    """

    benchmark = "naslib"
    datasets = tuple(f"{name}-{dataset}" for name, entry in NASLIB_SPACES.items() for dataset in entry.metrics)
    source = "NASLib (Ruchte et al. 2020; Mehta et al., NAS-Bench-Suite, ICLR 2022), through its own query interface"
    licence = "Apache-2.0 (NASLib)"
    citation = """@inproceedings{mehta2022nasbenchsuite,
  title = {{NAS}-Bench-Suite: {NAS} Evaluation is (Now) Surprisingly Easy},
  author = {Mehta, Yash and White, Colin and Zela, Arber and Krishnakumar, Arjun and Zabergja, Guri and
    Moradian, Shakiba and Safari, Mahmoud and Yu, Kaicheng and Hutter, Frank},
  booktitle = {International Conference on Learning Representations},
  year = {2022}
}"""
    validation_split = "VAL_ACCURACY of NASLib's query"
    pitfalls = (
        "On NAS-Bench-201 NASLib reads one number for validation and for test: test is n/a here.",
        "On NAS-Bench-101 NASLib answers every query with one stored repeat, drawn at random: a mean is not offered.",
    )
    is_lookup = True

    def __init__(self, dataset: str, noise: Noise = "mean") -> None:
        """Names the task; NASLib is imported at the first question."""
        super().__init__(dataset, noise)
        name, _, self._data = dataset.partition("-")
        self._entry: NasLibSpace = NASLIB_SPACES[name]
        self._space_name = name
        self.space: SearchSpace = self._entry.space
        self.metric: Metric = self._entry.metrics[self._data]

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the objects of NASLib behind."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_api", "_object")}

    def skip(self) -> str | None:
        """NASLib or the file it reads is missing, and how to get them."""
        if find_spec("naslib") is None:
            return "needs NASLib: git clone https://github.com/automl/NASLib, and put the folder on PYTHONPATH"
        try:
            self._query("VAL_ACCURACY", next(self.space.enumerate()), np.random.default_rng(0))
        except Exception as error:  # whatever a checkout of another age raises
            reason = " ".join(str(error).split())
            return f"NASLib does not answer for {self._space_name} on {self._data}: {type(error).__name__}: {reason}"
        return None

    @property
    def test_split(self) -> str:  # type: ignore[override]
        """NASLib's test accuracy, where that is another number than its validation accuracy."""
        return "TEST_ACCURACY of NASLib's query" if self._entry.tested else ""

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

    def _error(self, shown: float) -> float:
        return (shown - self.metric.offset) / self.metric.slope

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:  # noqa: ARG002 - NASLib is asked for full training
        """Asks NASLib for validation accuracy and training time."""
        shown = self._query("VAL_ACCURACY", architecture, rng)
        return Evaluation(self._error(shown), self._query("TRAIN_TIME", architecture, rng))

    def expected(self, architecture: Architecture) -> float:
        """What NASLib answers with a generator of seed 0."""
        return self._error(self._query("VAL_ACCURACY", architecture, np.random.default_rng(0)))

    def reveal(self, architecture: Architecture) -> float | None:
        """NASLib's test accuracy, where that is another number than its validation accuracy."""
        if not self._entry.tested:
            return None
        return self._error(self._query("TEST_ACCURACY", architecture, np.random.default_rng(0)))

    def landscape(self) -> npt.NDArray[np.float64] | None:
        """All answers of a small space that NASLib gives without drawing."""
        return self._landscape

    @cached_property
    def _landscape(self) -> npt.NDArray[np.float64] | None:
        if self.space.size > MOST_LISTED:
            return None
        return np.array([self.expected(architecture) for architecture in self.space.enumerate()])

    @cached_property
    def penalty(self) -> float:  # type: ignore[override]
        """1 where the metric is a share, else the worst answer or 1, whichever is worse: a loss may exceed 1."""
        if self.metric.unit == "%" or self._landscape is None:
            return 1.0
        return max(1.0, float(self._landscape.max()))

    @cached_property
    def data_digest(self) -> str:
        """SHA-256 of NASLib's answers for 64 architectures: where its file lies is its own affair."""
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
