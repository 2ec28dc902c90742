"""Tasks: a benchmark offers one for each data set, and a task answers queries."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import PluginError, SuiteError
from equipoise.harness.core.html_facts import html_facts
from equipoise.harness.core.scores import SCORE, Score, ScoreReader, ScoreValues
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task_info import Metric, Noise, Objective, SurrogateInfo, SurrogateScores, TaskInfo

__all__ = [
    "Benchmark",
    "Evaluation",
    "Metric",
    "Noise",
    "Objective",
    "OneTaskBenchmark",
    "Score",
    "SurrogateInfo",
    "SurrogateScores",
    "Task",
    "TaskInfo",
]


class Evaluation(NamedTuple):
    """The answer to one query.

    Attributes:
        validation_error: Smaller is better, in the task's own unit (a fraction for accuracies).
        cost_seconds: Simulated or measured training time; NaN where the source does not tell, which ends a run with a
            budget in seconds.
        objectives: Further objectives by name, each as the task declares it; usually empty.
    """

    validation_error: float
    cost_seconds: float
    objectives: Mapping[str, float] = {}


class Task(ABC):
    """One benchmark on one data set.

    A class that sets `info` and `space` in its body and defines `evaluate` is complete; the registry offers it without
    further ado. A class that is made with a data set is offered by a `Benchmark`. If it assigns `info` and `space` in
    its constructor, it declares them in its body (``info: TaskInfo``) for type checkers.

    Making a task is cheap: data is read at the first question that needs it. A task is pure: the same architecture,
    fidelity and state of `rng` give the same evaluation, in every process.

    Attributes:
        info: Its data sheet.
        space: The architectures it answers for.
        noise: ``mean`` answers with the mean over the stored training seeds, ``single`` with one drawn for each query.
    """

    if TYPE_CHECKING:  # read-only for type checkers alone, so that a subclass may set, compute or assign them

        @property
        def info(self) -> TaskInfo: ...  # noqa: D102
        @property
        def space(self) -> SearchSpace: ...  # noqa: D102

    noise: Noise = "mean"

    def __init__(self, noise: Noise = "mean") -> None:
        """Chooses the noise; reads no data.

        Raises:
            SuiteError: The source stores no single seeds.
        """
        if noise not in self.info.noises:
            raise SuiteError(
                f"{self.name} cannot answer with noise = '{noise}': its source stores only "
                f"{' and '.join(self.info.noises)} values; set noise = '{self.info.noises[0]}' under [protocol]"
            )
        self.noise = noise

    @property
    def name(self) -> str:
        """``benchmark/dataset``."""
        return self.info.name

    @property
    def device(self) -> str:
        """The device that evaluations run on; a suite with tasks on ``cuda`` starts one worker per GPU by default."""
        return "cpu"

    def __repr__(self) -> str:
        return f"<Task {self.name}, noise = '{self.noise}'>"

    def _repr_html_(self) -> str:
        info, facts = self.info, {"space": self.space.name, "noise": self.noise}
        facts |= {"metric": f"{info.metric.name} {info.metric.unit}".strip(), "source": info.source}
        facts |= {"licence": info.licence, "validation": info.validation_split}
        facts |= {"test": info.test_split or "n/a: the source has no separate test split"}
        return html_facts(self.name, {**facts, "pitfalls": " ".join(info.pitfalls), "missing": self.skip()})

    @abstractmethod
    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Answers one query.

        Args:
            architecture: An architecture that the space contains.
            fidelity: Training epochs, one of ``info.fidelities``; None for full training.
            rng: The only source of randomness that may be used.
        """

    def expected(self, architecture: Architecture) -> float | None:
        """The validation error at full fidelity without query noise, for the report; None if unknown."""
        return None

    def reveal(self, architecture: Architecture) -> float | None:
        """The test error of an incumbent, for the report alone; None where the source has no separate test split."""
        return None

    def split(self, held_out: int) -> "Task":
        """A view of this task from which one stored training seed is held out: the search sees the others.

        All that the view answers comes from the other seeds, except `held_out`. It has no seeds to split further.

        Args:
            held_out: Number of the seed, from 0 to ``info.seeds - 1``.

        Raises:
            SuiteError: The task stores no seed to hold out.
        """
        raise SuiteError(self.cannot_split())

    def cannot_split(self) -> str:
        """The reason why `split` is refused."""
        stored = "one training seed" if self.info.seeds == 1 else f"{self.info.seeds} training seeds"
        return f"{self.name} stores {stored} of each architecture, so none can be held out; set seeds = 'all'"

    def held_out(self, architecture: Architecture) -> float | None:
        """The error of an architecture under the seed that is held out of this view, for the report alone.

        None where nothing is held out.
        """
        return None

    def held_out_optimum(self) -> float | None:
        """The least error in the space under the seed that is held out of this view; None where nothing is."""
        return None

    def noise_floors(self) -> dict[str, float]:
        """The regrets that training noise alone explains, by name, as far as the stored data tell them.

        ``held-out seeds`` is the mean regret, under a training seed, of the architecture that is best by the other
        seeds; ``validation to test`` is the test regret of the architecture that is best by validation
        (`equipoise.harness.core.training_seeds` has the formulas).
        """
        return {}

    def optimum(self) -> float | None:
        """The least expected validation error in the space, for regret; None if unknown."""
        errors = self.landscape()
        return None if errors is None else float(errors.min())

    @property
    def mean_cost_seconds(self) -> float | None:
        """The mean training time of an architecture of the space at full fidelity; None if unknown.

        A budget in seconds is charged by it for the training that a method does itself.
        """
        return None

    def landscape(self) -> npt.NDArray[np.float64] | None:
        """The expected validation error of every architecture in the order of ``space.enumerate()``, if known.

        It yields the exact random-search baseline and is never shown to a method.
        """
        return None

    def seed_landscape(self) -> npt.NDArray[np.float64] | None:
        """The validation error of every architecture under each stored training seed, at full fidelity.

        Returns:
            M x S array, rows in the order of ``space.enumerate()``; NaN where an architecture has fewer seeds. None
            where the source stores no single seeds.
        """
        return None

    def objective_values(self, name: str) -> npt.NDArray[np.float64] | None:
        """The values of a further objective for every architecture, in the order of ``space.enumerate()``.

        None where only the evaluations tell them: a task of that kind names its objectives in `info` and answers with
        all of them. The values yield the exact front and are never shown to a method.

        Args:
            name: One of ``info.objectives``.
        """
        return None

    def measure(self, name: str, architecture: Architecture) -> Mapping[str, float]:
        """Measures a further objective on this machine, where a run asks for it; empty where `evaluate` tells it.

        Args:
            name: One of ``info.objectives`` that is ``measured``.
            architecture: An architecture that the space contains.

        Returns:
            The value under `name`, and its spread under ``NAME_spread``, in the same unit.
        """
        return {}

    def test_landscape(self) -> npt.NDArray[np.float64] | None:
        """Test errors of all architectures, in the order of ``space.enumerate()``; None if `reveal` must be asked."""
        return None

    def resource(self, name: str) -> Any | None:
        """Something that a method may require beyond the space; None if this task does not have it.

        ``images`` are those that the architectures are trained on, ``training`` the macro architecture and
        the training configuration (`equipoise.harness.training.setup.training_settings`). ``parameters`` and ``flops``
        map n architectures to the n sizes of their networks; in a space that can be listed, ``everything`` has those of
        all. ``score:NAME`` is a fresh reader of a training-free score (`score_values`).
        """
        return self._score_reader(name.removeprefix(SCORE)) if name.startswith(SCORE) else None

    def score_values(self, name: str) -> ScoreValues | None:
        """A function from n architectures to their n training-free scores, larger meaning better; None if unknown.

        A task that offers scores lists them with their prices in ``info.scores`` and answers here. The function must
        pickle and answer for every valid architecture, -inf where the score is not defined. ``parameters`` and
        ``flops`` are the sizes of `resource`.

        Args:
            name: One of ``info.scores``.
        """
        values: ScoreValues | None = self.resource(name) if name in ("parameters", "flops") else None
        return values

    def _score_reader(self, name: str) -> ScoreReader | None:
        score = next((one for one in self.info.scores if one.name == name), None)
        values = None if score is None else self.score_values(name)
        return None if score is None or values is None else ScoreReader(score, values)

    def missing(self, name: str) -> str:
        """The reason why `resource` gives none, and how to get it, where that is possible."""
        return f"{self.name} does not have {name}"

    def skip(self) -> str | None:
        """The reason why this task cannot run here, and how to get the missing part; None if it can run."""
        return None


class Benchmark(ABC):
    """Offers one task per data set.

    Attributes:
        name: As its tasks begin; a file in ``harness/benchmarks`` has the same name, with underscores for hyphens.
        datasets: The data sets that are listed.
        open_ended: Whether it takes further data sets, such as files.
    """

    name: str
    datasets: tuple[str, ...]
    open_ended: ClassVar[bool] = False

    @abstractmethod
    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> Task:
        """Makes the task of a data set; its data is not read yet.

        Args:
            dataset: One of `datasets`, or another one where it is `open_ended`.
            noise: See `Task`.
            ignore_cache: Answer without the trained networks that earlier runs left on this machine.
        """


class OneTaskBenchmark(Benchmark):
    """The benchmark of a task class that is made without a data set: the registry makes one by itself."""

    def __init__(self, cls: type[Task]) -> None:
        """Takes the name from the data sheet of the class.

        Raises:
            PluginError: The class has no data sheet, is named otherwise than ``benchmark/dataset``, or is made with
                other arguments than the noise.
        """
        info: object = getattr(cls, "info", None)
        shown = f"{cls.__module__}.{cls.__qualname__}"
        if not isinstance(info, TaskInfo):
            raise PluginError(
                f"{shown}: 'info' is no TaskInfo; write info = TaskInfo(name='benchmark/dataset', ...) in the body of "
                "the class, or offer the task by a class derived from Benchmark"
            )
        if not info.benchmark or not info.dataset:
            raise PluginError(f"{shown}: name = '{info.name}'; a name is benchmark/dataset")
        try:
            inspect.signature(cls).bind("mean")
        except TypeError as error:
            raise PluginError(
                f"{shown} is not made with the noise alone ({error}); offer it by a class derived from Benchmark"
            ) from error
        self.name, self.datasets = info.benchmark, (info.dataset,)
        self._cls = cls

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> Task:
        """Makes the only task."""
        return self._cls(noise)
