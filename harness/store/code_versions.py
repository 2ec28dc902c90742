"""The version of the code that executed the stored runs of each method, and setting aside runs of another one."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.files import write_whole
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.store.run_file import digest_of, kept_of, summaries_of
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.stored_rows import StoredRows

__all__ = ["changed", "mixtures", "set_aside"]


def changed(store: StoredRows, specs: Iterable[RunSpec], codes: Mapping[str, str]) -> Counter[str]:
    """Counts the stored runs of each method, by label, that other code has executed.

    Args:
        store: The results folder.
        specs: The runs that count.
        codes: The code of each method now, by label; where either is unknown, it counts as the same.
    """
    stored = store.summaries()
    return Counter(
        spec.label
        for spec in specs
        if (run := stored.get(spec.run_id)) is not None
        and run.code
        and codes.get(spec.label)
        and run.code != codes[spec.label]
    )


def mixtures(store: StoredRows) -> dict[str, str]:
    """Names the methods, by label, whose runs were executed by more than one version of the code."""
    counts: dict[str, Counter[str]] = {}
    for run in store.summaries().values():
        counts.setdefault(run.method, Counter())[run.code] += 1
    return {
        label: "its runs are of several versions of its code: "
        + ", ".join(f"{count} of {code or 'unknown'}" for code, count in sorted(found.items()))
        for label, found in sorted(counts.items())
        if len(found) > 1
    }


def set_aside(store: RunStore, run_ids: Collection[str]) -> None:
    """Takes runs out of a store; the files that held them stay beside it, as ``runs/*.superseded``.

    Raises:
        StoreError: A file cannot be read or moved.
    """
    for part in store.parts():
        entries = summaries_of(part)
        kept = [entry for entry in entries if entry["run_id"] not in run_ids]
        if len(kept) == len(entries):
            continue
        if kept:
            content = kept_of(part, kept)
            name = f"{kept[0]['run_id']}-{kept[-1]['run_id'][:8]}-{len(kept)}-{digest_of(content)}.parquet"
            write_whole(part.with_name(name), content)
        _move(part)
    store.forget()


def _move(part: Path) -> None:
    try:
        part.replace(part.with_suffix(".superseded"))
    except OSError as error:
        raise StoreError(f"{part}: cannot be moved aside ({error.strerror})") from error
