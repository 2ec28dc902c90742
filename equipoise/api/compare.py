"""`equipoise.compare`: one method against the reference runs of all others."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from equipoise.api.names import names
from equipoise.api.results import Results
from equipoise.api.run import run, suite_of
from equipoise.harness.archive.find import REFERENCE, entry_named
from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.method import Method
from equipoise.harness.core.suite import Suite

__all__ = ["compare", "suite_beside"]


def compare(
    method: str | Path | type[Method],
    *,
    tasks: str | Sequence[str] = (),
    repeats: int = 30,
    queries: int = 100,
    out: str | Path | None = None,
    workers: int | None = 1,
    with_reference: bool = True,
    beside: str | Path | Sequence[str | Path] = (),
    label: str | None = None,
    progress: bool = True,
    **settings: Any,
) -> Results:
    """Runs a method on the tasks of the reference runs, under their rules, and puts these beside it.

    The report is written with the method in focus; what is stored already is not run again.

        results = eq.compare(MyMethod)
        results.ranking()

    Args:
        method: A class, the path of a Python file, ``package.module:Class``, or a name (``equipoise.methods()``).
        tasks: Names of tasks, or patterns; all of the reference runs if empty.
        repeats: Runs per task.
        queries: The budget; the reference has the ones that ``results.folder / "report.md"`` lists, usually 30, 100
            and 300.
        out: The results folder; ``results/compare-LABEL`` if None.
        workers: Processes; one per core if None.
        with_reference: Whether the reference runs are put beside it.
        beside: Further entries of archives, by name or folder.
        label: The name of the method in the report; that of the class or file if None.
        progress: Show a bar in a terminal or a notebook.
        **settings: Settings of the method, where they differ from its defaults.

    Raises:
        SuiteError: The method cannot run, the reference has no runs with that budget, or of those tasks.
    """
    reference = entry_named(REFERENCE)
    budgets = [budget.limit for budget in reference.suite.budgets]
    if with_reference and queries not in budgets:
        told = ", ".join(f"{budget:g}" for budget in budgets)
        raise SuiteError(
            f"queries = {queries}: the reference runs have {told} queries; use one, or with_reference=False"
        )
    suite = suite_beside(method, reference.suite, repeats, queries, label, settings).changed(tasks=names(tasks))
    folder = Path(out) if out is not None else Path("results") / suite.name
    run(suite, folder, workers, progress=progress)
    results = Results(folder, [*([REFERENCE] if with_reference else []), *names(beside)])
    results.report()
    return results


def suite_beside(
    method: str | Path | type[Method],
    reference: Suite,
    repeats: int,
    queries: int,
    label: str | None,
    settings: dict[str, Any],
) -> Suite:
    """The suite of one method, which is in focus, under the rules of the reference."""
    entry: dict[str, Any] = {"name": method, "settings": settings, **({"label": label} if label else {})}
    content = {
        "name": "compare",
        "budget": {"queries": queries},
        "protocol": {**reference.protocol.rules(), "repeats": repeats},
        "tasks": list(reference.tasks),
        "methods": [entry],
    }
    found = suite_of(content)
    own = found.methods[0].label
    name, free = re.sub(r"[^\w.-]+", "-", f"compare-{own}")[:100], _free(own, reference)
    return suite_of({**content, "name": name, "methods": [{**entry, "label": free}], "focus": free})


def _free(label: str, reference: Suite) -> str:
    """A label that no method of the reference has: runs of equal labels would replace those of the reference."""
    return f"{label} (mine)" if label in {method.label for method in reference.methods} else label
