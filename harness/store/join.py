"""Joins results folders of one suite, filled by several machines or users."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.files import write_whole
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.wording import joined as in_words
from equipoise.harness.store.compaction import MOST_ROWS, Part, merge_parts
from equipoise.harness.store.locks import alone
from equipoise.harness.store.manifest import finished, merged, suite_differences
from equipoise.harness.store.no_results import no_results
from equipoise.harness.store.overview import complete
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.task_data import data_of

__all__ = ["join"]

COMPARED = ("architecture", "fidelity", "validation_error", "status")
"""Columns that a run with the same spec repeats bit for bit."""


def join(folders: Sequence[Path], out: Path) -> str:
    """Writes the runs, failures and journals of several folders to one; nothing is taken away from them.

    Interrupted, it goes on when it is called again.

    Args:
        folders: Of one suite: with the same name, budget, rules, settings, data and code.
        out: A new folder, or one of the same suite, whose runs stay.

    Returns:
        The outcome in one line.

    Raises:
        StoreError: A folder holds no results, is being written to, or does not go with another; nothing was joined.
    """
    different = {folder.resolve(): folder for folder in folders}  # each once: a folder is locked by who has it already
    sources = [RunStore(folder) for place, folder in different.items() if place != out.resolve()]
    target = RunStore(out)
    if not sources:
        raise StoreError(f"{out}: give the folders whose runs it gets")
    with ExitStack() as locks:
        for store in sources:
            if store.manifest() is None:
                raise no_results(store.path)
            if os.access(store.path, os.W_OK):
                locks.enter_context(alone(store.path))
        _joined_manifest(sources)  # before anything is made
        locks.enter_context(alone(out))
        if target.manifest() is None and target.parts():
            raise StoreError(f"{out} holds rows but no manifest.json; choose another --out")
        stores = [target, *sources] if target.manifest() is not None else sources
        manifest = _joined_manifest(stores)
        _refuse_contradictions(stores, manifest)
        target.write_manifest(manifest)
        before = set(target.summaries())
        _copy_rows(target, sources, set(before))
        _copy_failures(target, sources)
        target = RunStore(out)
        _copy_journals(target, sources)
        added = len(target.summaries()) - len(before)
        manifest = _decided(manifest, target)
        if complete(target, manifest):
            manifest = finished(manifest)
        target.write_manifest(manifest)
    failed = len(target.failures())
    return f"{out}: {added} runs added, {len(target.summaries())} stored" + (f", {failed} failed" if failed else "")


def _joined_manifest(stores: Sequence[RunStore]) -> dict[str, Any]:
    """The manifest of all.

    Raises:
        StoreError: Two of them do not go together.
    """
    manifests = [store.manifest() or {} for store in stores]
    joined, codes = manifests[0] if manifests else {}, _codes(stores[0])
    for store, manifest in zip(stores[1:], manifests[1:], strict=True):
        differences = suite_differences(joined["suite"], Suite.from_dict(manifest["suite"]).to_dict())
        known = data_of(joined)
        for name, entry in data_of(manifest).items():
            before = known.get(name, {}).get("digest")
            if None not in (before, entry.get("digest")) and before != entry["digest"]:
                differences.append(f"the data of {name}")
        for label, version in _codes(store).items():
            if version != codes.setdefault(label, version):
                differences.append(f"the code of {label}")
        if differences:
            raise StoreError(
                f"{store.path} does not go with {stores[0].path}: they differ in {in_words(differences)}; nothing was "
                "merged"
            )
        started = min(joined["started"], manifest["started"])
        sessions = [*joined.get("sessions", []), *manifest.get("sessions", [])]
        joined = {**merged(joined, manifest), "started": started, "ended": None}
        if sessions:
            known = {json.dumps(session, sort_keys=True): session for session in [*joined["sessions"], *sessions]}
            joined["sessions"] = sorted(known.values(), key=lambda session: str(session["started"]))
    return {**joined, "ended": None}


def _codes(store: RunStore) -> dict[str, frozenset[str]]:
    """The versions of the code that have executed the runs of each method, where they are known."""
    found: dict[str, set[str]] = {}
    for summary in store.summaries().values():
        if summary.code:
            found.setdefault(summary.method, set()).add(summary.code)
    return {label: frozenset(versions) for label, versions in found.items()}


def _decided(manifest: Mapping[str, Any], store: RunStore) -> dict[str, Any]:
    """The manifest without what one folder skipped and another has run."""
    held = [(summary.method, summary.task) for summary in store.summaries().values()]
    stored = {*held, *((method, "*") for method, _ in held), *(("*", task) for _, task in held)}
    return {
        **manifest,
        "left_out": [entry for entry in manifest["left_out"] if (entry["method"], entry["task"]) not in stored],
    }


def _refuse_contradictions(stores: Sequence[RunStore], manifest: Mapping[str, Any]) -> None:
    """Refuses two folders that hold the same run with other rows, or two runs of one name.

    Raises:
        StoreError: There are some.
    """
    names: dict[tuple[object, ...], tuple[str, RunStore]] = {}
    twice: dict[RunStore, dict[RunStore, list[str]]] = {}
    timed = {
        name
        for name, entry in manifest["tasks"].items()
        if entry.get("measured_cost") or entry.get("measured_objectives")
    }
    for store in stores:
        for run_id, summary in store.summaries().items():
            name = (summary.task, summary.method, summary.repeat, str(summary.budget))
            other, first = names.setdefault(name, (run_id, store))
            if other != run_id:
                raise StoreError(
                    f"{store.path} does not go with {first.path}: repeat {summary.repeat} of {summary.method} on "
                    f"{summary.task} is another run there; nothing was merged"
                )
            if first is not store and summary.task not in timed:
                twice.setdefault(first, {}).setdefault(store, []).append(run_id)
    for first, others in twice.items():
        for store, run_ids in others.items():
            digests = dict(_digests(first, run_ids))
            for run_id, digest in _digests(store, run_ids):
                if digests[run_id] != digest:
                    summary = store.summaries()[run_id]
                    raise StoreError(
                        f"{store.path} does not go with {first.path}: repeat {summary.repeat} of {summary.method} on "
                        f"{summary.task} has other rows there (equipoise verify says which repeat); nothing was merged"
                    )


def _digests(store: RunStore, run_ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    for run_id, frame in store.rows_of(run_ids):
        columns = [map(str, frame[name]) for name in COMPARED]
        text = "\n".join(map("\t".join, zip(*columns, strict=True)))
        yield run_id, hashlib.sha256(text.encode()).hexdigest()


def _copy_rows(target: RunStore, sources: Sequence[RunStore], seen: set[str]) -> None:
    """Writes the runs that are not there yet, those of one task together."""
    groups: dict[tuple[Any, ...], list[Part]] = {}
    for part in map(Part.read, chain.from_iterable(store.parts() for store in sources)):
        tasks = tuple(sorted({entry["task"] for entry in part.entries}))
        groups.setdefault((tasks, part.columns), []).append(part)
    for parts in groups.values():
        ends = np.cumsum([part.rows for part in parts]) // MOST_ROWS
        for number in np.unique(ends):
            merge_parts(target, [part for part, end in zip(parts, ends, strict=True) if end == number], seen)


def _copy_failures(target: RunStore, sources: Sequence[RunStore]) -> None:
    known = {json.dumps(failure, sort_keys=True) for failure in target.failures()}
    for failure in chain.from_iterable(store.failures() for store in sources):
        if (text := json.dumps(failure, sort_keys=True)) not in known:
            known.add(text)
            target.record_failure(failure)


def _copy_journals(target: RunStore, sources: Sequence[RunStore]) -> None:
    """Copies the longest journal of each run that is not stored."""
    longest: dict[str, Path] = {}
    for store in [target, *sources]:
        for path in sorted((store.path / "journal").glob("*.jsonl")):
            best = longest.get(path.name)
            if path.stem not in target.summaries() and (best is None or path.stat().st_size > best.stat().st_size):
                longest[path.name] = path
    for name, path in longest.items():
        if path.parent != target.path / "journal":
            write_whole(target.path / "journal" / name, path.read_bytes())
