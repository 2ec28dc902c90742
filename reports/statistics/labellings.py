"""The family question under every admissible labelling of the methods.

A difference between two families of methods depends on who is counted in which. Some methods can be counted either
way: a general optimiser that a NAS paper introduced, or a control of this project. Each may join the first family, the
second, or neither; the answer is robust only if its sign survives all of these choices.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array, checked, task_means

__all__ = ["Sweep", "sweep_labellings"]

MOST_LABELLINGS = 3**10
"""Labellings that are enumerated; of more, this many are drawn."""


@dataclass(frozen=True)
class Sweep:
    """The effect (first family minus second; negative where the first is better) under all admissible labellings.

    Attributes:
        declared: The effect under the labels as declared.
        effects: 1 + n: the effect as declared, then that of every labelling; NaN where no task has methods of both
            families.
        labels: 1 + n x methods: 1 in the first family, -1 in the second, 0 in neither.
        complete: Whether all labellings were enumerated; otherwise the n are a uniform sample of them.
    """

    declared: float
    effects: Array
    labels: npt.NDArray[np.int8]
    complete: bool

    @property
    def low(self) -> float:
        """The least effect of any labelling."""
        return float(np.nanmin(self.effects))

    @property
    def high(self) -> float:
        """The largest effect of any labelling."""
        return float(np.nanmax(self.effects))

    @property
    def share_below_zero(self) -> float:
        """The share of labellings under which the first family is better."""
        return self._share_of_sign(-1)

    @property
    def share_as_declared(self) -> float:
        """The share of labellings under which the sign is that of the declared one."""
        return self._share_of_sign(np.sign(self.declared))

    def _share_of_sign(self, sign: float) -> float:
        each = self.effects[1:]
        return float((np.sign(each[~np.isnan(each)]) == sign).mean())

    @property
    def fragile(self) -> bool:
        """Whether the sign depends on the labelling."""
        return self.low < 0 < self.high

    def pivotal(self) -> tuple[int, ...]:
        """The methods whose label alone turns the sign of the declared answer."""
        declared = self.labels[0]
        turned = np.sign(self.effects) * np.sign(self.declared) < 0
        alone = (self.labels != declared).sum(axis=1) == 1
        rows = self.labels[turned & alone]
        return tuple(int(m) for m in np.flatnonzero((rows != declared).any(axis=0)))


def sweep_labellings(
    values: npt.ArrayLike,
    labels: Sequence[int],
    ambiguous: Sequence[int],
    clusters: Sequence[str],
    *,
    seed: int = 0,
) -> Sweep:
    """Computes the difference of family means under every admissible labelling.

    On a task, a family's error is the mean over its methods of the mean over repeats; the effect is the mean over
    clusters of the mean over their tasks, as in `families.compare_families`. A task on which a family has no method
    does not count. Cost: one matrix product of labellings x methods x tasks.

    Args:
        values: methods x tasks x repeats errors in one unit, NaN for missing.
        labels: Declared label of each method: 1 first family, -1 second, 0 neither.
        ambiguous: Indices of the methods whose label is open.
        clusters: Cluster of each task.
        seed: Of the draw, where there are more than `MOST_LABELLINGS`.

    Raises:
        ValueError: Labels or clusters that do not fit the array.
    """
    array = checked(values, "methods x tasks x repeats")
    if len(labels) != array.shape[0] or len(clusters) != array.shape[1]:
        raise ValueError(
            f"{array.shape[0]} methods and {array.shape[1]} tasks need as many labels and clusters; "
            f"got {len(labels)} and {len(clusters)}"
        )
    means = task_means(array)
    chosen, complete = _labellings(np.asarray(labels, dtype=np.int8), list(ambiguous), seed)
    there = ~np.isnan(means)
    filled = np.where(there, means, 0.0)
    sides = []
    for label in (1, -1):
        members = (chosen == label).astype(np.float64)
        count = members @ there
        with np.errstate(invalid="ignore", divide="ignore"):
            sides.append(np.where(count > 0, members @ filled / count, np.nan))
    effects = _over_clusters(sides[0] - sides[1], clusters)
    return Sweep(float(effects[0]), effects, chosen, complete)


def _labellings(declared: npt.NDArray[np.int8], ambiguous: list[int], seed: int) -> tuple[npt.NDArray[np.int8], bool]:
    """Labellings x methods, the declared one first."""
    number = 3 ** len(ambiguous)
    complete = number <= MOST_LABELLINGS
    if complete:
        codes = np.arange(number)[:, None] // 3 ** np.arange(len(ambiguous)) % 3
    else:
        codes = np.random.default_rng(seed).integers(3, size=(MOST_LABELLINGS, len(ambiguous)))
    options = np.array([1, -1, 0], dtype=np.int8)
    found = np.tile(declared, (len(codes) + 1, 1))
    found[1:, ambiguous] = options[codes]
    return found, complete


def _over_clusters(per_task: Array, clusters: Sequence[str]) -> Array:
    """Mean over clusters of the mean over their tasks that count: labellings x tasks to labellings."""
    names = np.array(clusters)
    known = ~np.isnan(per_task)
    filled = np.where(known, per_task, 0.0)
    total, number = np.zeros(len(per_task)), np.zeros(len(per_task))
    for name in dict.fromkeys(clusters):
        count = known[:, names == name].sum(axis=1)
        total += np.where(count > 0, filled[:, names == name].sum(axis=1) / np.maximum(count, 1), 0.0)
        number += count > 0
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
