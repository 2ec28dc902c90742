"""A task of a store as this machine can read it: opened once for all budgets."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from equipoise.harness.core.errors import EquipoiseError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import Metric, Noise, Task
from equipoise.harness.core.task_digest import task_digest
from equipoise.reports.random_search import ExactRandomSearch
from equipoise.reports.score_worth import ScoreWorth, score_worths
from equipoise.reports.size_bands import SizeBands, size_bands
from equipoise.reports.statistics.arrays import Array

__all__ = ["OpenedTask"]

LARGEST_LANDSCAPE = 2_000_000


class OpenedTask:
    """One task of a suite, with all that does not depend on the runs.

    Args:
        name: What the rows call it.
        suite: Names its address and its rules.
        described: What the manifest says of the task.

    Attributes:
        task: None if it cannot be loaded here.
        problem: Why its data cannot be read here; empty if it can.
        views: Those that the repeats search in turn, each without one training seed; empty where no seed is held out.
    """

    def __init__(self, name: str, suite: Suite, described: Mapping[str, Any]) -> None:
        self.name, self.described = name, described
        self._address = suite.address(name)
        self.task, self.problem = _open(self._address, suite.protocol.noise)
        seeds = self.at_hand.info.seeds if self.at_hand is not None and suite.protocol.seeds == "split" else 1
        self.views: tuple[Task, ...] = ()
        if self.at_hand is not None and seeds > 1:
            self.views = tuple(self.at_hand.split(held_out) for held_out in range(seeds))

    @property
    def at_hand(self) -> Task | None:
        """The task, if its data can be read."""
        return None if self.problem else self.task

    @property
    def metric(self) -> Metric:
        """The metric that errors are shown in."""
        if "metric" in self.described:
            return Metric(**self.described["metric"])
        return self.task.info.metric if self.task else Metric.accuracy()

    @property
    def scale(self) -> float:
        """The factor from errors to the shown unit."""
        return abs(self.metric.slope)

    @property
    def space_name(self) -> str:
        """Name of the search space."""
        name = self.described.get("space") or (self.task.space.name if self.task else self.name.partition("/")[0])
        return str(name)

    @property
    def title(self) -> str:
        """The name that a table gives itself; empty if it has none."""
        return str(self.described.get("title") or ("" if self.task is None else self.task.info.title))

    @cached_property
    def optimum(self) -> float | None:
        """The least error; None if unknown."""
        return None if self.at_hand is None else self.at_hand.optimum()

    @cached_property
    def landscape(self) -> Array | None:
        """All errors; None if unknown."""
        return None if self.at_hand is None else self.at_hand.landscape()

    @cached_property
    def baseline(self) -> ExactRandomSearch | None:
        """The exact random-search baseline; there is no one where seeds are held out in turn."""
        return None if self.landscape is None or self.views else ExactRandomSearch(self.landscape)

    @cached_property
    def test_values(self) -> Array | None:
        """Test errors in the order of the landscape; None without a test split."""
        task = self.task
        if task is None or self.landscape is None or len(self.landscape) > LARGEST_LANDSCAPE:
            return None
        if (known := task.test_landscape()) is not None:
            return known
        first = next(iter(task.space.enumerate()))
        if task.reveal(first) is None:
            return None
        return np.array([task.reveal(architecture) for architecture in task.space.enumerate()], dtype=np.float64)

    @cached_property
    def bands(self) -> SizeBands | None:
        """The networks by size; None where the task does not tell their sizes."""
        if self.task is None or self.landscape is None or self.views:
            return None
        return size_bands(self.task, self.landscape)

    @cached_property
    def score_worths(self) -> Mapping[str, ScoreWorth]:
        """The worth of each training-free score, by name."""
        return {} if self.at_hand is None else score_worths(self.at_hand)

    @cached_property
    def floors(self) -> dict[str, float]:
        """The noise floors that the task tells, or else the manifest, in the shown unit."""
        told = self.described.get("noise_floors", {}) if self.at_hand is None else self.at_hand.noise_floors()
        return {name: self.scale * float(floor) for name, floor in told.items()}

    @property
    def caveat(self) -> str:
        """A warning for the reader on how this task was read; empty if there is none."""
        if self.at_hand is None:
            return (
                f"its data cannot be read on this machine ({self.problem}), so regret is measured from the best error "
                "that any run observed, by observed errors; test errors, the random-search baseline and isomorphism "
                "counts may be missing"
            )
        if self.optimum is None:
            return "its optimum is unknown, so regret is measured from the best error that any run observed"
        digest = task_digest(self._address, self.at_hand)
        if "digest" in self.described and self.described["digest"] != digest:
            return (
                f"the data on this machine ({digest[:16]}) are not those of the runs "
                f"({self.described['digest'][:16]}): regret and test errors are looked up in the former"
            )
        if self.views:
            return (
                f"one of {len(self.views)} training seeds was held out of each repeat in turn: validation regret is "
                "that of the others, and there is no one random-search baseline"
            )
        return ""


def _open(name: str, noise: Noise) -> tuple[Task | None, str]:
    """The task, and what keeps this machine from reading its data; empty if nothing does.

    The task is None where not even its space can be told without the data.
    """
    problem = None
    try:
        task = load_task(name, noise)
        problem = task.skip()
        if problem is None:
            task.optimum()  # reads the data
            return task, ""
        described = all(task.space.cardinalities) and np.isfinite(task.info.penalty)  # either may come with the data
    except EquipoiseError as error:
        return None, problem or str(error)
    return task if described else None, problem
