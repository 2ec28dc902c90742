"""The loop in which a method plays a task."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import index
from time import perf_counter
from typing import NamedTuple, Protocol

import numpy as np

from harness.errors import ProposalError, SearchEnded
from harness.ledger import Ledger, Status
from harness.method import Method, Observation, Query
from harness.space import Architecture, SearchSpace
from harness.task import Evaluation

__all__ = ["Oracle", "Row", "Trajectory", "play"]


class Oracle(Protocol):
    """What the loop needs of a task."""

    @property
    def space(self) -> SearchSpace:
        """The architectures it answers for."""

    @property
    def fidelities(self) -> tuple[int, ...]:
        """Training epochs that may be asked for, ascending."""

    @property
    def penalty(self) -> float:
        """The validation error told for an invalid proposal."""

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Answers one query."""


class Row(NamedTuple):
    """One proposal, as it is stored."""

    architecture: Architecture
    fidelity: int | None
    validation_error: float
    charge: float
    cost_seconds: float
    overhead_seconds: float
    status: Status


@dataclass
class Trajectory:
    """What a run did.

    Attributes:
        rows: One a proposal, in order.
        shortfall: What was left of the budget at the end.
        ended: Why the run ended early; empty if it did not.
    """

    rows: list[Row] = field(default_factory=list)
    shortfall: float = 0.0
    ended: str = ""


def play(
    method: Method,
    task: Oracle,
    ledger: Ledger,
    rng: Callable[[int], np.random.Generator],
    initial: Sequence[Architecture] = (),
) -> Trajectory:
    """Lets a method search until the ledger is exhausted.

    Args:
        method: Asked and told; its time is measured as overhead.
        task: Answers.
        ledger: Counts.
        rng: Gives the generator for the noise of the n-th proposal.
        initial: Architectures proposed in the method's stead at the start, whose outcome it is told.

    Raises:
        ProposalError: The method returned something that is not a query of the task's space.
    """
    space, trajectory = task.space, Trajectory()
    full = task.fidelities[-1] if task.fidelities else None
    seen: dict[tuple[Architecture, int | None], Evaluation] = {}
    while not ledger.exhausted:
        started = perf_counter()
        try:
            query = method.ask() if ledger.proposals >= len(initial) else Query(initial[ledger.proposals])
        except SearchEnded as ended:
            trajectory.ended = str(ended) or "the method had nothing left to propose"
            break
        overhead = perf_counter() - started
        architecture, fidelity = _checked(query, task)
        epochs = full if fidelity is None else fidelity
        status: Status = "ok"
        if not space.contains(architecture):
            status, evaluation = "invalid", Evaluation(task.penalty, 0.0)
        else:
            known = seen.get(request := (space.key(architecture), epochs))
            status = "ok" if known is None else "duplicate"
            if known is None or not ledger.repeats_are_free:
                known = seen[request] = task.evaluate(architecture, fidelity, rng(ledger.proposals + 1))
                evaluation = known
            else:
                evaluation = Evaluation(known.validation_error, 0.0)
        charge = ledger.charge(status, evaluation.cost_seconds, epochs)
        started = perf_counter()
        method.tell(Observation(query, *evaluation))
        overhead += perf_counter() - started
        trajectory.rows.append(Row(architecture, epochs, evaluation[0], charge, evaluation[1], overhead, status))
    trajectory.shortfall = ledger.shortfall
    if ledger.stalled:
        trajectory.ended = "stalled: too many proposals in a row that cost nothing"
    return trajectory


def _checked(query: object, task: Oracle) -> tuple[Architecture, int | None]:
    if not isinstance(query, Query):
        raise ProposalError(f"ask() must return a Query, not {type(query).__name__}: {query!r}")
    try:
        architecture = tuple(map(index, query.architecture))
    except TypeError as error:
        raise ProposalError(f"an architecture is a tuple of option numbers, not {query.architecture!r}") from error
    widths = task.space.cardinalities
    if len(architecture) != len(widths) or not all(map(_in_range, architecture, widths)):
        raise ProposalError(
            f"{architecture} is no architecture of {task.space.name}: it has {len(widths)} decisions with "
            f"{', '.join(map(str, widths))} options, numbered from 0"
        )
    if query.fidelity is not None and query.fidelity not in task.fidelities:
        raise ProposalError(f"fidelity {query.fidelity} is not offered; accepted: None, {task.fidelities}")
    return architecture, query.fidelity


def _in_range(option: int, width: int) -> bool:
    return 0 <= option < width
