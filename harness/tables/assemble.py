"""Turns the rows of a table into the columns of the cache, and refuses a table that contradicts its header."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.row_numbers import RowNumbers
from equipoise.harness.tables.rows import RowBatch, batches

__all__ = ["assemble"]

BLOCK = 1 << 16

Floats = npt.NDArray[np.float64]


def assemble(path: Path, header: TableHeader, folder: Path) -> None:
    """Writes the columns of a table into a folder; they are never in memory as a whole.

    - ``validation``: F x M x S errors, missing seeds NaN at the end; ``mean``: F x M over the seeds;
    - ``seconds``: F x M, the mean over the seeds, NaN where unknown;
    - ``test``: M errors at full training, where the header names a test split;
    - ``objective:NAME``: M values of a further objective at full training, the mean over the seeds;
    - ``architectures``: M x d options, unless the header says that the whole space is stored.

    M counts the space in the order of ``enumerate()``, or else the stored architectures in ascending order. F counts
    the fidelities; those of a task that are declared to have gaps are omitted.

    Raises:
        DataError: The rows contradict the header.
    """
    places = RowNumbers(path, header)
    levels = header.fidelities if header.coverage == "sample" else header.offered_fidelities
    shape = (max(1, len(levels)), places.count, max(1, len(header.seeds)))
    table = _Columns(path, header, levels, folder, shape)
    for rows in batches(path, header):
        table.add(rows, places.of(rows.texts)[rows.codes])
    table.finish(places)
    if places.expand is not None:
        _expand(folder, places.expand, [f"objective:{one.name}" for one in header.objectives])
    if header.coverage != "space":
        np.save(folder / "architectures.npy", np.array(places.architectures, dtype=np.int64))


@dataclass
class _Sums:
    """Means over seeds, kept as sums and counts."""

    total: Floats
    count: npt.NDArray[np.int64]

    def add(self, places: npt.NDArray[np.int64], values: Floats) -> None:
        there = ~np.isnan(values)
        np.add.at(self.total.ravel(), places[there], values[there])
        np.add.at(self.count.ravel(), places[there], 1)

    def mean(self) -> Floats:
        with np.errstate(invalid="ignore"):
            means: Floats = self.total / self.count
        return means


class _Columns:
    """The columns, while rows are added."""

    def __init__(
        self, path: Path, header: TableHeader, levels: tuple[int, ...], folder: Path, shape: tuple[int, int, int]
    ) -> None:
        self._path, self._header, self._folder, self._levels = path, header, folder, levels
        self._validation = np.lib.format.open_memmap(folder / "validation.npy", "w+", np.float64, shape)
        for block in _blocks(shape[1]):
            self._validation[:, block] = np.nan
        self._seconds = _Sums(np.zeros(shape[:2]), np.zeros(shape[:2], dtype=np.int64))
        self._tests = _Sums(np.zeros(shape[1]), np.zeros(shape[1], dtype=np.int64))
        self._objectives = {
            one.name: _Sums(np.zeros(shape[1]), np.zeros(shape[1], dtype=np.int64)) for one in header.objectives
        }
        self._gaps = {epochs: np.zeros(shape[1], dtype=np.bool_) for epochs in header.missing}
        self._number = 0

    def add(self, rows: RowBatch, places: npt.NDArray[np.int64]) -> None:
        """Adds a batch of rows, after checking them."""
        self._check_values(rows)
        for epochs, seen in self._gaps.items():
            seen[places[rows.fidelity == epochs]] = True
        if self._levels:
            kept = np.isin(rows.fidelity, self._levels)
            level = np.searchsorted(self._levels, rows.fidelity)
        else:
            kept, level = np.ones(len(places), dtype=np.bool_), np.zeros(len(places), dtype=np.int64)
        slot = np.zeros(len(places), dtype=np.int64)
        for number, label in enumerate(self._header.seeds):
            slot[rows.seed == label] = number
        level, architecture, slot = level[kept], places[kept], slot[kept]
        _, count, seeds = self._validation.shape
        flat = (level * count + architecture) * seeds + slot
        unique, first = np.unique(flat, return_index=True)
        cells = self._validation.reshape(-1)
        if len(unique) < len(flat) or not np.isnan(cells[flat]).all():
            again = np.setdiff1d(np.arange(len(flat)), first) if len(unique) < len(flat) else ~np.isnan(cells[flat])
            where = np.flatnonzero(kept)[again][0]
            raise DataError(f"{self._path}: {self._row(rows, where)} occurs twice")
        cells[flat] = rows.validation[kept]
        self._seconds.add(level * count + architecture, rows.seconds[kept])
        full = level == self._validation.shape[0] - 1
        self._tests.add(architecture[full], rows.test[kept][full])
        for name, sums in self._objectives.items():
            sums.add(architecture[full], rows.objectives[name][kept][full])
        self._number += len(places)

    def _check_values(self, rows: RowBatch) -> None:
        finite = np.isfinite(rows.validation)
        if not finite.all():
            raise DataError(
                f"{self._path}: {self._row(rows, np.flatnonzero(~finite)[0])} has no finite validation value; a cell "
                "that is missing has no row at all"
            )
        if np.isinf(rows.test).any() or np.isinf(rows.seconds).any():
            raise DataError(f"{self._path}: an infinite test value or cost_seconds")
        if self._header.cost is not None and not (rows.seconds > 0).all():
            where = np.flatnonzero(~(rows.seconds > 0))[0]
            raise DataError(
                f"{self._path}: {self._row(rows, where)} has cost_seconds {rows.seconds[where]}; expected a positive "
                "number, or cost = null in the header"
            )
        if self._header.metric.unit == "%":
            for errors in (rows.validation, rows.test[~np.isnan(rows.test)]):
                for error in (errors.min(initial=np.inf), errors.max(initial=-np.inf)):
                    shown = self._header.metric.show(float(error))
                    if np.isfinite(shown) and not -1e-9 < shown < 100 + 1e-9:
                        raise DataError(
                            f"{self._path}: error {error:.6g} would be shown as {shown:.6g} %, outside 0 to 100: check "
                            "offset and slope of the metric, and whether the column holds errors (validation_error) "
                            "or the value as shown (validation)"
                        )

    def _row(self, rows: RowBatch, where: int) -> str:
        told = [f"row {self._number + int(where) + 1}: {rows.texts[rows.codes[where]]}"]
        told += [f"fidelity {rows.fidelity[where]}"] if self._header.fidelities else []
        told += [f"seed {rows.seed[where]}"] if self._header.seeds else []
        return ", ".join(told)

    def finish(self, places: RowNumbers) -> None:
        """Writes the derived columns, after checking that the rows are complete."""
        _, count, _ = self._validation.shape
        mean = np.empty(self._validation.shape[:2])
        for block in _blocks(count):
            values = np.array(self._validation[:, block])
            order = np.argsort(np.isnan(values), axis=2, kind="stable")  # missing seeds last
            self._validation[:, block] = np.take_along_axis(values, order, axis=2)
            there = ~np.isnan(values)
            with np.errstate(invalid="ignore"):
                mean[:, block] = np.where(there, values, 0.0).sum(axis=2) / there.sum(axis=2)
        self._check_complete(mean, places)
        self._check_direction(mean)
        seconds = self._seconds.mean()
        self._check_cost(seconds)
        np.save(self._folder / "mean.npy", mean)
        np.save(self._folder / "seconds.npy", seconds)
        for name, sums in self._objectives.items():
            values = sums.mean()
            if (gaps := np.flatnonzero(~np.isfinite(values) & ~np.isnan(mean[-1]))).size:
                raise DataError(
                    f"{self._path}: {gaps.size} architectures have no finite objective:{name} at full training, for "
                    f"example {places.name(int(gaps[0]))}"
                )
            np.save(self._folder / f"objective:{name}.npy", values)
        if self._header.test is not None:
            test = self._tests.mean()
            needed = ~np.isnan(mean[-1])
            if (gaps := np.flatnonzero(np.isnan(test) & needed)).size:
                raise DataError(
                    f"{self._path}: {gaps.size} architectures have no test value at full training, for example "
                    f"{places.name(int(gaps[0]))}"
                )
            if np.array_equal(test[needed], mean[-1][needed]):
                raise DataError(f"{self._path}: test repeats validation; say test = null where there is no test split")
            np.save(self._folder / "test.npy", test)

    def _check_complete(self, mean: Floats, places: RowNumbers) -> None:
        for epochs, seen in self._gaps.items():
            gaps = int((~seen).sum())
            if gaps != self._header.missing[epochs]:
                raise DataError(
                    f"{self._path}: {gaps} architectures have no row at fidelity {epochs}; the header declares "
                    f"{self._header.missing[epochs]}"
                )
        if self._header.coverage == "sample":
            return
        for number, level in enumerate(mean):
            if (empty := np.flatnonzero(np.isnan(level))).size:
                at = f" at fidelity {self._levels[number]}" if self._levels else ""
                raise DataError(
                    f"{self._path}: {empty.size} of {len(level)} architectures have no row{at}, for example "
                    f"{places.name(int(empty[0]))}; {self._advice(number)}"
                )
        if (worst := float(mean[-1].max())) > self._header.penalty:
            raise DataError(
                f"{self._path}: penalty {self._header.penalty:g} is better than the stored error {worst:g}; an invalid "
                "proposal must not be better than a valid one"
            )

    def _advice(self, number: int) -> str:
        if number < len(self._levels) - 1:
            return f'declare them with "missing": {{"{self._levels[number]}": COUNT}}, and it is not offered'
        return "a table of a part of its space says coverage = 'closed' (the task is that part) or 'sample' (for a fit)"

    def _check_direction(self, mean: Floats) -> None:
        if self._header.rises_with_training or len(mean) < 2:
            return
        both = ~np.isnan(mean[0]) & ~np.isnan(mean[-1])
        if both.any() and (first := float(mean[0][both].mean())) < (last := float(mean[-1][both].mean())):
            raise DataError(
                f"{self._path}: wrong direction? the mean error grows with training, from {first:.6g} to {last:.6g}; "
                "check the metric, or say rises_with_training = true"
            )

    def _check_cost(self, seconds: Floats) -> None:
        if self._header.cost is None:
            return
        for number, (shorter, longer) in enumerate(pairwise(seconds)):
            both = ~np.isnan(shorter) & ~np.isnan(longer)
            if both.any() and not (first := float(shorter[both].mean())) < (last := float(longer[both].mean())):
                raise DataError(
                    f"{self._path}: the mean cost_seconds does not grow with training, from {first:.6g} at fidelity "
                    f"{self._levels[number]} to {last:.6g} at fidelity {self._levels[number + 1]}; cost_seconds counts "
                    "from the start of training up to its row"
                )


def _expand(folder: Path, expand: npt.NDArray[np.int64], objectives: list[str]) -> None:
    """Gives every architecture the values of its class."""
    for name in ("validation", "mean", "seconds", "test", *objectives):
        path = folder / f"{name}.npy"
        if not path.exists():
            continue
        classes = np.load(path, mmap_mode="r")
        axis = 0 if classes.ndim == 1 else 1
        shape = (*classes.shape[:axis], len(expand), *classes.shape[axis + 1 :])
        wide = np.lib.format.open_memmap(folder / f".{name}", "w+", np.float64, shape)
        for block in _blocks(len(expand)):
            index = (block,) if axis == 0 else (slice(None), block)
            wide[index] = classes.take(expand[block], axis=axis)
        wide.flush()
        (folder / f".{name}").replace(path)


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, BLOCK):
        yield slice(start, start + BLOCK)
