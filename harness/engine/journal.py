"""The answers to a run in progress, so that it resumes without evaluating anything twice.

No state of a method is saved: a resumed run asks the method again and answers from the journal as far as it reaches.
"""

from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from equipoise.harness.core.errors import ReplayError
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Evaluation, TaskInfo
from equipoise.harness.engine.journal_file import JournalFile
from equipoise.harness.engine.runner import Oracle

__all__ = ["JournaledTask"]

Entry = tuple[Any, ...]
"""Architecture, fidelity, validation error, seconds and, where the task has any, its further objectives."""

PATIENCE_SECONDS = 1.0
"""A run shorter than this writes no journal; a longer one loses at most this much, and never a longer evaluation."""


class JournaledTask:
    """A task that remembers its answers on disk.

    Args:
        task: Answers what the journal does not.
        path: The journal of this run; read if it exists.
    """

    def __init__(self, task: Oracle, path: Path) -> None:
        self.space: SearchSpace = task.space
        self.info: TaskInfo = task.info
        self.mean_cost_seconds: float | None = task.mean_cost_seconds
        self._task, self._path = task, path
        self._file = JournalFile(path)
        self._recorded = self._file.entries
        self._next = 0
        self._unwritten: list[Entry] = []
        self._written_at = monotonic()

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Answers from the journal while it lasts, then from the task.

        Raises:
            ReplayError: The method asks for something else than it did before the interruption.
        """
        if self._next < len(self._recorded):
            asked, level, error, seconds, *further = self._recorded[self._next]
            if (tuple(asked), level) != (architecture, fidelity):
                raise ReplayError(
                    f"{self._path}: on resuming, evaluation {self._next + 1} was {architecture}, but {tuple(asked)} "
                    "before the interruption: the method is not deterministic, or its code or library changed. "
                    "Delete the file, or give --redo METHOD, to start this run again"
                )
            self._next += 1
            return Evaluation(error, seconds, *further)
        evaluation = self._task.evaluate(architecture, fidelity, rng)
        entry: Entry = (architecture, fidelity, float(evaluation.validation_error), float(evaluation.cost_seconds))
        if evaluation.objectives:
            entry = (*entry, {name: float(value) for name, value in evaluation.objectives.items()})
        self._unwritten.append(entry)
        if monotonic() - self._written_at > PATIENCE_SECONDS:
            self._flush()
        return evaluation

    def _flush(self) -> None:
        self._file.append(self._unwritten)
        self._unwritten.clear()
        self._written_at = monotonic()
