"""Observes what a method uses of a task, as far as calls and queries show it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from equipoise.harness.conformance.watch import watched
from equipoise.harness.core.method import Knowledge, Method, Observation, Problem, Query
from equipoise.harness.core.scores import SCORE, ScoreReader
from equipoise.harness.core.space import Architecture

__all__ = ["used_knowledge"]

USES: Mapping[Knowledge, tuple[str, ...]] = {
    "legality": ("legal", "contains", "sample"),
    "isomorphism": ("key", "canonical", "neighbours", "mutate", "enumerate", "index"),
    "graph": ("graph",),
}
"""The methods of a `SearchSpace` that tell each; `mutate` leads by contract to an architecture of another key."""


def used_knowledge(
    make: Callable[[Problem], Method], problem: Problem, queries: int, answer: Callable[[Query], Observation]
) -> dict[Knowledge, set[str]]:
    """Runs a method and notes what it uses, from its construction on.

    Calls that a space makes of itself do not count: a method that samples is not said to read masks. Neither does what
    a library or the harness reads without calling the space, for example an encoding whose columns are fixed.

    Args:
        make: Makes the method.
        problem: What it is shown.
        queries: How many it is asked for.
        answer: The task's answer.

    Returns:
        Of each kind of knowledge seen, by what.
    """
    space = problem.space
    _ = space.encodings  # laid out here: the graphs a space draws for that are not read by the method
    used: dict[Knowledge, set[str]] = {}
    with watched(type(space), [name for names in USES.values() for name in names], outermost=True) as touched:
        quiet = {
            name: _QuietReader(one, touched) if isinstance(one, ScoreReader) else one
            for name, one in problem.resources.items()
        }
        resources = _Noting(quiet)
        method = make(replace(problem, resources=resources))
        for _number in range(queries):
            query = method.ask()
            if query.fidelity is not None and query.fidelity != problem.fidelities[-1]:
                used["fidelities"] = {f"query at {query.fidelity} epochs"}
            before = len(touched)
            observation = answer(query)
            del touched[before:]  # by the harness
            method.tell(observation)
    seen = set(touched)
    for kind, names in USES.items():
        if by := seen.intersection(names):
            used[kind] = by
    for kind in get_args(Knowledge):
        if kind in resources.read:
            used[kind] = {f"resource {kind}"}
    if scores := {f"resource {name}" for name in resources.read if name.startswith(SCORE)}:
        used["scores"] = scores
    return used


class _QuietReader(ScoreReader):
    """A reader whose own calls of the space are not the method's."""

    def __init__(self, reader: ScoreReader, touched: list[str]) -> None:
        super().__init__(reader.score, reader)
        self._touched = touched

    def __call__(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        before = len(self._touched)
        values = super().__call__(architectures)
        del self._touched[before:]
        return values


class _Noting(dict[str, Any]):
    """Resources that note which of them are read."""

    def __init__(self, resources: Mapping[str, Any]) -> None:
        super().__init__(resources)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.read.add(name)
        return super().get(name, default)
