"""Columns of a run that its proposals and the table of its task tell, so that a packed run need not hold them."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Task
from equipoise.harness.store.numbering import Numbering, Numbers
from equipoise.harness.store.proposal_codes import ProposalCodes

__all__ = ["REBUILT", "Architectures", "RebuiltRows"]

REBUILT = ("fidelity", "validation_error", "charge", "training_charge", "cost_seconds", "status")
"""The columns of a row that are rebuilt; one that is not rebuilt exactly is stored as it is."""

STATUSES = ("duplicate", "invalid", "ok")


class Architectures:
    """Facts about numbered architectures, asked of their space once each; its tasks share them.

    Args:
        space: Of the tasks.

    Attributes:
        codes: Of proposals.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space, self._numbering = space, Numbering(space)
        self.codes = ProposalCodes(space)
        self._known: dict[int, tuple[Architecture, str, int]] = {}
        self._keys: dict[Architecture, int] = {}

    def of(self, numbers: Numbers) -> list[tuple[Architecture, str, int]]:
        """Architectures, their texts, and numbers that are equal where their keys are, -1 for what is not valid."""
        space = self._space
        new = np.array([number for number in numbers.tolist() if number not in self._known], dtype=np.int64)
        for number, one in zip(new.tolist(), self._numbering.architectures(new), strict=True):
            key = self._keys.setdefault(space.key(one), len(self._keys)) if space.contains(one) else -1
            self._known[number] = one, space.format(one), key
        return list(map(self._known.__getitem__, numbers.tolist()))

    def numbers(self, texts: Sequence[str]) -> Numbers:
        """The numbers of n architectures, from their texts."""
        found = [self._numbering.number(self._space.parse(text)) for text in texts]
        return np.array(found, dtype=np.int64)


class RebuiltRows:
    """Rebuilds the rows of the runs of one task.

    Args:
        task: Answers; its data is read only where answers are looked up.
        unit: Of the budget.
        architectures: Of its space.
    """

    def __init__(self, task: Task, unit: str, architectures: Architectures) -> None:
        self._task, self._unit, self._architectures = task, unit, architectures
        self._known: dict[int, tuple[float, float, int]] = {}

    @property
    def codes(self) -> ProposalCodes:
        """Of the proposals."""
        return self._architectures.codes

    def texts(self, numbers: Numbers) -> list[str]:
        """The texts of n architectures."""
        return [text for _, text, _ in self._architectures.of(numbers)]

    def numbers(self, texts: Sequence[str]) -> Numbers:
        """The numbers of n architectures, from their texts."""
        return self._architectures.numbers(texts)

    def columns(self, numbers: Numbers, lengths: Numbers) -> dict[str, Any] | None:
        """The `REBUILT` columns of some runs; None where answers cannot be looked up.

        Args:
            numbers: Of the proposals, one run after the other.
            lengths: Proposals per run.
        """
        task = self._task
        if not task.info.is_lookup:
            return None
        distinct, place = np.unique(numbers, return_inverse=True)
        self._learn(distinct)
        known = list(map(self._known.__getitem__, distinct.tolist()))
        key = np.array([key for _, _, key in known], dtype=np.int64)[place]
        fidelity = float(task.info.fidelities[-1]) if task.info.fidelities else nan
        cost = np.array([cost for _, cost, _ in known], dtype=np.float64)[place]
        count = len(numbers)
        charge = {"queries": np.ones(count), "epochs": np.full(count, fidelity), "cost_seconds": cost}[self._unit]
        return {
            "fidelity": np.full(count, fidelity),
            "validation_error": np.array([error for error, _, _ in known], dtype=np.float64)[place],
            "charge": charge,
            "training_charge": np.zeros(count),
            "cost_seconds": cost,
            "status": _statuses(key, lengths),
        }

    def _learn(self, numbers: Numbers) -> None:
        """Asks the task for what is not known yet."""
        task, rng = self._task, np.random.default_rng(0)
        new = np.array([number for number in numbers.tolist() if number not in self._known], dtype=np.int64)
        for number, (architecture, _, key) in zip(new.tolist(), self._architectures.of(new), strict=True):
            if key < 0:
                self._known[number] = task.info.penalty, 0.0, -1
                continue
            answer = task.evaluate(architecture, None, rng)
            self._known[number] = answer.validation_error, answer.cost_seconds, key


def _statuses(keys: Numbers, lengths: Numbers) -> npt.NDArray[np.int8]:
    """Codes of `STATUSES`: the first proposal of a key in a run is ok, a later one a duplicate; -1 is invalid."""
    run = np.repeat(np.arange(len(lengths)), lengths)
    span = int(keys.max(initial=0)) + 2
    _, first = np.unique(run * span + keys + 1, return_index=True)
    found = np.zeros(len(keys), dtype=np.int8)
    found[first] = STATUSES.index("ok")
    found[keys < 0] = STATUSES.index("invalid")
    return found


def as_stored(frame: Any) -> Mapping[str, Any]:
    """The `REBUILT` columns of stored rows, in the form in which they are rebuilt."""
    found = {name: frame[name].to_numpy(np.float64, na_value=nan) for name in REBUILT if name != "status"}
    words = frame["status"].cat.categories.tolist()
    codes = np.array([STATUSES.index(word) for word in words], dtype=np.int8)
    return {**found, "status": codes[frame["status"].cat.codes.to_numpy()]}
