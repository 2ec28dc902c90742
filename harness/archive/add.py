"""Adds runs of a results folder to an archive that is a folder."""

import json
from collections.abc import Sequence
from pathlib import Path

from equipoise.harness.archive.index import INDEX, Archive, FileFacts, Listed
from equipoise.harness.core.errors import StoreError, nearest
from equipoise.harness.core.files import write_whole
from equipoise.harness.core.method_code import code_of, sources_of
from equipoise.harness.core.registry import load_method
from equipoise.harness.core.suite import Suite
from equipoise.harness.data.sources import digest_of
from equipoise.harness.store.description import NAME, description_of
from equipoise.harness.store.entry import DESCRIPTION, RUNS
from equipoise.harness.store.overview import opened
from equipoise.harness.store.packed_runs import Chosen, file_of, only, packed_runs
from equipoise.harness.store.run_store import RunStore

__all__ = ["add", "complete_repeats"]


def add(
    results: Path,
    archive: Path,
    name: str,
    *,
    version: str = "1",
    authors: Sequence[str] = (),
    about: str = "",
    labels: Sequence[str] = (),
    megabytes: float | None = None,
    least: int = 1,
) -> Listed:
    """Packs runs into an entry, with the files of methods that are given by path, and lists it in the index.

    Of each method there are the repeats that are stored on every task at every budget; a method without any is left
    out. The archive is made if it is not there.

    Args:
        results: A results folder.
        archive: The folder of the archive.
        name: Of the entry; an entry of that name is replaced.
        version: Of the entry.
        authors: Of the entry.
        about: One line.
        labels: Only these methods, in this order; all if empty.
        megabytes: The largest file of runs; the methods with the most repeats lose some until it fits.
        least: Repeats that are left to each method then.

    Raises:
        StoreError: Nothing can be packed, or the folder cannot be written.
    """
    if not NAME.fullmatch(name):
        raise StoreError(f"entry '{name}'; accepted: letters, digits, - and _")
    store, suite = opened(results)
    for task in (*suite.tasks, *suite.protocol.history):
        if suite.address(task) != task or ":" in task:
            raise StoreError(f"{results}: {task} is given by path; entries hold tasks of the benchmarks here alone")
    chosen = _of_labels(complete_repeats(store, suite), labels, results)
    runs = packed_runs(store, suite, chosen)
    content = file_of(runs, results)
    while megabytes is not None and content.size > megabytes * 1e6:
        most = max(map(len, chosen.values()))
        fewer = min(most - 1, int(most * megabytes * 1e6 / content.size))
        if fewer < least:
            what = "one repeat of each method takes" if least == 1 else f"{least} repeats of each method take"
            raise StoreError(f"{results}: {what} more than {megabytes:g} MB; allow a larger file, or fewer repeats")
        chosen = {label: frozenset(sorted(repeats)[:fewer]) for label, repeats in chosen.items()}
        runs = only(runs, chosen)
        content = file_of(runs, results)
    description = description_of(store, chosen, name, version, authors, about)
    folder = archive / name
    write_whole(folder / RUNS, content)
    write_whole(folder / DESCRIPTION, (json.dumps(description, indent=1) + "\n").encode())
    files = [RUNS, DESCRIPTION, *_copied_code(suite, chosen, description["codes"], folder)]
    facts = {file: FileFacts(digest_of(folder / file), (folder / file).stat().st_size) for file in files}
    listed = Listed(name, version, tuple(authors), about, tuple(chosen), facts)
    known = Archive.open(archive) if (archive / INDEX).is_file() else Archive(str(archive), _archive_name(archive))
    known.with_entry(listed).write()
    return listed


def complete_repeats(store: RunStore, suite: Suite) -> Chosen:
    """The repeats of each method that are stored on every task to which it applies, at every budget."""
    left_out = {(entry["method"], entry["task"]) for entry in (store.manifest() or {}).get("left_out", ())}
    found: dict[tuple[str, str, float], set[int]] = {}
    for summary in store.summaries().values():
        found.setdefault((summary.method, summary.task, summary.budget), set()).add(summary.repeat)
    chosen = {}
    for method in suite.methods:
        wanted = [
            found.get((method.label, task, budget.limit), set())
            for task in suite.tasks
            for budget in suite.budgets
            if not {(method.label, task), ("*", task)} & left_out
        ]
        if wanted and (repeats := frozenset(set.intersection(*wanted))):
            chosen[method.label] = repeats
    return chosen


def _of_labels(chosen: Chosen, labels: Sequence[str], results: Path) -> Chosen:
    for label in labels:
        if label not in chosen:
            raise StoreError(f"{results}: no repeat of '{label}' is stored on every task; {nearest(label, chosen)}")
    kept = {label: chosen[label] for label in labels or chosen}
    if not kept:
        raise StoreError(f"{results}: no method has a repeat that is stored on every task at every budget")
    return kept


def _copied_code(suite: Suite, chosen: Chosen, codes: dict[str, str], folder: Path) -> list[str]:
    """Copies the files of methods that are given by path, as they were when the runs were made.

    Raises:
        StoreError: A method was changed since, or is spread over folders.
    """
    written = []
    for method in suite.methods:
        if method.label not in chosen or not method.name.endswith(".py"):
            continue
        cls = load_method(suite.address(method.name))
        if code_of(cls, method.settings) != codes[method.label]:
            raise StoreError(f"{method.name} has changed since its runs were stored: run them again with --redo")
        for module, source in sources_of(cls).items():
            if "." in module:
                raise StoreError(f"{method.name} imports {module}, of a package; an entry holds single files")
            write_whole(folder / "code" / f"{module}.py", source)
            written.append(f"code/{module}.py")
    return list(dict.fromkeys(written))


def _archive_name(archive: Path) -> str:
    name = archive.resolve().name
    return name if NAME.fullmatch(name) else "archive"
