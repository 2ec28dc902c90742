"""A share of a suite: which runs the third of twenty jobs executes, whatever the others do."""

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.suite import Suite

__all__ = ["Shard"]

_TEXT = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


@dataclass(frozen=True)
class Shard:
    """One of several shares that together hold every run of a suite once.

    Attributes:
        number: From 1.
        of: How many shares there are.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str, name: str = "--shard") -> "Shard":
        """Reads ``3/20``.

        Args:
            text: The shard and how many there are.
            name: Of what was given, for the message.

        Raises:
            SuiteError: It is written otherwise, or there is no such share.
        """
        match = _TEXT.fullmatch(text)
        if match is None or int(match[1]) > int(match[2]):
            raise SuiteError(f"{name} {text}: write for example 3/20, for the third of twenty; the first is 1/20")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def runs(self, suite: Suite) -> list[RunSpec]:
        """The runs of this share, in the order of the suite.

        The repeats of each method on each task are dealt out one by one, first to the shares that have the fewest runs
        of this method and this task, among them to the smallest. Each share so has its part of what is slow: two of
        them differ by about two runs at most, in total, of any method, and on any task. It depends on the suite
        alone: what is stored already, or missing on a machine, moves no run.

        Args:
            suite: As it was asked for, with what may be skipped here.
        """
        total = np.zeros(self.of, np.int64)
        of_method: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(self.of, np.int64))
        of_task: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(self.of, np.int64))
        own: list[RunSpec] = []
        for task in suite.tasks:
            for method in suite.methods:
                specs = list(suite.runs_of(task, method))
                known = of_method[method.label] + of_task[task]
                order = np.lexsort((np.arange(self.of), total, known))
                dealt = order[np.arange(len(specs)) % self.of]
                for counts in (total, of_method[method.label], of_task[task]):
                    np.add.at(counts, dealt, 1)
                own += [spec for spec, share in zip(specs, dealt, strict=True) if share == self.number - 1]
        return own
