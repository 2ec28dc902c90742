"""The version of the code that executed the stored runs of each method, and setting aside runs of another one."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.files import write_whole
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.store.run_file_reader import read_part, summaries_of
from equipoise.harness.store.run_file_writer import file_name, packed_table
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.stored_rows import StoredRows

if TYPE_CHECKING:
    import pyarrow as pa

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

    What was noted of those in progress (``journal/*.jsonl``) is deleted: other code may ask for other architectures.

    Raises:
        StoreError: A file cannot be read, moved or deleted.
    """
    for part in store.parts():
        entries = summaries_of(part)
        kept = [entry for entry in entries if entry["run_id"] not in run_ids]
        if len(kept) == len(entries):
            continue
        if kept:
            content = _packed_again(part, kept)
            write_whole(part.with_name(file_name([entry["run_id"] for entry in kept], content)), content)
        _move(part)
    for run_id in run_ids:
        _delete(store.path / "journal" / f"{run_id}.jsonl")
    store.forget()


def _packed_again(part: Path, entries: Sequence[Mapping[str, Any]]) -> "pa.Buffer":
    """Packs some of the runs of a file again.

    Args:
        part: The file.
        entries: The summaries of the runs that stay.

    Raises:
        StoreError: It is damaged.
    """
    import pyarrow as pa

    table = read_part(part, lambda file: file.read())
    stays = {_name_of(entry, "budget" in table.column_names) for entry in entries}
    chosen = table.filter(pa.array([name in stays for name in _names_of_rows(table)]))
    return packed_table(chosen, [{**entry} for entry in entries])


def _name_of(entry: Mapping[str, Any], with_budget: bool) -> tuple[Any, ...]:
    return entry["task"], entry["method"], entry["repeat"], *((entry["budget"],) if with_budget else ())


def _names_of_rows(table: "pa.Table") -> list[tuple[Any, ...]]:
    names = ("task", "method", "repeat", *(("budget",) if "budget" in table.column_names else ()))
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def _delete(journal: Path) -> None:
    try:
        journal.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{journal}: cannot be deleted ({error.strerror}); delete it, and run again") from error


def _move(part: Path) -> None:
    try:
        part.replace(part.with_suffix(".superseded"))
    except OSError as error:
        raise StoreError(f"{part}: cannot be moved aside ({error.strerror})") from error
