"""The question of the report: NAS against general optimisers, and the same under other memberships and scales."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from equipoise.reports.family_members import Membership, membership
from equipoise.reports.judged_regrets import JudgedRegrets
from equipoise.reports.statistics.arrays import Array
from equipoise.reports.statistics.families import Effect, FamilyAnswer, compare_families
from equipoise.reports.statistics.labellings import Sweep, sweep_labellings
from equipoise.reports.statistics.speedup import LogQueries

__all__ = ["FamilyComparison"]


class FamilyComparison:
    """NAS against HPO on the tasks where every member of the families has runs.

    Args:
        judged: The regrets.
    """

    def __init__(self, judged: JudgedRegrets) -> None:
        self._judged = judged

    @cached_property
    def membership(self) -> Membership:
        """The methods that stand for the families, and the tasks on which they are compared."""
        return membership(self._judged.counts, self._judged.families)

    @cached_property
    def question(self) -> FamilyAnswer | None:
        """NAS against HPO in `unit`; None if one of the families has no method with runs."""
        values = self._where_all_ran(self._judged.values)
        return self._compared(values) if self.both(values) else None

    @cached_property
    def sensitivity(self) -> dict[int, tuple[Effect, Effect]]:
        """The effects of family means and bests without each method; empty where there is no question."""
        if self.question is None:
            return {}
        values = self._where_all_ran(self._judged.values)
        return compare_families(values, self.membership.families, self._judged.clusters).without

    @cached_property
    def confirmatory(self) -> FamilyAnswer | None:
        """Published NAS methods against library optimisers; None where origins are unknown or a side is empty."""
        wanted = {("nas", "published"): "nas", ("hpo", "library"): "hpo"}
        families = [
            wanted.get((family, method.origin), "")
            for family, method in zip(self.membership.families, self._judged.results.methods, strict=True)
        ]
        cube = self._where_all_ran(self._judged.values)
        if not _both(cube, families):
            return None
        return compare_families(cube, families, self._judged.clusters, sensitivity=False)

    @cached_property
    def labellings(self) -> Sweep | None:
        """The sign of the answer under every admissible labelling; None where no origin is known.

        A NAS method that is not a published one, and a general optimiser that is not a library's, may be counted in
        either family or in none.
        """
        if self.question is None or not any(method.origin for method in self._judged.results.methods):
            return None
        methods, families = self._judged.results.methods, self.membership.families
        firm = {("nas", "published"), ("hpo", "library")}
        ambiguous = [
            place
            for place, (family, method) in enumerate(zip(families, methods, strict=True))
            if family in ("nas", "hpo") and (family, method.origin) not in firm
        ]
        labels = [{"nas": 1, "hpo": -1}.get(family, 0) for family in families]
        return sweep_labellings(self._where_all_ran(self._judged.values), labels, ambiguous, self._judged.clusters)

    @cached_property
    def question_in_queries(self) -> FamilyAnswer | None:
        """The same in logarithms of random-search queries (above 0: NAS is better); None without any baseline."""
        judged = self._judged
        if judged.kind != "validation" or judged.results.unit != "queries":
            return None
        known = {place: task.baseline for place, task in enumerate(judged.results.tasks) if task.baseline is not None}
        errors = self._where_all_ran(judged.errors)[:, list(known)]
        if not known or not self.both(errors):
            return None
        return self._compared(errors, LogQueries(list(known.values())), [judged.clusters[place] for place in known])

    def both(self, cube: Array) -> bool:
        """Whether methods of both families have values on some task: methods x tasks x repeats."""
        return _both(cube, self.membership.families)

    def _where_all_ran(self, cube: Array) -> Array:
        """The values on the tasks where every member of the families has runs; NaN on the others."""
        return np.where(self.membership.tasks[None, :, None], cube, np.nan)

    def _compared(
        self, cube: Array, scale: LogQueries | None = None, clusters: list[str] | None = None
    ) -> FamilyAnswer:
        members = self.membership.families
        return compare_families(cube, members, clusters or self._judged.clusters, scale=scale, sensitivity=False)


def _both(cube: Array, families: Sequence[str]) -> bool:
    """Whether methods of both families, one per method of the cube, have values on some task."""
    there = np.asarray(~np.isnan(cube).all(axis=2))
    nas, hpo = (there[[family == name for family in families]].any(axis=0) for name in ("nas", "hpo"))
    return bool((nas & hpo).any())
