"""A run as a value: one method on one task with one repeat number."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.protocol import NO_RULES, Protocol
from equipoise.harness.core.registry import benchmark_names

__all__ = ["RunSpec", "located"]


@dataclass(frozen=True)
class RunSpec:
    """One method on one task with one repeat number: a value. The same spec gives the same rows, bit for bit."""

    task: str
    method: str
    label: str
    settings: str
    repeat: int
    budget: Budget
    protocol: Protocol
    folder: str = field(default="", compare=False)
    objectives: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    scalarisation: str = ""

    @property
    def task_address(self) -> str:
        """The task's name as the registry finds it: with the folder of the suite, if it is a path."""
        return located(self.task, self.folder)

    @property
    def method_address(self) -> str:
        """The method's name as the registry finds it: with the folder of the suite, if it is a path."""
        return located(self.method, self.folder)

    @cached_property
    def run_id(self) -> str:
        """Hash of all that decides the rows; the number of repeats does not."""
        rules, budget = _deciding_rules(self.protocol), vars(self.budget)
        content: list[Any] = [self.task, self.method, self.label, self.settings, self.repeat, budget, rules]
        if self.objectives or self.constraints:  # absent otherwise, so that ids stay
            content.append({"objectives": self.objectives, "constraints": self.constraints})
        if self.scalarisation:
            content.append({"scalarisation": self.scalarisation})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20]

    def rng(self, stream: str) -> np.random.Generator:
        """The generator of one stream of randomness.

        Seeded over (suite seed, task, method label, repeat, stream). The stream ``shared`` leaves the method out.
        """
        method = "" if stream == "shared" else self.label
        return _seeded(self.protocol.seed, (self.task, method, stream), self.repeat)

    def history_rng(self, task: str) -> np.random.Generator:
        """The generator that draws evaluations of another task: the same for all methods and searched tasks."""
        return _seeded(self.protocol.seed, (task, "history"), self.repeat)

    def noise(self) -> Callable[[int], np.random.Generator]:
        """The generator for the noise of the n-th proposal, independent of what was proposed before."""
        if self.protocol.noise == "mean":
            unused = self.rng("noise")
            return lambda _: unused
        key = self.rng("noise").integers(2**63, size=2, dtype=np.uint64)
        return lambda n: np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, n]))


def located(name: str, folder: str) -> str:
    """A name of a suite, with the path in it, if there is one, taken from a folder.

    Paths are files of methods and tasks (``mine.py``, ``mine.py/dataset``) and of data (``table:mine.csv``).
    """
    if not folder:
        return name
    if name.endswith(".py") or ".py/" in name:
        return str(Path(folder) / name)
    head, colon, file = name.partition(":")
    if colon and head.replace("-", "_") in benchmark_names():
        return f"{head}:{Path(folder) / file}"
    return name


@lru_cache(maxsize=16)
def _deciding_rules(protocol: Protocol) -> dict[str, Any]:
    """The rules that decide rows, kept for all runs of a suite."""
    return {key: value for key, value in protocol.rules().items() if key not in NO_RULES}


def _seeded(seed: int, names: tuple[str, ...], repeat: int) -> np.random.Generator:
    """``default_rng([seed, *names as numbers, repeat])``, several times as fast: the words of a repeat differ alone."""
    return np.random.default_rng(np.array([*_words_of(seed, names), *_words(repeat)], np.uint32))


@lru_cache(maxsize=256)
def _words_of(seed: int, names: tuple[str, ...]) -> list[int]:
    numbers = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") for name in names]
    return [word for number in (seed, *numbers) for word in _words(number)]


def _words(number: int) -> list[int]:
    """The 32-bit words of a number as NumPy takes them for a seed, the lowest first.

    Raises:
        SuiteError: It has none: it is negative.
    """
    if number < 0:
        raise SuiteError(f"seed = {number} is not a whole number from 0 on")
    words = [number & 0xFFFFFFFF]
    while number := number >> 32:
        words.append(number & 0xFFFFFFFF)
    return words
