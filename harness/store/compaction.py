"""Merges the small files of a store into larger ones while a suite goes on, so that reading it stays fast.

A file is merged with others of its size, of the same task: each row is written again a few times at most, whatever the
number of runs. A merged file is there whole, and safe on the disk, before the files that it replaces go; whoever reads
meanwhile finds each run in one of the two, and a run that is found in both counts once (`RunStore.frame`).
"""

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.files import write_whole
from equipoise.harness.store.run_file_reader import GoneError, read_part, summaries_in
from equipoise.harness.store.run_file_writer import file_name, packed_table
from equipoise.harness.store.run_store import RunStore

__all__ = ["Compaction", "Part", "merge_parts"]

LOG = logging.getLogger("equipoise")

FAN = 16
"""So many files of a size are merged into one."""
FAN_AT_THE_END = 8
ENOUGH_ROWS = 1 << 14
"""Files with so many rows stay as they are at the end: reading them apart costs a reader next to nothing."""
MOST_ROWS = 1 << 20
"""A merged file has no more, which bounds the memory that merging takes (about 100 bytes per row)."""
STEP = 32
"""New files after which to look whether there is something to merge."""


@dataclass(frozen=True)
class Part:
    """A file of a store, as its footer tells it."""

    path: Path
    columns: tuple[str, ...]
    entries: Sequence[dict[str, Any]]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(entry["queries"] for entry in self.entries)

    @property
    def run_ids(self) -> frozenset[str]:
        """The runs it holds."""
        return frozenset(entry["run_id"] for entry in self.entries)

    @classmethod
    def read(cls, path: Path) -> "Part":
        """Reads the footer of a file.

        Raises:
            StoreError: It is damaged.
        """
        part: Part = read_part(path, lambda file: cls(path, tuple(file.schema_arrow.names), summaries_in(file, path)))
        return part


class Compaction:
    """Merges files of a store, of which others may write new ones and read all.

    Args:
        store: The store.
        owned: Tells by its run_id whether a run is this process's to store; files with other runs are left alone.
    """

    def __init__(self, store: RunStore, owned: Callable[[str], bool] = lambda _: True) -> None:
        self._store, self._owned = store, owned
        self._known: dict[Path, Part] = {}
        self._new = 0

    def part_added(self) -> None:
        """Counts a new file, and merges now and then."""
        self._new += 1
        if self._new >= STEP:
            self._new = 0
            self._try(FAN, of_a_size=True)

    def finish(self) -> None:
        """Merges what a few more files of any size would not have made worth while, as far as it is small."""
        self._try(FAN_AT_THE_END, of_a_size=False)

    def _try(self, fan: int, of_a_size: bool) -> None:
        """Merges; where that fails, the suite goes on with its small files, and its next start says what is damaged."""
        try:
            self.merge(fan, of_a_size)
        except StoreError as error:
            LOG.warning("small files are left as they are: %s", error)

    def merge(self, fan: int, of_a_size: bool = True) -> None:
        """Merges wherever there are enough files.

        Args:
            fan: How many of one task are enough.
            of_a_size: Whether they must be of about the same size, within a factor of `FAN`.

        Raises:
            StoreError: A file is damaged, or the disk is full; nothing is lost.
        """
        groups: dict[tuple[Any, ...], list[Part]] = {}
        limit = MOST_ROWS // 2 if of_a_size else min(ENOUGH_ROWS, MOST_ROWS // 2)
        for part in self._parts():
            if part.rows < limit:
                size = _size(part.rows) if of_a_size else 0
                groups.setdefault((part.entries[0]["task"], part.columns, size), []).append(part)
        for parts in groups.values():
            parts.sort(key=lambda part: part.rows)
            while len(parts) >= fan:
                chosen = _within(parts, MOST_ROWS)
                del parts[: len(chosen)]
                merge_parts(self._store, chosen)

    def _parts(self) -> list[Part]:
        """The files of a single task whose runs are all owned; what an interrupted merge has left is removed."""
        known: dict[Path, Part] = {}
        for path in self._store.parts():
            with suppress(GoneError):
                known[path] = self._known.get(path) or Part.read(path)
        self._known = known
        held: set[str] = set()
        kept = []
        for part in sorted(known.values(), key=lambda part: -len(part.entries)):
            if not all(map(self._owned, part.run_ids)) or len({entry["task"] for entry in part.entries}) != 1:
                continue
            if part.run_ids <= held:
                part.path.unlink(missing_ok=True)
                continue
            held |= part.run_ids
            kept.append(part)
        return kept


def merge_parts(store: RunStore, parts: Sequence[Part], seen: set[str] | None = None) -> Path | None:
    """Writes the rows of some files as one, and removes the files.

    Args:
        store: The store that gets the file.
        parts: Files with the same columns.
        seen: Runs that are not to be written, to which those that were are added; the files then stay.

    Returns:
        The new file; None if there was nothing to write.

    Raises:
        StoreError: A file is damaged, or the new one cannot be written; the old ones are all there.
    """
    import pyarrow as pa

    keep, seen = seen is not None, set() if seen is None else seen
    tables, entries = [], []
    for part in parts:
        table, offset, begin = read_part(part.path, lambda file: file.read()), 0, 0
        for entry in part.entries:
            if entry["run_id"] in seen:  # in another file too
                tables.append(table.slice(begin, offset - begin))
                begin = offset + entry["queries"]
            else:
                seen.add(entry["run_id"])
                entries.append(entry)
            offset += entry["queries"]
        tables.append(table.slice(begin))
    if not entries:
        return None
    joined = pa.concat_tables(tables, promote_options="default").unify_dictionaries().combine_chunks()
    content = packed_table(joined, entries)
    path = store.runs / file_name([entry["run_id"] for entry in entries], content)
    write_whole(path, content)
    _flush_folder(store.runs)
    for part in parts:
        if not keep and part.path != path:
            part.path.unlink(missing_ok=True)
    return path


def _size(rows: int) -> int:
    """The class of a size: 16 files of one class make at least one of the next."""
    size = 0
    while rows >= FAN:
        rows //= FAN
        size += 1
    return size


def _within(parts: Sequence[Part], rows: int) -> list[Part]:
    """The first files that together have no more than so many rows; two at least."""
    chosen, total = list(parts[:2]), sum(part.rows for part in parts[:2])
    for part in parts[2:]:
        total += part.rows
        if total > rows:
            break
        chosen.append(part)
    return chosen


def _flush_folder(folder: Path) -> None:
    """Makes sure that a new name is on the disk."""
    with suppress(OSError):  # a file system that cannot
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
