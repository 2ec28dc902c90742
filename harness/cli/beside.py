"""Options of commands that put archived runs beside results."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from equipoise.harness.core.suite import Suite
    from equipoise.harness.store.entry import Entry

__all__ = ["WithEntries", "WithReference", "announce", "entries_beside", "entry_at"]

LOG = logging.getLogger("equipoise")

WithReference = Annotated[
    bool, typer.Option("--with-reference", help="Include the reference runs that come with Equipoise.")
]
WithEntries = Annotated[
    list[str] | None,
    typer.Option("--with", metavar="NAME", help="Include an entry of an archive; may be given again."),
]


def announce(suite: "Suite", beside: "Sequence[Entry]") -> None:
    """Logs what keeps entries from standing beside a suite, before it runs."""
    if not beside:
        return
    from equipoise.harness.store.comparable import comparable
    from equipoise.harness.store.task_data import described

    manifest = {"suite": suite.to_dict(), "tasks": described(suite, suite.tasks)}
    for entry in beside:
        for line in comparable(manifest, entry).differences:
            LOG.warning("%s", line)


def entry_at(place: Path) -> "Entry | None":
    """The entry at a place or of a name; None where a results folder is meant.

    Raises:
        StoreError: The entry is damaged.
    """
    from equipoise.harness.archive.find import entry_named
    from equipoise.harness.store.entry import DESCRIPTION

    named = not place.exists() and place.name == str(place)
    return entry_named(str(place)) if named or (place / DESCRIPTION).is_file() else None


def entries_beside(with_reference: bool, names: Sequence[str] | None) -> "list[Entry]":
    """The entries that are asked for.

    Raises:
        StoreError: One is not here, or damaged.
    """
    from equipoise.harness.archive.find import REFERENCE, entry_named

    wanted = [*([REFERENCE] if with_reference else []), *(names or ())]
    return [entry_named(name) for name in dict.fromkeys(wanted)]
