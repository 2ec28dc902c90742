"""The tasks of a suite as its manifest keeps them, and whether their data are the same elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Any

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task_digest import task_digest

__all__ = ["check_same_data", "data_of", "described", "history_of"]


def described(suite: Suite, names: Iterable[str]) -> dict[str, Any]:
    """Tasks that a suite searches or learns from, as they are here."""
    return {name: _task(name, suite) for name in names}


def _task(name: str, suite: Suite) -> dict[str, Any]:
    address = suite.address(name)
    task = load_task(address, suite.protocol.noise)
    if (reason := task.skip()) is not None:
        return {"skip": reason}
    info, surrogate = task.info, task.info.surrogate
    return {
        "title": info.title,
        "source": info.source,
        "licence": info.licence,
        "digest": task_digest(address, task),
        "further_digests": dict(info.further_digests),
        "metric": vars(info.metric),
        "space": task.space.name,
        "space_size": task.space.size,
        "surrogate": surrogate is not None,
        "technique": surrogate.model if surrogate else None,
        "held_out": [scores.to_dict() for scores in surrogate.scores] if surrogate else [],
        "fidelities": list(info.fidelities),
        "noise_floors": task.noise_floors(),
        "measured_cost": info.measured_cost,
        "measured_objectives": [one.name for one in info.objectives if one.measured],
        "pitfalls": list(info.pitfalls),
    }


def data_of(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The entries of the tasks whose data decide rows: those that are searched, and those of the history."""
    return {**manifest["tasks"], **manifest.get("history", {})}


def history_of(methods: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the tasks of which any of some methods, as a manifest describes them, is told evaluations."""
    told = (labels for method in methods for labels in method.get("history", {}).values())
    return tuple(dict.fromkeys(name for labels in told for name in labels))


def check_same_data(stored: Mapping[str, Any], tasks: Mapping[str, Mapping[str, Any]], where: object) -> None:
    """Refuses to add to, or to compare with, runs that were made on other data.

    Args:
        stored: The manifest of the stored runs.
        tasks: The entries of tasks in a manifest of today.
        where: The results folder, for the message.

    Raises:
        StoreError: The digest of a task's data differs.
    """
    known = data_of(stored)
    for name, now in tasks.items():
        then = known.get(name, {})
        if "digest" not in then or "digest" not in now or then["digest"] == now["digest"]:
            continue
        files = [sorted(entry.get("further_digests", ())) for entry in (then, now)]
        told = [f" (with {', '.join(names)})" if names else "" for names in files]
        raise StoreError(
            f"{where} holds results with {name} on data {then['digest'][:16]}{told[0]}; here its data are "
            f"{now['digest'][:16]}{told[1]}. Bring the same files (equipoise data list; of a task of yours, its "
            "Python file too), or choose another --out"
        )
