"""Members of the families that are compared: the same methods on every task, or a task does not count."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Membership", "membership"]


@dataclass(frozen=True)
class Membership:
    """Which methods stand for the families, and on which tasks.

    Attributes:
        families: Family of each method as it is compared; empty for methods that stand for none.
        tasks: tasks: whether every member has a run there.
        absent: Methods of the families without any run.
        partial: Methods left out because they have runs on some of the tasks only.
    """

    families: tuple[str, ...]
    tasks: npt.NDArray[np.bool_]
    absent: tuple[int, ...]
    partial: tuple[int, ...]


def membership(
    counts: npt.NDArray[np.int64], families: Sequence[str], compared: tuple[str, str] = ("nas", "hpo")
) -> Membership:
    """Chooses members that make a family the same on all tasks.

    A family mean over other members on each task would mix the families with the tasks. So a member has a run on every
    task on which any method has one; in a family without such a method, its methods with the most tasks are members,
    and the tasks on which one of them has no run do not count.

    Args:
        counts: methods x tasks: repeats stored.
        families: Family of each method.
        compared: The families that are compared; others keep their labels.
    """
    there = counts > 0
    known: npt.NDArray[np.bool_] = np.asarray(there.any(axis=0))
    chosen, tasks = list(families), known.copy()
    absent: list[int] = []
    partial: list[int] = []
    for family in compared:
        methods = [method for method, name in enumerate(families) if name == family]
        most = max((int(there[method].sum()) for method in methods), default=0)
        for method in methods:
            number = int(there[method].sum())
            if number == most and number:
                tasks &= there[method]
                continue
            (partial if number else absent).append(method)
            chosen[method] = ""
    return Membership(tuple(chosen), np.asarray(tasks), tuple(absent), tuple(partial))
