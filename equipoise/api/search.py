"""`equipoise.search`: one method on one task, in this process."""

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from equipoise.api.names import names
from equipoise.api.trajectory import SearchTrajectory
from equipoise.harness.core.declarations import check_declarations
from equipoise.harness.core.errors import DataError, PluginError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Method, settings_of
from equipoise.harness.core.objectives import Constraint, checked_objectives
from equipoise.harness.core.protocol import protocol_of
from equipoise.harness.core.registry import (
    load_method,
    load_task,
    method_name,
    missing_packages,
    missing_requirements,
)
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.suite_values import as_settings, plain
from equipoise.harness.core.task import Noise, Task
from equipoise.harness.core.threads import one_thread
from equipoise.harness.engine.worker import run_spec

__all__ = ["search"]


def search(
    method: str | Path | type[Method],
    task: str | Task,
    queries: int = 100,
    seed: int = 0,
    *,
    budget: Budget | None = None,
    noise: Noise = "mean",
    objectives: Sequence[str] = (),
    constraints: str | Sequence[str] = (),
    **settings: Any,
) -> SearchTrajectory:
    """Lets a method search a task, and returns what it proposed and found.

    The same arguments give the same trajectory: that of repeat 1 of a suite with this seed.

    Args:
        method: A name (``equipoise.methods()``), the path of a Python file, ``package.module:Class``, or a class.
        task: A name (``equipoise.tasks()``) or a task.
        queries: The budget.
        seed: Root of all randomness.
        budget: Another budget than `queries`, for example ``Budget(cost_seconds=1e5)``.
        noise: ``mean`` answers with the mean over the training seeds that the benchmark stores, ``single`` with one
            drawn per query.
        objectives: ``validation_error`` and further objectives of the task, as a suite names them.
        constraints: Bounds on objectives, for example ``latency <= 5``.
        **settings: Settings of the method, where they differ from its defaults.

    Raises:
        PluginError: There is no such method or task, or the method cannot run on the task or on this machine.
        SuiteError: The budget, the seed, the noise or an objective is not accepted.
        DataError: The data of the task is missing here.
        SettingError: The method has no such setting, or refuses its value, or it cannot be stored.
        RunError: The method proposed something that is not a query of the space.
    """
    cls = method if inspect.isclass(method) else load_method(str(method))
    if not issubclass(cls, Method):
        raise PluginError(f"{cls!r} is no search method; give a class derived from Method, or a name")
    name, label = _names(method, cls)
    check_declarations(cls, label)
    protocol = protocol_of({"repeats": 1, "seed": plain(seed), "noise": noise})
    if isinstance(task, str):
        task = load_task(task, noise)
    if (reason := missing_packages(cls)) is not None:
        raise PluginError(f"{label} cannot run here: it {reason}")
    if (reason := task.skip()) is not None:
        raise DataError(f"{task.name}: {reason}")
    settings = as_settings(settings, f"method {label}")
    settings_of(cls, settings, f"method {label}")
    if (reason := missing_requirements(cls, task, settings)) is not None:
        raise PluginError(f"{label} cannot search {task.name}: it {reason}")
    spec = RunSpec(
        task=task.name,
        method=name,
        label=label,
        settings=json.dumps(settings, sort_keys=True),
        repeat=1,
        budget=budget or Budget(queries=queries),
        protocol=protocol,
        objectives=checked_objectives(objectives) if objectives else (),
        constraints=tuple(str(Constraint.parse(text)) for text in names(constraints)),
    )
    with one_thread():
        trajectory = run_spec(spec, task, cls).trajectory
    return SearchTrajectory(**vars(trajectory), spec=spec, task=task)


def _names(method: str | Path | type[Method], cls: type[Method]) -> tuple[str, str]:
    """The name by which a suite would know the method, and what it would call it."""
    if inspect.isclass(method):
        name = method_name(cls)
        return name, name if ":" not in name and not name.endswith(".py") else cls.__name__
    name = str(method)
    return name, Path(name).stem if name.endswith(".py") else name
