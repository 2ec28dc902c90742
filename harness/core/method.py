"""What a search method is: it is asked for a query, and told what came of it."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from equipoise.harness.core.errors import SettingError, nearest
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["Family", "Method", "Observation", "Problem", "Query", "settings_of"]

Family = Literal["baseline", "nas", "hpo", "one-shot"]


class Query(NamedTuple):
    """What a method asks the task.

    Attributes:
        architecture: The proposal.
        fidelity: Training epochs, one of the task's; None for full training.
    """

    architecture: Architecture
    fidelity: int | None = None


class Observation(NamedTuple):
    """What a method is told. There is no test error in it.

    Attributes:
        query: What was asked.
        validation_error: Smaller is better. An invalid proposal is told the task's worst error, 1.0 for accuracies.
        cost_seconds: What the training took; NaN where the task does not tell.
    """

    query: Query
    validation_error: float
    cost_seconds: float


@dataclass(frozen=True)
class Problem:
    """What a method knows before it starts.

    Attributes:
        space: Where it searches.
        budget: What it may spend.
        fidelities: Training epochs it may ask for, ascending; empty where there is one level only.
        given: What the method's `requires` names, for example ``images``.
    """

    space: SearchSpace
    budget: Budget
    fidelities: tuple[int, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)


class Method(ABC):
    """A search method.

    A subclass in a file of its own is all it takes; the file name is the method's name. Its settings are the
    keyword-only arguments of its ``__init__``, with defaults; it refuses a bad one there with `SettingError`.

    The harness alternates `ask` and `tell`, but several queries may be pending, and `tell` may bring an observation
    of a query that was never asked (a shared start): learn from it as from one's own.

    Attributes:
        family: ``baseline``, ``nas`` (made for architectures), ``hpo`` (general optimiser) or ``one-shot``.
        source: The paper or library it follows.
        requires: What the task must give beyond its space: ``fidelities`` (several), or names of ``Problem.given``.
        packages: Third-party packages it imports, as (import name, extra of this project that installs it).
        costly: Whether a query takes it more than about 0.1 seconds: checks then use few.
        techniques: What it models the task with, as surrogates name theirs (files of ``harness/surrogate/models``):
            on a surrogate of such a technique it is played only beside a surrogate of another.
        deviations: Where its defaults depart from the source's, one sentence each, for the report.
        checked_with: Settings under which the conformance checks play it, where its defaults would take minutes.
        trainings: What training the method itself has done so far is worth, in trainings of a mean architecture alone
            (weight sharing). The harness reads it after each `ask` and charges what was added.
    """

    family: ClassVar[Family]
    source: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    packages: ClassVar[tuple[tuple[str, str], ...]] = ()
    costly: ClassVar[bool] = False
    techniques: ClassVar[tuple[str, ...]] = ()
    deviations: ClassVar[tuple[str, ...]] = ()
    checked_with: ClassVar[Mapping[str, Any]] = {}
    trainings: float = 0.0

    @classmethod
    def needs(cls, settings: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG003 - for those whose needs depend on them
        """What the task must give to the method under these settings: `requires`, unless a subclass knows better."""
        return cls.requires

    @classmethod
    def remark(cls, settings: Mapping[str, Any]) -> str:  # noqa: ARG003
        """What must stand beside the method's label under these settings, in every row and table; usually nothing."""
        return ""

    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        """Remembers the problem.

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
        """Learns what came of a query."""


def settings_of(method: type[Method], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Completes the settings of a method by its defaults.

    Args:
        method: The class.
        given: What a suite sets.
        where: Who sets it, for the message.

    Raises:
        SettingError: The method has no such setting.
    """
    parameters = inspect.signature(method).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
    for name in given:
        if name not in defaults:
            raise SettingError(f"{where}: no setting '{name}'; {nearest(name, defaults)}")
    return {**defaults, **given}
