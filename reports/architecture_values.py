"""Errors of the architectures in the rows of a task, and the regrets that follow from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Task
from equipoise.reports.catalogue import Catalogue
from equipoise.reports.incumbents import RunRows, lookup
from equipoise.reports.statistics.arrays import Array

__all__ = ["ArchitectureValues", "Judge", "judged"]


class ArchitectureValues:
    """Errors and keys of the architectures of one task, by their codes in its rows; each is looked up once.

    Args:
        task: None if it cannot be loaded here.
        known: Whether its data can be read.
        texts: The distinct architectures, by code.
        catalogue: Remembers architectures from task to task.

    Attributes:
        key: Numbers of the architectures as the benchmark tells them apart; -1 for an invalid one.
        network: Numbers of the networks by ``space.canonical``; -1 for an invalid one, and where no task is at hand.
        architectures: Empty where no task is at hand.
    """

    def __init__(self, task: Task | None, known: bool, texts: Sequence[str], catalogue: Catalogue) -> None:
        self.task, self.known = task, known
        self.key = np.arange(len(texts))
        self.network = np.full(len(texts), -1)
        self.architectures: list[Architecture] = []
        self._found: dict[tuple[str, int], dict[int, float | None]] = {}
        if task is not None:
            read = catalogue.read(task.space, texts)
            self.architectures = [architecture for architecture, _, _ in read]
            self.key = _numbered([key for _, key, _ in read])
            self.network = _numbered([network for _, _, network in read])

    def expected(self, codes: npt.NDArray[np.int64], view: Task | None = None) -> Array | None:
        """Noise-free errors, of a view if one is given; None if the task cannot tell."""
        task = view or self.task
        if task is None or not self.known:
            return None
        values = self._looked_up(codes, "expected", task, task.expected)
        return None if any(value is None for value in values) else np.array(values, dtype=np.float64)

    @property
    def told(self) -> bool:
        """Whether the task tells what fully trained architectures are worth, whatever was trained in the run."""
        valid = np.flatnonzero(self.key >= 0)[:1]
        return valid.size > 0 and self.expected(valid) is not None

    def test(self, codes: npt.NDArray[np.int64]) -> Array:
        """Test errors; NaN without a test split."""
        if self.task is None or not self.known:
            return np.full(len(codes), np.nan)
        values = self._looked_up(codes, "test", self.task, self.task.reveal)
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def held_out(self, codes: npt.NDArray[np.int64], view: Task) -> Array:
        """Errors under the seed that is held out of a view."""
        return np.array(self._looked_up(codes, "held out", view, view.held_out), dtype=np.float64)

    def _looked_up(
        self, codes: npt.NDArray[np.int64], which: str, task: Task, value: Callable[[Architecture], float | None]
    ) -> list[float | None]:
        found = self._found.setdefault((which, id(task)), {})
        asked = codes.tolist()
        for code in asked:
            if code not in found:
                found[code] = value(self.architectures[code])
        return [found[code] for code in asked]


@dataclass(frozen=True)
class Judge:
    """Errors by the codes of architectures, and the least of them: regret is the difference."""

    errors: Callable[[npt.NDArray[np.int64]], Array]
    least: float


def judged(judges: Sequence[Judge], block: RunRows, columns: npt.NDArray[np.int64], nothing: float) -> Array:
    """Regrets of the architectures at given columns: the judges take turns with the repeats."""
    found = np.full(columns.shape, np.nan)
    for turn, judge in enumerate(judges):
        runs = (block.numbers - 1) % len(judges) == turn
        found[runs] = lookup(columns[runs], block.code[runs], judge.errors, nothing) - judge.least
    return found


def _numbered(forms: Sequence[Architecture | None]) -> npt.NDArray[np.int64]:
    """Equal forms get equal numbers, none gets -1."""
    numbers: dict[Architecture, int] = {}
    found = [-1 if form is None else numbers.setdefault(form, len(numbers)) for form in forms]
    return np.array(found, dtype=np.int64)
