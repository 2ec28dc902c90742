"""What a task is: one benchmark on one data set, which answers queries."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import SuiteError, nearest
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["Evaluation", "Metric", "Noise", "Task"]

Noise = Literal["mean", "single"]


class Evaluation(NamedTuple):
    """What one query costs and shows.

    Attributes:
        validation_error: Smaller is better, in the task's own unit (a fraction for accuracies).
        cost_seconds: Simulated or measured training time; NaN where the source does not tell.
    """

    validation_error: float
    cost_seconds: float


@dataclass(frozen=True)
class Metric:
    """How an error is shown to people: value = offset + slope * error.

    Attributes:
        name: For example ``accuracy``.
        unit: For example ``%``; empty for none.
        offset: The value shown for error 0.
        slope: Negative where people maximise.
    """

    name: str
    unit: str
    offset: float
    slope: float

    @classmethod
    def accuracy(cls, name: str = "accuracy") -> "Metric":
        """Error 0.08 is shown as 92 %."""
        return cls(name, "%", 100.0, -100.0)

    @property
    def maximise(self) -> bool:
        """Whether people want the shown value large."""
        return self.slope < 0

    def show(self, error: float) -> float:
        """The value people read for an error."""
        return self.offset + self.slope * error

    def regret(self, difference: float) -> float:
        """A difference of two errors in the shown unit (accuracy points for accuracies)."""
        return abs(self.slope) * difference


class Task(ABC):
    """One benchmark on one data set.

    Making a task is cheap: data is read at the first question that needs it. A task is pure: the same architecture,
    fidelity and state of `rng` give the same evaluation, in every process.

    Attributes:
        benchmark: Name of the benchmark, as its file is named.
        datasets: The data sets it offers; a task is named ``benchmark/dataset``.
        noises: The accepted values of `noise`.
        source: Paper and origin of the numbers.
        licence: Licence of the data.
        surrogate: Whether the values are predictions.
        technique: Of a surrogate: what predicts, a file of ``harness/surrogate/techniques``.
        held_out: Of a surrogate: its scores on architectures that it has not seen, an entry a fidelity, full training
            last; each has ``fidelity`` and ``kendall_tau``; and ``architectures`` (how many), ``r2`` and
            ``spearman_rho`` where its source tells them.
        pitfalls: What a reader of results must know, one sentence each.
        citation: BibTeX of the papers that the numbers come from.
        validation_split: What `evaluate` answers with, in the source's own words.
        test_split: What `reveal` answers with; empty where the source has no separate test split.
        further_digests: SHA-256 of optional files that are in use beside the first, by name; `data_digest` covers them.
        space: The architectures it answers for.
        metric: How its errors are shown.
        fidelities: Training epochs that can be asked for, ascending; empty where the source states none.
        has_cost: Whether `cost_seconds` is known.
        measured_cost: Whether `cost_seconds` is measured anew each time, so that it cannot repeat.
        is_lookup: Whether answers are looked up, so that a resumed run may ask again for what it was told before.
        penalty: The validation error told for an invalid proposal: no better than any architecture's.
        fresh: Set by `equipoise verify`: answer without what earlier runs left on this machine.
    """

    benchmark: ClassVar[str]
    datasets: ClassVar[tuple[str, ...]]
    noises: ClassVar[tuple[Noise, ...]] = ("mean",)
    source: ClassVar[str]
    licence: ClassVar[str]
    surrogate: ClassVar[bool] = False
    technique: str | None = None
    held_out: Sequence[Mapping[str, Any]] = ()
    pitfalls: ClassVar[tuple[str, ...]] = ()
    citation: ClassVar[str] = ""
    validation_split: str = ""
    test_split: str = ""
    further_digests: Mapping[str, str] = MappingProxyType({})
    space: SearchSpace
    metric: Metric
    fidelities: tuple[int, ...] = ()
    has_cost: bool = True
    measured_cost: bool = False
    is_lookup: bool = False
    penalty: float = 1.0
    fresh: bool = False

    def __init__(self, dataset: str, noise: Noise = "mean") -> None:
        """Names the task; reads nothing yet.

        Args:
            dataset: One of `datasets`.
            noise: ``mean`` answers with the mean over the stored training seeds, ``single`` with one drawn for each
                query.

        Raises:
            SuiteError: The benchmark has no such data set, or stores no single seeds.
        """
        if self.datasets and dataset not in self.datasets:
            raise SuiteError(f"{self.benchmark} has no data set '{dataset}'; {nearest(dataset, self.datasets)}")
        self.dataset = dataset
        if noise not in self.noises:
            raise SuiteError(
                f"{self.benchmark}/{dataset} cannot answer with noise = '{noise}': its source stores "
                f"only {' and '.join(self.noises)} values; set noise = '{self.noises[0]}' under [protocol]"
            )
        self.noise: Noise = noise

    @property
    def name(self) -> str:
        """``benchmark/dataset``."""
        return f"{self.benchmark}/{self.dataset}"

    @property
    @abstractmethod
    def data_digest(self) -> str:
        """SHA-256 of the source file that the numbers come from, and of whatever further files are in use."""

    @abstractmethod
    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Answers one query.

        Args:
            architecture: An architecture that the space contains.
            fidelity: Training epochs, one of `fidelities`; None for full training.
            rng: The only source of randomness that may be used.
        """

    def expected(self, architecture: Architecture) -> float | None:
        """The validation error at full fidelity without query noise, for the report; None if unknown."""
        return None

    def reveal(self, architecture: Architecture) -> float | None:
        """The test error of an incumbent, for the report alone; None where the source has no separate test split."""
        return None

    def optimum(self) -> float | None:
        """The least expected validation error in the space, for regret; None if unknown."""
        errors = self.landscape()
        return None if errors is None else float(errors.min())

    @property
    def mean_cost_seconds(self) -> float | None:
        """What a full training of an architecture takes on average over the space; None if unknown.

        A budget in seconds is charged by it for the training that a method does itself.
        """
        return None

    def landscape(self) -> npt.NDArray[np.float64] | None:
        """The expected validation error of every architecture in the order of ``space.enumerate()``, if known.

        It yields the exact random-search baseline and is never shown to a method.
        """
        return None

    def test_landscape(self) -> npt.NDArray[np.float64] | None:
        """Test errors of all architectures, in the order of ``space.enumerate()``; None if `reveal` must be asked."""
        return None

    def resource(self, need: str) -> Any | None:
        """What a method may require beyond the space, by name; None if this task has it not.

        ``images`` are those that the architectures are trained on, ``recipes`` the skeleton and the recipe of their
        training (`equipoise.harness.training.setup.recipes`).
        """
        return None

    def missing_resource(self, need: str) -> str:
        """Why `give` gives none, and how it can be had, if it can."""
        return f"{self.name} does not have {need}"

    def skip(self) -> str | None:
        """Why this task cannot run here and how to get what is missing; None if it can."""
        return None
