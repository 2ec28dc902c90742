"""The entries of `equipoise list`."""

from typing import Any

from equipoise.harness.cli.task_summary import summary
from equipoise.harness.core.errors import EquipoiseError, PluginError, nearest
from equipoise.harness.core.registry import (
    benchmarks,
    load_method,
    load_task,
    method_names,
    missing_packages,
    suites_folder,
    task_names,
)
from equipoise.harness.core.suite import Suite

__all__ = ["entries"]


def entries(what: str) -> list[dict[str, Any]]:
    """Everything of a kind.

    Args:
        what: ``methods``, ``tasks`` or ``suites``.

    Returns:
        Objects with at least ``name``, ``family`` and ``source``; ``skip`` says why one cannot run here.
    """
    kinds = {"methods": _methods, "tasks": _tasks, "suites": _suites}
    if what not in kinds:
        raise PluginError(f"list {what}: {nearest(what, kinds)}")
    return kinds[what]()


def _methods() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in method_names():
        try:
            cls = load_method(name)
        except PluginError as error:
            found.append({"name": name, "family": None, "source": "", "skip": str(error)})
            continue
        found.append({"name": name, "family": cls.family, "source": cls.source, "skip": missing_packages(cls)})
    return found


def _tasks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for benchmark in benchmarks():
        for name in task_names(benchmark):
            try:
                found.append(summary(load_task(name)))
            except EquipoiseError as error:  # a damaged file of one task, say
                found.append({"name": name, "family": None, "source": "", "skip": str(error)})
    return found


def _suites() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(suites_folder().glob("*.toml")):
        try:
            suite = Suite.load(path)
        except EquipoiseError as error:
            found.append({"name": path.stem, "family": None, "source": str(path), "skip": str(error)})
            continue
        found.append(
            {
                "name": path.stem,
                "family": None,
                "source": str(path),
                "tasks": list(suite.tasks),
                "methods": [method.label for method in suite.methods],
                "budget": suite.to_dict()["budget"],
                "repeats": suite.protocol.repeats,
                "skip": None,
            }
        )
    return found
