"""Small stores for the tests of the report: really played, but with fixed times, so that their bytes are known."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task_digest import task_digest
from equipoise.harness.engine.worker import execute_run, failure_of
from equipoise.harness.store.run_file import Run
from equipoise.harness.store.run_store import RunStore

METHODS = (
    {"name": "local_search"},
    {"name": "plugins_for_tests:Good", "label": "climber", "family": "hpo"},
    {"name": "random_search"},
)
TASKS = ("nasbench201/cifar10", "nasbench_graph/proteins")

NASTY = "50% of $x_1$ & #2 {a} ~b^ \\c <i>`d`</i> | *e* [f](g) \"h\" 'i'"
"""A label that holds what Markdown, LaTeX and HTML take as markup."""


def suite(
    methods: tuple[Mapping[str, Any], ...] = METHODS,
    tasks: tuple[str, ...] = TASKS,
    budget: Mapping[str, float] | None = None,
    **protocol: Any,
) -> Suite:
    return Suite.from_dict(
        {
            "name": "made",
            "budget": dict(budget or {"queries": 40}),
            "protocol": {"repeats": 4, "seed": 7, **protocol},
            "tasks": [{"name": task} for task in tasks],
            "methods": [dict(method) for method in methods],
        }
    )


def played(folder: Path, chosen: Suite, manifest: Callable[[dict[str, Any]], None] = lambda _: None) -> Path:
    """Plays a suite into a folder; runs that raise are recorded as failures."""
    store = RunStore(folder)
    for spec in chosen.runs():
        task = load_task(spec.task, spec.protocol.noise)
        try:
            run = execute_run(spec)
        except Exception as error:
            store.record_failure({**failure_of(spec, error), "at": "2026-01-01T00:00:00"})
            continue
        run.trajectory.overhead_seconds = [0.25] * len(run.trajectory)
        store.write([Run(spec, run.trajectory, 1.0)], task.space)
    written = described(chosen)
    manifest(written)
    store.write_manifest(written)
    return folder


def described(chosen: Suite) -> dict[str, Any]:
    """A manifest as `equipoise.harness.store.manifest` writes it, but of a machine and a time that never change."""
    tasks = {}
    for name in chosen.tasks:
        task = load_task(name, chosen.protocol.noise)
        tasks[name] = {
            "source": task.info.source,
            "licence": task.info.licence,
            "digest": task_digest(name, task),
            "metric": vars(task.info.metric),
            "space": task.space.name,
            "space_size": task.space.size,
            "surrogate": task.info.surrogate is not None,
            "technique": None,
            "held_out": [],
            "fidelities": list(task.info.fidelities),
            "pitfalls": list(task.info.pitfalls),
        }
    methods = {
        entry.label: {
            "name": entry.name,
            "family": entry.family or load_method(entry.name).family,
            "source": load_method(entry.name).source,
            "settings": dict(entry.settings),
            "changed": dict(entry.settings),
            "deviations": [],
        }
        for entry in chosen.methods
    }
    content = {
        "format": 1,
        "suite": chosen.to_dict(),
        "methods": methods,
        "tasks": tasks,
        "left_out": [],
        "versions": {"python": "3.11.0", "numpy": "2.0.0"},
        "machine": {"system": "Linux", "processor": "a processor", "cores": 2, "executable": "cpython"},
        "command": ["run", "made.toml"],
        "started": "2026-01-01T00:00:00+00:00",
        "ended": "2026-01-01T00:01:00+00:00",
    }
    return json.loads(json.dumps(content))
