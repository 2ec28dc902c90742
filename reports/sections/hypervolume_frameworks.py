"""Section: the statistical frameworks of regret, on hypervolume."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from equipoise.reports.analysis import Analysis
from equipoise.reports.document import Block, Figure, Section, Table
from equipoise.reports.drawing.look import Look
from equipoise.reports.fronts import TaskFronts
from equipoise.reports.sections.frameworks import frameworks_section
from equipoise.reports.sections.front_view import FrontView, scaled
from equipoise.reports.statistics.arrays import Array

__all__ = ["HypervolumeAnalysis", "hypervolume_frameworks_section"]

PREFIX = "hypervolume-"
"""Before the keys of sections, tables and figures, which those on regret have too."""
OF = " (hypervolume)"
"""Behind their titles."""


class HypervolumeAnalysis(Analysis):
    """The statistics of missing hypervolume in the place of regret: what a run leaves undominated.

    In per cent of the hypervolume of the exact front where every task with runs has one, else of the box between ideal
    and reference point. Tasks without a reference point drop out.

    Args:
        view: The fronts of a store.
    """

    def __init__(self, view: FrontView) -> None:
        super().__init__(view.analysis.results)
        self._view = view
        self._fronts = {task.name: task for task in scaled(view.found)}

    measure = "missing hypervolume"
    one_unit = True

    @property
    def unit(self) -> str:
        """Per cent of the front, or of the box."""
        return "% of the exact front's hypervolume" if self._relative else "% of the box"

    @property
    def ropes(self) -> tuple[float, float, float]:
        """Half of one, one and two per cent: there is no custom, and training noise has no floor here."""
        return 0.5, 1.0, 2.0

    @cached_property
    def floors(self) -> Array:
        """Unknown."""
        return np.full(len(self.results.tasks), np.nan)

    @cached_property
    def regrets(self) -> Array:
        """Methods x tasks x repeats: missing hypervolume; NaN on tasks without a scale."""
        tasks = list(self._fronts.values())
        cube = self._view.cube(tasks, "volumes")
        every = np.full((len(self.results.labels), len(self.results.tasks), self.results.repeats), np.nan)
        for place, task in enumerate(tasks):
            every[:, self._place(task)] = self._missing(cube[:, place], task)
        return every

    @cached_property
    def random(self) -> Array:
        """tasks: the expectation of random search without replacement."""
        found = np.full(len(self.results.tasks), np.nan)
        for task in self._fronts.values() if self.results.unit == "queries" else ():
            if task.random is not None:
                expected = np.asarray(task.random.mean(int(self.results.limit)))
                found[self._place(task)] = self._missing(expected, task)
        return found

    @cached_property
    def scores(self) -> Array:
        """Methods x tasks x repeats: 0 for random search at the budget, 1 for the exact front."""
        best = np.full(len(self.results.tasks), np.nan)
        for task in self._fronts.values():
            if task.front is not None:
                best[self._place(task)] = self._missing(np.asarray(task.volume), task)
        gap = self.random - best
        scale = np.where(gap > 0, gap, np.nan)
        return np.asarray((self.random[:, None] - self.regrets) / scale[:, None])

    @cached_property
    def _relative(self) -> bool:
        return all(task.front is not None for task in self._fronts.values())

    def _missing(self, volumes: Array, task: TaskFronts) -> Array:
        return np.asarray(100.0 * (1.0 - volumes / (task.volume if self._relative else 1.0)))

    def _place(self, task: TaskFronts) -> int:
        return [each.name for each in self.results.tasks].index(task.name)


def hypervolume_frameworks_section(analysis: Analysis, looks: Mapping[str, Look]) -> Section | None:
    """The section; None with one objective, one method, or no hypervolume."""
    found = analysis.results.objectives
    if found is None or not scaled(found) or len(analysis.results.labels) < 2:
        return None
    section = frameworks_section(HypervolumeAnalysis(FrontView(analysis, found)), looks)
    return None if section is None else _renamed(section)


def _renamed(section: Section) -> Section:
    blocks: list[Block] = [
        replace(block, key=f"{PREFIX}{block.key}", title=f"{block.title}{OF}")
        if isinstance(block, Table | Figure)
        else block
        for block in section.blocks
    ]
    parts = tuple(map(_renamed, section.parts))
    return replace(
        section, key=f"{PREFIX}{section.key}", title=f"{section.title}{OF}", blocks=tuple(blocks), parts=parts
    )
