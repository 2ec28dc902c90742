"""Finds the method, task or space that a name, a path or an object stands for."""

import inspect
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

from equipoise.harness.core.errors import PluginError, nearest
from equipoise.harness.core.method import Method
from equipoise.harness.core.registry import (
    benchmark_names,
    load_method,
    load_own,
    load_space,
    load_task,
    method_names,
    space_names,
)
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.task import Task

__all__ = ["KINDS", "Kind", "Subject", "subject_of"]

Kind = Literal["method", "task", "space"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Subject = type[Method] | Task | SearchSpace


def subject_of(what: Any, kind: str | None = None) -> Subject:
    """The method class, the task or the space that is meant.

    Args:
        what: A name, the path of a file, ``package.module:Class``, or the class or object itself.
        kind: ``method``, ``task`` or ``space``; needed only where a name stands for several.

    Raises:
        PluginError: It leads to nothing of that kind, or to several.
    """
    if kind is not None and kind not in KINDS:
        raise PluginError(f"no kind '{kind}'; {nearest(kind, KINDS)}")
    if not isinstance(what, str | Path):
        return _object(what, kind)
    name = str(what)
    if kind is None:
        kind = _kind_of(name)
    if kind == "method":
        return load_method(name)
    return load_task(name) if kind == "task" else load_space(name)()


def _object(what: Any, kind: str | None) -> Subject:
    if inspect.isclass(what) and issubclass(what, SearchSpace):
        what = what()
    found = "task" if isinstance(what, Task) else "space" if isinstance(what, SearchSpace) else None
    if inspect.isclass(what) and issubclass(what, Method):
        found = "method"
    if found is None or kind not in (None, found):
        raise PluginError(f"{what!r} is no {kind or 'method class, task or space'}; give one, or its name")
    subject: Subject = what
    return subject


def _kind_of(name: str) -> str:
    """The only kind of which something has this name.

    Raises:
        PluginError: There are several, or none.
    """
    if "/" in name.rpartition(".py")[2] or (
        ":" in name and name.partition(":")[0].replace("-", "_") in benchmark_names()
    ):
        return "task"
    if (own := load_own(name)) is not None:
        if issubclass(own, Method | SearchSpace):
            return "method" if issubclass(own, Method) else "space"
        raise PluginError(f"'{name}' is a task; name its data set too: {name}/DATASET")
    known = {"method": method_names(), "space": space_names(), "benchmark": benchmark_names()}
    kinds = [kind for kind, names in known.items() if name in names]
    if len(kinds) > 1:
        ways = [f"check {kind} {name}" if kind != "benchmark" else f"check task {name}/DATASET" for kind in kinds]
        raise PluginError(f"'{name}' is a {' and a '.join(kinds)}; say which: {', or '.join(ways)}")
    if kinds == ["benchmark"]:
        load_task(name)  # says which data sets there are
    if not kinds:
        close = get_close_matches(name, {other for names in known.values() for other in names}, n=1)
        advice = f"did you mean '{close[0]}'?" if close else "see equipoise list methods, equipoise list tasks"
        raise PluginError(f"no method, task or space '{name}'; {advice}")
    return kinds[0]
