"""Other ways to count a budget: simulated time, distinct architectures and networks, epochs; and what a run spent."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from equipoise.reports.architecture_values import ArchitectureValues
from equipoise.reports.incumbents import RunRows, reached, seen_before
from equipoise.reports.runs import Spent
from equipoise.reports.statistics.arrays import Array

__all__ = ["Counted", "full_fidelity", "held_at"]

SECONDS_POINTS = 120
UNIQUE_POINTS = 70


def full_fidelity(rows: Mapping[str, RunRows]) -> int:
    """The longest training in the rows, in epochs; 0 where the task has no fidelities."""
    return max((int(block.fidelity.max(initial=0)) for block in rows.values()), default=0)


def held_at(held: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The incumbents' columns at given columns; -1 stays -1."""
    return np.where(columns < 0, -1, np.take_along_axis(held, np.maximum(columns, 0), axis=1))


class Counted:
    """The rows of one task, counted in every unit.

    A training that a method did itself counts in every unit, as one architecture, its epochs or its seconds. Where
    architectures were trained for different numbers of epochs they are no unit.

    Args:
        rows: Of each method, own training times included.
        own: Of each method, its own training before each row, in training equivalents.
        values: Tell architectures apart.

    Attributes:
        distinct: Distinct architectures up to each row, r x n by method; empty where they are no unit.
    """

    def __init__(self, rows: Mapping[str, RunRows], own: Mapping[str, Array], values: ArchitectureValues) -> None:
        self._rows, self._own, self._values = rows, own, values
        self._full = full_fidelity(rows)
        self._new_keys = {label: self._new(block, values.key) for label, block in rows.items()}
        self._new_networks = {label: self._new(block, values.network) for label, block in rows.items()}
        self.distinct: dict[str, Array] = {}
        if all((block.fidelity[_valid(block)] == self._full).all() for block in rows.values()):
            self.distinct = {label: self._up_to(label, self._new_keys[label]) for label in rows}

    @staticmethod
    def _new(block: RunRows, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """R x n: whether a row is the first of its run with that number."""
        return ~seen_before(np.where(_valid(block), numbers[block.code], -1))

    def _up_to(self, label: str, new: npt.NDArray[np.bool_]) -> Array:
        count = np.cumsum(new, axis=1, dtype=np.float64)
        return count + np.cumsum(self._own[label], axis=1) if self._own[label].any() else count

    def seconds_grid(self) -> Array:
        """From the first answer of the quickest run to the shortest whole run, so that every run spans its end."""
        ends = [_last(np.cumsum(block.seconds, axis=1), block) for block in self._rows.values()]
        if not ends or not all(np.isfinite(end).all() and (end > 0).all() for end in ends):
            return np.zeros(0)
        first = min(float(block.seconds[:, 0].min()) for block in self._rows.values())
        last = min(float(end.min()) for end in ends)
        return np.geomspace(max(first, last / 1e4), last, SECONDS_POINTS) if last > first else np.array([last])

    def unique_grid(self) -> Array:
        """From one distinct architecture to as many as every run saw; empty where they are no unit, or one saw none."""
        last = min((float(_last(a, self._rows[label]).min()) for label, a in self.distinct.items()), default=0.0)
        if last < 1 or not np.isfinite(last):
            return np.zeros(0)
        return np.unique(np.geomspace(1, last, UNIQUE_POINTS).round())

    def spent(self, label: str, ending: Array) -> Spent:
        """Resources of the runs of one method.

        Args:
            label: Of the method.
            ending: r x 2: unspent budget, and whether the run ended early.
        """
        block = self._rows[label]
        known = self._values.task is not None
        return Spent(
            proposals=block.lengths.astype(np.float64),
            charge=block.charge.sum(axis=1),
            own_trainings=self._own[label].sum(axis=1),
            unique=self._new_keys[label].sum(axis=1).astype(np.float64),
            classes=self._new_networks[label].sum(axis=1).astype(np.float64)
            if known
            else np.full(len(block.lengths), np.nan),
            duplicates=(block.status == 1).sum(axis=1).astype(np.float64),
            invalid=(block.status == 2).sum(axis=1).astype(np.float64),
            cost_seconds=block.seconds.sum(axis=1),
            overhead_seconds=block.overhead.sum(axis=1),
            unspent=ending[:, 0],
            ended=ending[:, 1],
        )

    def recounted(
        self, held: Mapping[str, npt.NDArray[np.int64]]
    ) -> list[tuple[str, float, dict[str, npt.NDArray[np.int64]]]]:
        """For each other unit: its name, the amount that every run reached, and the incumbents' columns there.

        Args:
            held: The incumbents' columns after each row, by method.
        """
        found = []
        for unit in ("seconds", "seconds_and_overhead", "unique", "classes", "epochs"):
            amounts = {label: self._amounts(unit, label) for label in self._rows}
            told = {label: amount for label, amount in amounts.items() if amount is not None}
            ends = [_last(amount, self._rows[label]) for label, amount in told.items()]
            if not ends or not all(np.isfinite(end).all() for end in ends) or min(end.min() for end in ends) <= 0:
                continue
            limit = min(float(end.min()) for end in ends)
            columns = {
                label: held_at(held[label], reached(amount, self._rows[label].lengths, np.array([limit])))
                for label, amount in told.items()
            }
            found.append((unit, limit, columns))
        return found

    def _amounts(self, unit: str, label: str) -> Array | None:
        """Cumulative amounts of one method in a unit; None where it is no unit."""
        block = self._rows[label]
        if unit == "seconds":
            return np.cumsum(block.seconds, axis=1)
        if unit == "seconds_and_overhead":
            return np.cumsum(block.seconds + block.overhead, axis=1)
        if unit == "epochs":
            if not block.fidelity.any():
                return None
            return np.cumsum(block.fidelity, axis=1) + np.cumsum(self._own[label], axis=1) * self._full
        if not self.distinct or (unit == "classes" and self._values.task is None):
            return None
        return self.distinct[label] if unit == "unique" else self._up_to(label, self._new_networks[label])


def _valid(block: RunRows) -> npt.NDArray[np.bool_]:
    return np.asarray(block.present & (block.status != 2))


def _last(amounts: Array, block: RunRows) -> Array:
    """The amount at the end of each run."""
    return np.asarray(amounts[np.arange(len(amounts)), block.lengths - 1])
