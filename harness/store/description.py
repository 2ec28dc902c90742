"""The description of an archive entry: who made its runs, with what, and where; JSON beside the packed runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from equipoise.harness.core.errors import StoreError, one_line, reason_of
from equipoise.harness.core.files import parse_json
from equipoise.harness.core.method import Family
from equipoise.harness.store.packed_runs import Chosen
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.task_data import history_of

__all__ = ["FORMAT", "NAME", "description_of", "read_description"]

FORMAT = 2
FORMATS = (1, 2)
"""Of the description, and of the packed runs beside it; the last is written, all are read."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
"""The accepted names of entries and archives."""

KINDS: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "version": str,
    "authors": list,
    "codes": dict,
    "lossy": list,
    "manifest": dict,
}

MANIFEST: Mapping[str, type] = {
    "suite": dict,
    "methods": dict,
    "tasks": dict,
    "left_out": list,
    "versions": dict,
    "machine": dict,
    "sessions": list,
    "started": str,
}
METHOD: Mapping[str, type] = {"family": str, "source": str, "settings": dict, "changed": dict, "deviations": list}


def description_of(
    store: RunStore, chosen: Chosen, name: str, version: str, authors: Sequence[str], about: str
) -> dict[str, Any]:
    """Describes runs of a results folder; commands, and paths but for their last part, are left out.

    Args:
        store: The results folder.
        chosen: The runs.
        name: Of the entry.
        version: Of the entry.
        authors: Of the entry.
        about: One line on what it holds.
    """
    manifest = store.manifest() or {}
    sessions = manifest.get("sessions", [manifest])
    suite = {key: value for key, value in manifest["suite"].items() if key not in ("folder", "focus")}
    known = {entry["label"]: entry for entry in suite["methods"]}
    suite["methods"] = [
        {**known[label], "name": _bare(known[label]["name"]), "repeats": max(repeats)}
        for label, repeats in chosen.items()
    ]
    held = {summary.task for summary in store.summaries().values() if summary.repeat in chosen.get(summary.method, ())}
    suite["tasks"] = [entry for entry in suite["tasks"] if entry["name"] in held]
    methods = {
        label: {**entry, "name": _bare(entry["name"])}
        for label, entry in manifest["methods"].items()
        if label in chosen
    }
    told = history_of(methods.values())
    history = {name: entry for name, entry in manifest.get("history", {}).items() if name in told}
    codes = {
        summary.method: summary.code
        for summary in store.summaries().values()
        if summary.repeat in chosen.get(summary.method, ())
    }
    described = {
        **{key: manifest[key] for key in ("format", "versions", "machine", "started", "ended")},
        "suite": suite,
        "methods": methods,
        "tasks": {task: entry for task, entry in manifest["tasks"].items() if task in held},
        **({"history": history} if history else {}),
        "left_out": [entry for entry in manifest["left_out"] if entry["method"] in chosen and entry["task"] in held],
        "command": [],
        "sessions": [{key: session[key] for key in ("versions", "machine", "started")} for session in sessions],
    }
    described["sessions"] = _distinct(described["sessions"])
    return {
        "format": FORMAT,
        "name": name,
        "version": version,
        "authors": list(authors),
        "about": about,
        "codes": codes,
        "lossy": [
            "overhead_seconds: the sum over a run is kept, rows share it equally; it has eight significant bits",
            "process_seconds: has eight significant bits",
        ],
        "manifest": described,
    }


def _bare(name: str) -> str:
    """The name of a method; of a path, its last part."""
    return Path(name).name if name.endswith(".py") else name


def _distinct(sessions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Sessions that differ in machine or versions, each with its first start."""
    found: list[dict[str, Any]] = []
    for session in sessions:
        same = [other for other in found if all(other[key] == session[key] for key in ("versions", "machine"))]
        if not same:
            found.append({**session, "command": []})
    return found


def read_description(path: Path) -> dict[str, Any]:
    """Reads the description of an entry.

    Raises:
        StoreError: It is missing or damaged, or of a later version of Equipoise.
    """
    try:
        content = parse_json(path.read_bytes())
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); an entry is a folder that holds it") from error
    except ValueError as error:
        raise StoreError(f"{path}: damaged ({reason_of(error)})") from error
    if not isinstance(content, dict) or content.get("format") not in FORMATS:
        raise StoreError(
            f"{path}: no description of an entry that this version reads (formats {', '.join(map(str, FORMATS))})"
        )
    for key, kind in KINDS.items():
        if not isinstance(content.get(key), kind):
            raise StoreError(f"{path}: damaged ('{key}' is missing or of the wrong kind)")
    if not NAME.fullmatch(content["name"]):
        raise StoreError(f"{path}: name = '{one_line(content['name'], 80)}'; accepted: letters, digits, - and _")
    for key, found, kind in _parts(content["manifest"]):
        if not isinstance(found, kind):
            raise StoreError(f"{path}: damaged (manifest: '{one_line(key, 80)}' is missing or of the wrong kind)")
    return content


def _parts(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any, type]]:
    """Yields what a report reads of a manifest without asking again: a name, the value, and the kind it must have."""
    for key, kind in MANIFEST.items():
        yield key, manifest.get(key), kind
    for session in manifest["sessions"]:
        yield "sessions", session, dict
        yield "started", session.get("started"), str
        yield from ((place, session.get(place), dict) for place in ("versions", "machine"))
        yield "processor", session["machine"].get("processor"), str
    yield "history", manifest.get("history", {}), dict
    for name, task in [*manifest["tasks"].items(), *manifest.get("history", {}).items()]:
        yield name, task, dict
        yield f"digest of {name}", task.get("digest", ""), str
    yield "methods", manifest["suite"].get("methods"), list
    for method in manifest["suite"]["methods"]:
        yield "methods", method, dict
        yield "label", (label := method.get("label")), str
        yield label, (told := manifest["methods"].get(label)), dict
        yield from ((f"{key} of {label}", told.get(key), kind) for key, kind in METHOD.items())
        yield f"history of {label}", told.get("history", {}), dict
        yield from ((f"history of {label}", labels, dict) for labels in told.get("history", {}).values())
        yield f"family of {label}", told["family"] if told["family"] in get_args(Family) else None, str
