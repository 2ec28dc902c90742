"""The fronts of a store as the sections on several objectives read them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Cell
from equipoise.reports.fronts import SeveralObjectives, TaskFronts
from equipoise.reports.phrases import decimals, interval, name, number
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.resampling import Estimate

__all__ = ["FrontView", "by_method", "column", "scaled", "within"]


@dataclass(frozen=True)
class FrontView:
    """The means of a store over its repeats."""

    analysis: Analysis
    found: SeveralObjectives

    @property
    def labels(self) -> tuple[str, ...]:
        """Those of the methods."""
        return self.analysis.results.labels

    def cube(self, tasks: Sequence[TaskFronts], what: str) -> Array:
        """Methods x tasks x repeats of one attribute of the runs; the last column of a matrix."""
        cube = np.full((len(self.labels), len(tasks), self.analysis.results.repeats), np.nan)
        for place, task in enumerate(tasks):
            for method, label in enumerate(self.labels):
                if label in task.runs:
                    values = getattr(task.runs[label], what)
                    values = values[:, -1] if values.ndim == 2 else values
                    cube[method, place, task.runs[label].numbers - 1] = np.where(np.isinf(values), np.nan, values)
        return cube


def scaled(found: SeveralObjectives) -> list[TaskFronts]:
    """The tasks with runs whose objectives have a scale."""
    return [task for task in found.tasks if task.scales and task.runs]


def within(means: Estimate, most: float | Array) -> Estimate:
    """Means with intervals that are cut where no value can be; one that is unbounded stays so."""
    low, high = (np.where(np.isinf(end), end, np.clip(end, 0.0, most)) for end in (means.low, means.high))
    return Estimate(means.value, low, high)


def column(means: Estimate, place: int, best: Callable[[Array], float], least_digits: int = 3) -> list[Cell]:
    """The cells of one task, a method each, with some digits at least; the best is marked."""
    values = means.value[:, place]
    known = values[np.isfinite(values)]
    first = best(known) if known.size else np.nan
    digits = max(least_digits, decimals(values))
    return [
        Cell(
            f"{number(float(v), digits)} {interval(float(lo), float(hi), digits)}".strip(),
            float(v),
            best=bool(v == first),
        )
        for v, lo, hi in zip(values, means.low[:, place], means.high[:, place], strict=True)
    ]


def by_method(view: FrontView, columns: Sequence[Sequence[Cell]], *before: Cell) -> list[tuple[Cell, ...]]:
    """The rows of a table: one per method, with its cell of each column.

    Args:
        view: Names the methods.
        columns: One cell per method in each.
        before: Cells at the beginning of every row.
    """
    cells = zip(*columns, strict=True)
    return [(*before, name(label), *row) for label, row in zip(view.labels, cells, strict=True)]
