"""Names for shell completion. Nothing is loaded but the names."""

from collections.abc import Iterable

import typer

__all__ = ["kinds_and_names", "lists", "methods", "new_kinds", "spaces", "suites", "tasks"]


def suites(incomplete: str) -> list[str]:
    """The suites that come with Equipoise."""
    from equipoise.harness.core.registry import suites_folder

    return _begin((path.stem for path in sorted(suites_folder().glob("*.toml"))), incomplete)


def methods(incomplete: str) -> list[str]:
    """The search methods."""
    from equipoise.harness.core.registry import method_names

    return _begin(method_names(), incomplete)


def tasks(incomplete: str) -> list[str]:
    """The tasks of all benchmarks."""
    from equipoise.harness.core.registry import benchmarks, task_names

    return _begin((name for benchmark in benchmarks() for name in task_names(benchmark)), incomplete)


def spaces(incomplete: str) -> list[str]:
    """The search spaces."""
    from equipoise.harness.core.registry import space_names

    return _begin(space_names(), incomplete)


def lists(incomplete: str) -> list[str]:
    """The kinds of `equipoise list`."""
    return _begin(("methods", "tasks", "suites"), incomplete)


def new_kinds(incomplete: str) -> list[str]:
    """The kinds of `equipoise new`."""
    return _begin(("method", "task", "space", "suite"), incomplete)


def kinds_and_names(context: typer.Context, incomplete: str) -> list[str]:
    """For `equipoise check`: a kind or a method first, then the names of the kind that stands before."""
    named = {"method": methods, "task": tasks, "space": spaces}
    for kind in context.params.get("names") or ():
        if kind in named:
            return named[kind](incomplete)
    return [*_begin(named, incomplete), *methods(incomplete)]


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
