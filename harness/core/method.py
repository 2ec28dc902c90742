"""The contract of a search method: it proposes queries and is told their outcome."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from equipoise.harness.core.errors import SettingError, nearest
from equipoise.harness.core.history import TaskHistory
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.objectives import Constraint
from equipoise.harness.core.scores import SCORE, ScoreReader
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task_info import Objective

__all__ = ["Family", "Knowledge", "Method", "Observation", "Origin", "Problem", "Query", "Requirements", "settings_of"]

Family = Literal["baseline", "nas", "hpo", "one-shot"]
Origin = Literal["published", "library", "this project"]
Knowledge = Literal[
    "decisions", "legality", "isomorphism", "graph", "size", "scores", "images", "fidelities", "labels of other tasks"
]
"""The aspects of a task that a method can use:

- ``decisions``: the decisions with their options, and the encodings made of them;
- ``legality``: which options may follow (`legal`, `contains`), by that or through `sample` and `mutate`;
- ``isomorphism``: which architectures are one network (`key`, `canonical`, `neighbours`, `enumerate`, `index`);
- ``graph``: the graph of an architecture, by `graph` or through an encoding of it;
- ``size``: parameters or FLOPs of the network;
- ``scores``: training-free scores (zero-cost proxies), by `Problem.scores`;
- ``images``: the data set itself, to train on;
- ``fidelities``: queries after fewer epochs than full training;
- ``labels of other tasks``: errors observed elsewhere (`Problem.history`).
"""


@dataclass(slots=True)
class Query:
    """A proposal of a method; it unpacks into its attributes, in their order.

    Attributes:
        architecture: The proposal.
        fidelity: Training epochs, one of the task's; None for full training.
        training_cost: The method's own training since its last query (weight sharing), in training equivalents:
            stand-alone trainings of a mean architecture. It is charged with this query.
    """

    architecture: Architecture
    fidelity: int | None = None
    training_cost: float = 0.0

    def __iter__(self) -> Iterator[Any]:
        return iter((self.architecture, self.fidelity, self.training_cost))


class Observation(NamedTuple):
    """The outcome of a query, as a method is told it. There is no test error in it.

    Attributes:
        query: The proposal.
        validation_error: Smaller is better. An invalid proposal is told the task's worst error, 1.0 for accuracies.
        cost_seconds: Training time; NaN where the task does not tell it.
        objectives: Further objectives of the task by name, for example latency; empty for an invalid proposal and
            where the task has the validation error alone.
    """

    query: Query
    validation_error: float
    cost_seconds: float
    objectives: Mapping[str, float] = {}


@dataclass(frozen=True)
class Problem:
    """The knowledge of a method before it starts.

    Attributes:
        space: The search space.
        budget: What it may spend.
        fidelities: Training epochs it may ask for, ascending; empty where there is one level only.
        resources: What `Method.requirements` names, for example ``images``.
        objectives: The objectives beside the validation error, where the suite asks for several.
        constraints: Bounds on objectives of the observations, where the suite sets any.
        history: Evaluations of other tasks, where the suite names some and the method declares that it learns from
            ``labels of other tasks``; tasks of the same images are not among them.
    """

    space: SearchSpace
    budget: Budget
    fidelities: tuple[int, ...] = ()
    resources: Mapping[str, Any] = field(default_factory=dict)
    objectives: tuple[Objective, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    history: tuple[TaskHistory, ...] = ()

    def scores(self, name: str) -> ScoreReader:
        """The reader of a training-free score, for methods that declare ``scores`` and require ``score:NAME``.

        Calling it with n architectures gives their n scores. What is read must be paid with the next query, by
        ``training_cost=reader.due()``; a run that does not pay fails.

        Raises:
            SettingError: The method does not require it.
        """
        reader = self.resources.get(SCORE + name)
        if not isinstance(reader, ScoreReader):
            required = ", ".join(sorted(key for key in self.resources if key.startswith(SCORE))) or "none"
            raise SettingError(
                f"score '{name}' is not among those that the method requires ({required}); name '{SCORE}{name}' in "
                "Requirements.resources, and 'scores' in knowledge"
            )
        return reader


@dataclass(frozen=True)
class Requirements:
    """The requirements of a method under given settings.

    Attributes:
        resources: Names of `Task.resource` that the task must have; the method finds them in ``Problem.resources``.
        fidelities: Whether the task must offer several fidelities.
        history: Whether the suite must give evaluations of other tasks.
        remark: Stands beside the method's label in every row and table, for example that images are a proxy; usually
            empty.
    """

    resources: tuple[str, ...] = ()
    fidelities: bool = False
    history: bool = False
    remark: str = ""


class Method(ABC):
    """A search method.

    A subclass in a file of its own is enough; the file name is the method's name. Its settings are the keyword-only
    arguments of its ``__init__``, with defaults; it refuses a bad one there with `SettingError`.

    The harness alternates `ask` and `tell`, but several queries may be pending, and `tell` may bring an observation
    of a query that was never asked (a shared start): learn from it as from one's own.

    Attributes:
        family: ``baseline``, ``nas`` (made for architectures), ``hpo`` (general optimiser) or ``one-shot``.
        origin: ``published`` (an algorithm as a paper describes it), ``library`` (the authors' package runs) or
            ``this project`` (designed here, whatever it builds on).
        source: The paper or library it follows.
        knowledge: What it uses of a task under its defaults, see `Knowledge`.
        tuned_on: Tasks on which its settings or design were chosen, as names or patterns (``nasbench201/*``).
        labels_used: Observed errors of other architectures or tasks that it learned from before its first query.
        deviations: Where its defaults depart from the source's, one sentence each, for the report.
        packages: Third-party packages it imports, as (import name, extra of this project that installs it).
        costly: Whether a query takes it more than about 0.1 seconds: checks then use few.
        surrogate_models: The models it fits to a task, by the names of ``harness/surrogate/models``: on a surrogate
            benchmark of the same model it runs only beside a surrogate of another.
        check_settings: Settings for the conformance checks, where its defaults would take minutes.
        several_objectives: Whether it uses the objectives and constraints of its problem. Any other method is told the
            penalty and the violation for what violates a constraint, and runs for the validation error beside it.
    """

    family: ClassVar[Family]
    origin: ClassVar[Origin] = "this project"
    source: ClassVar[str]
    knowledge: ClassVar[tuple[Knowledge, ...]] = ("decisions",)
    tuned_on: ClassVar[tuple[str, ...]] = ()
    labels_used: ClassVar[int] = 0
    deviations: ClassVar[tuple[str, ...]] = ()
    packages: ClassVar[tuple[tuple[str, str], ...]] = ()
    costly: ClassVar[bool] = False
    surrogate_models: ClassVar[tuple[str, ...]] = ()
    check_settings: ClassVar[Mapping[str, Any]] = {}
    several_objectives: ClassVar[bool] = False

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:  # noqa: ARG003 - for those that depend on them
        """Names what a task must offer to the method under these settings; nothing by default."""
        return Requirements()

    @classmethod
    def code_files(cls, settings: Mapping[str, Any]) -> tuple[Path, ...]:  # noqa: ARG003 - for those that depend on them
        """Names files that count as code of the method under these settings beside its modules; none by default."""
        return ()

    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        """Keeps the problem and the generator.

        Args:
            problem: What is known before the search.
            rng: The only source of randomness that may be used; third-party tools get seeds drawn from it.
        """
        self.problem = problem
        self.space = problem.space
        self.rng = rng

    @abstractmethod
    def ask(self) -> Query:
        """Proposes the next query.

        Raises:
            SearchEnded: Nothing is left to propose.
        """

    @abstractmethod
    def tell(self, observation: Observation) -> None:
        """Learns the outcome of a query."""


def settings_of(method: type[Method], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Completes the settings of a method by its defaults.

    Args:
        method: The class.
        given: The settings of a suite.
        where: Who sets them, for the message.

    Raises:
        SettingError: The method has no such setting.
    """
    parameters = inspect.signature(method).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    for name in given:
        if name not in defaults:
            raise SettingError(f"{where}: no setting '{name}'; {nearest(name, defaults)}")
    return {**defaults, **given}
