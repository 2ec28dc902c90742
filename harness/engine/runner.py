"""The loop in which a method searches a task."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from math import inf
from operator import ge, index
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from equipoise.harness.core.errors import ProposalError, RunError, SearchEnded
from equipoise.harness.core.ledger import Ledger, Status
from equipoise.harness.core.method import Method, Observation, Query
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Evaluation, TaskInfo
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.interruption import was_told

__all__ = ["Oracle", "run_trial"]

COLUMNS = [field.name for field in fields(Trajectory)]
"""The lists of a trajectory come first, in the order of a row of the loop."""

MOST_VERDICTS = 500_000
"""Most remembered verdicts per space; all are forgotten beyond."""


class Oracle(Protocol):
    """The part of a task that the loop uses."""

    @property
    def space(self) -> SearchSpace:
        """The architectures it answers for."""

    @property
    def info(self) -> TaskInfo:
        """Its data sheet, of which fidelities and penalty are used."""

    @property
    def mean_cost_seconds(self) -> float | None:
        """The mean time of a full training; None if unknown."""

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Answers one query."""


def run_trial(
    method: Method,
    task: Oracle,
    ledger: Ledger,
    rng: Callable[[int], np.random.Generator],
    initial: Sequence[Architecture] = (),
    by_class: bool = False,
    continues: bool = False,
) -> Trajectory:
    """Lets a method search until the ledger is exhausted.

    Args:
        method: Asked and told; its time is measured as overhead.
        task: Answers.
        ledger: Counts.
        rng: Gives the generator for the noise of the n-th proposal.
        initial: Architectures proposed in the method's stead at the start, whose outcome it is told.
        by_class: Whether a proposal is replaced by its `key`, the representative of its class, in what is evaluated
            and recorded; the method is told of its own proposal.
        continues: Whether a longer training of an architecture goes on from the longest before: it then takes, is told
            and is charged the further epochs and seconds only.

    Raises:
        ProposalError: The method returned something that is not a query of the task's space.
        RunError: The task answered NaN, or tells no time that the budget needs.
    """
    trajectory, proposals = Trajectory(), _Proposals(task)
    ask, tell, evaluate, charge = method.ask, method.tell, task.evaluate, ledger.charge
    verdicts, full, given, remembers = proposals.verdicts, proposals.full, len(initial), ledger.repeats_are_free
    new = tuple.__new__  # makes an observation of all its fields, in half the time of a call of the class
    seen: defaultdict[int | None, dict[Architecture, Evaluation]] = defaultdict(dict)  # by epochs, then by key
    trained: dict[Architecture, tuple[int, float]] = {}  # the longest training: its epochs and seconds
    rows: list[tuple[Any, ...]] = []
    status: Status
    objectives: Mapping[str, float]
    while not ledger.exhausted:
        if was_told():  # even if the method caught the interrupt
            raise KeyboardInterrupt
        number = ledger.proposals
        started = perf_counter()
        try:
            query = ask() if number >= given else Query(initial[number])
        except SearchEnded as ended:
            trajectory.ended = str(ended) or "the method had nothing left to propose"
            break
        overhead, training = perf_counter() - started, 0.0
        if not isinstance(query, Query):
            raise ProposalError(f"ask() must return a Query, not {type(query).__name__}: {query!r}")
        fidelity = query.fidelity
        epochs = full if fidelity is None else proposals.epochs(fidelity)
        try:
            architecture, key = verdicts[query.architecture]
        except (KeyError, TypeError):
            architecture, key = proposals.judge(query.architecture)
        if by_class and key is not None:
            architecture = key
        if query.training_cost:
            if not 0 < query.training_cost < inf:  # NaN too
                raise ProposalError(f"training_cost = {query.training_cost}; accepted: finite numbers from 0 on")
            training = ledger.charge_training(query.training_cost, task.mean_cost_seconds, full or 0)
            if not ledger.unspent:
                trajectory.ended = "the method's own training spent the rest of the budget"
                break
        known = seen[epochs]
        if key is None:
            status, error, seconds, objectives = "invalid", task.info.penalty, 0.0, {}
        elif remembers and key in known:
            status, seconds = "duplicate", 0.0
            error, _, objectives = known[key]
        else:
            evaluation = evaluate(architecture, None if fidelity is None else epochs, rng(number + 1))
            error, seconds, objectives = evaluation
            if error != error:
                raise RunError(f"the task answered NaN for {architecture}; a failed training is told its penalty")
            distinct = len(known)
            known[key] = evaluation
            status = "duplicate" if len(known) == distinct else "ok"
        paid = epochs
        if continues and status == "ok" and key is not None and epochs is not None:
            before, spent = trained.get(key, (0, 0.0))
            if epochs > before:
                trained[key] = epochs, seconds
                paid, seconds = epochs - before, 0.0 if seconds < spent else seconds - spent
        price = task.mean_cost_seconds or 0.0 if key is None and ledger.wants_price else seconds
        cost = training + charge(status, price, paid)
        started = perf_counter()
        tell(new(Observation, (query, error, seconds, objectives)))
        overhead += perf_counter() - started
        rows.append((architecture, epochs, error, cost, training, seconds, overhead, status, objectives))
    for column, values in zip(COLUMNS, zip(*rows, strict=True), strict=False):
        setattr(trajectory, column, list(values))
    trajectory.unspent = ledger.unspent
    if ledger.stalled:
        trajectory.ended = "stalled: too many proposals in a row that cost nothing"
    return trajectory


class _Proposals:
    """Checks proposals and remembers the verdicts: most proposals of a suite come again.

    Args:
        task: Its space and fidelities decide.

    Attributes:
        full: The epochs of full training; None where the task states none.
        verdicts: What `judge` has returned, by proposal.
    """

    def __init__(self, task: Oracle) -> None:
        self._task = task
        self.full = task.info.fidelities[-1] if task.info.fidelities else None
        self.verdicts = _verdicts(task.space)

    def epochs(self, fidelity: object) -> int:
        """The epochs that a query asks for.

        Raises:
            ProposalError: The task does not offer them.
        """
        if fidelity not in self._task.info.fidelities:
            raise ProposalError(f"fidelity {fidelity!r}; accepted: None, {self._task.info.fidelities or ''}")
        return int(fidelity)

    def judge(self, proposed: Architecture) -> tuple[Architecture, Architecture | None]:
        """The architecture and its key; None if it is not valid.

        Raises:
            ProposalError: This is no combination of options of the space.
        """
        architecture, _ = verdict = self._judge(proposed)
        if len(self.verdicts) >= MOST_VERDICTS:
            self.verdicts.clear()
        self.verdicts[architecture] = verdict
        return verdict

    def _judge(self, proposed: Architecture) -> tuple[Architecture, Architecture | None]:
        space = self._task.space
        widths = space.cardinalities
        try:
            architecture = tuple(map(_whole, proposed))
        except (TypeError, ValueError, OverflowError):
            raise ProposalError(f"an architecture is a tuple of option numbers, not {proposed!r}") from None
        if len(architecture) != len(widths) or min(architecture, default=0) < 0 or any(map(ge, architecture, widths)):
            raise ProposalError(
                f"{architecture} is no architecture of {space.name}: it has {len(widths)} decisions with "
                f"{', '.join(map(str, widths))} options, numbered from 0"
            )
        return architecture, space.key(architecture) if space.contains(architecture) else None


def _whole(option: object) -> int:
    """Turns an option number into an int. 2.0 is 2, as it is wherever a verdict is looked up.

    Raises:
        TypeError: It is not a whole number.
    """
    if type(option) is int:
        return option
    try:
        return index(option)  # type: ignore[arg-type]
    except TypeError:
        if not isinstance(option, float) or int(option) != option:
            raise
        return int(option)


@lru_cache(maxsize=8)
def _verdicts(_: SearchSpace) -> dict[Architecture, tuple[Architecture, Architecture | None]]:
    """Architecture to (architecture, key), kept for all runs of a worker on one space."""
    return {}
