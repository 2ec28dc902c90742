"""The data sheet of a task: everything about it that is no answer."""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, overload

from equipoise.harness.core.scores import Score

__all__ = ["Deferred", "Metric", "Noise", "Objective", "SurrogateInfo", "SurrogateScores", "TaskInfo"]

Noise = Literal["mean", "single"]
T = TypeVar("T")


@dataclass(frozen=True)
class Metric:
    """The way errors are shown to people: value = offset + slope * error.

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

    def error(self, shown: float) -> float:
        """The error behind a value that people read."""
        return (shown - self.offset) / self.slope

    def regret(self, difference: float) -> float:
        """A difference of two errors in the shown unit (accuracy points for accuracies)."""
        return abs(self.slope) * difference


@dataclass(frozen=True)
class Objective:
    """A further objective of a task, beside the validation error.

    Attributes:
        name: For example ``latency``.
        unit: For example ``ms``; empty for none.
        minimise: Whether smaller is better.
        reference: The value of the reference point for hypervolumes; None if the task states none: then it is the 90 %
            quantile over all architectures, as `equipoise.harness.core.objective_scale` tells.
        ideal: The value at which a hypervolume is normalised to 1; None for the best of all architectures.
        measured: Whether it is measured at each query, so that it cannot repeat. `Task.measure` may then tell the
            spread of the measurements as ``NAME_spread``, which is recorded beside it.
    """

    name: str
    unit: str
    minimise: bool = True
    reference: float | None = None
    ideal: float | None = None
    measured: bool = False


@dataclass(frozen=True, kw_only=True)
class SurrogateScores:
    """Scores of a surrogate on architectures that it has not seen, at one fidelity.

    Attributes:
        fidelity: Training epochs; None where the source states none.
        kendall_tau: Rank correlation.
        spearman_rho: Rank correlation; None if not known.
        r2: Coefficient of determination; None if not known.
        architectures: Number of held-out architectures; None if not known.
    """

    fidelity: int | None
    kendall_tau: float
    spearman_rho: float | None = None
    r2: float | None = None
    architectures: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """The scores for JSON; those that are not known are absent."""
        known = {name: value for name, value in vars(self).items() if value is not None}
        return {"fidelity": self.fidelity, **known}


@dataclass(frozen=True)
class SurrogateInfo:
    """Facts about the surrogate model that predicts a task's values.

    Attributes:
        model: The surrogate model, a file of ``harness/surrogate/models``; None if the source does not tell.
        scores: One entry per fidelity, full training last; empty while its file is missing or if nothing is known.
    """

    model: str | None
    scores: tuple[SurrogateScores, ...] = ()


class Deferred(Generic[T]):
    """A field that may be given as a function without arguments, which is called when the field is first read.

    The function must pickle wherever the task has to.
    """

    def __init__(self, *default: T) -> None:
        self._default = default

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> T: ...
    @overload
    def __get__(self, instance: object, owner: type[Any]) -> T: ...
    def __get__(self, instance: object | None, owner: type[Any]) -> T:
        if instance is None:
            if not self._default:
                raise AttributeError(self._name)  # so dataclasses take the field for one without default
            return self._default[0]
        value = vars(instance)[self._name]
        if callable(value):
            value = vars(instance)[self._name] = value()
        found: T = value
        return found

    def __set__(self, instance: object, value: T | Callable[[], T]) -> None:
        vars(instance)[self._name] = value


@dataclass(frozen=True, kw_only=True, repr=False)
class TaskInfo:
    """The data sheet of a task.

    It is cheap to make and exists while the data of the task is missing; a field that only the data can tell is then
    empty. `data_digest`, `fidelities`, `penalty`, `seeds`, `noise_floor` and `scores` may be given as functions, which
    are called at the first question.

    Attributes:
        name: ``benchmark/dataset``.
        source: Paper and origin of the numbers.
        licence: Licence of the data.
        metric: How errors are shown.
        data_digest: SHA-256 of the source file, and of the further files in use; any text where nothing is read, such
            as ``none: computed``. Code of a task that does not ship with Equipoise counts without it (`task_digest`).
        title: The name that the source gives itself, where `name` is the address of a file; empty if they agree.
        citation: BibTeX of the papers that the numbers come from.
        validation_split: The data behind `Task.evaluate`, in the source's own words.
        test_split: The data behind `Task.reveal`; empty where the source has no separate test split.
        pitfalls: What a reader of results must know, one sentence each.
        further_digests: SHA-256 of optional files that are in use beside the first, by name; `data_digest` covers them.
        fidelities: Training epochs that can be asked for, ascending; empty where the source states none.
        penalty: The validation error told for an invalid proposal: no better than any architecture's.
        has_cost: Whether `Evaluation.cost_seconds` is known.
        measured_cost: Whether `Evaluation.cost_seconds` is measured at each query, so that it cannot repeat.
        is_lookup: Whether answers are looked up, so that a resumed run may ask again for what it was told before.
        noises: The accepted values of `Task.noise`.
        surrogate: The surrogate model where the values are predictions; else None.
        seeds: Stored training seeds that every architecture has at full fidelity; 1 where only a mean is stored.
        noise_floor: The error below which a difference is noise of training, the first of `Task.noise_floors`; None
            if not known.
        objectives: Further objectives in `Evaluation`.
        images: The images that its networks are trained on, where the data set's name does not tell: a task is never
            history for another one of the same images.
        scores: Training-free scores that are at hand here, with the price of each (`Task.score_values`).
    """

    name: str
    source: str
    licence: str
    metric: Metric
    data_digest: Deferred[str] = Deferred()
    title: str = ""
    citation: str = ""
    validation_split: str = ""
    test_split: str = ""
    pitfalls: tuple[str, ...] = ()
    further_digests: Mapping[str, str] = field(default_factory=dict, hash=False)
    fidelities: Deferred[tuple[int, ...]] = Deferred(())
    penalty: Deferred[float] = Deferred(1.0)
    has_cost: bool = True
    measured_cost: bool = False
    is_lookup: bool = False
    noises: tuple[Noise, ...] = ("mean",)
    surrogate: SurrogateInfo | None = None
    seeds: Deferred[int] = Deferred(1)
    noise_floor: Deferred[float | None] = Deferred(None)
    objectives: tuple[Objective, ...] = ()
    scores: Deferred[tuple[Score, ...]] = Deferred(())
    images: str = ""

    def __repr__(self) -> str:
        """Short, and reads no data."""
        return f"TaskInfo({self.name!r})"

    def deferring(self, **fields: Callable[[], Any]) -> "TaskInfo":
        """A copy in which some fields are computed at the first question; unlike `replace`, it asks for none here."""
        made = copy(self)
        vars(made).update(fields)
        return made

    @property
    def continues(self) -> bool:
        """Whether the fidelities are the epochs of one training, so that a longer one goes on from a shorter one.

        They are where every epoch up to the last can be asked for. A source of a few lengths, as NAS-Bench-101 or the
        12 and 200 epochs of NAS-Bench-201, trained each from its start, along a schedule of its own.
        """
        return len(self.fidelities) > 1 and self.fidelities == tuple(range(1, self.fidelities[-1] + 1))

    @property
    def benchmark(self) -> str:
        """The part of the name before the first slash."""
        return self.name.partition("/")[0]

    @property
    def dataset(self) -> str:
        """The part of the name after the first slash."""
        return self.name.partition("/")[2]

    @property
    def trained_on(self) -> str:
        """The images behind the numbers, by name."""
        return self.images or self.dataset
