"""From the name of an entry to the entry: of the archive that ships, of one that was fetched, or a folder."""

import hashlib
from pathlib import Path

from equipoise.harness.archive.index import INDEX, Archive, Listed, damage_of
from equipoise.harness.core.errors import StoreError, nearest
from equipoise.harness.data.cache import cache_folder
from equipoise.harness.data.fetch import fetch
from equipoise.harness.data.sources import Source
from equipoise.harness.store.entry import DESCRIPTION, Entry

__all__ = ["REFERENCE", "SHIPPED", "archives_here", "entry_named", "fetch_entry", "fetched_folder", "is_entry"]

SHIPPED = Path(__file__).parent / "shipped"
"""The archive that comes with Equipoise."""

REFERENCE = "reference"


def fetched_folder() -> Path:
    """Where entries of archives elsewhere go: one folder per address, named by its digest, and in it one per name."""
    return cache_folder() / "archives"


def archives_here() -> list[Path]:
    """The folders of the archive that ships and of what was fetched; former versions had no folder per address."""
    found = [path for pattern in (f"*/{INDEX}", f"*/*/{INDEX}") for path in sorted(fetched_folder().glob(pattern))]
    return [folder for folder in (SHIPPED, *(path.parent for path in found)) if (folder / INDEX).is_file()]


def _folder_of(archive: Archive) -> Path:
    return fetched_folder() / hashlib.sha256(archive.location.encode()).hexdigest()[:16]


def fetch_entry(archive: Archive, name: str) -> Path:
    """Brings an entry here, checked by its digests; one of a folder stays where it is.

    ``EQUIPOISE_MIRROR/ARCHIVE/ENTRY/`` is searched first; interrupted downloads are resumed.

    Returns:
        Its folder.

    Raises:
        StoreError: There is no such entry, or a file of it is damaged.
        DataError: A file is not available, or is not what the index says.
    """
    listed = archive.entry(name)
    if archive.folder is not None:
        if (damage := damage_of(archive.folder / name, listed)) is not None:
            raise StoreError(f"{damage}; get the archive again, or ask its owner")
        return archive.folder / name
    for file, facts in listed.files.items():
        fetch(
            Source(
                name=name,
                file=f"{archive.name}/{name}/{file}",
                url=f"{archive.location}/{name}/{file}",
                sha256=facts.sha256,
                size=facts.size,
                licence="",
                origin=", ".join(listed.authors),
                tasks="",
                folder=_folder_of(archive),
            )
        )
    _remember(archive, listed)
    return _folder_of(archive) / archive.name / name


def _remember(archive: Archive, listed: Listed) -> None:
    """Notes an entry in the index of what was fetched of an archive."""
    folder = _folder_of(archive) / archive.name
    known = Archive.open(folder) if (folder / "index.json").exists() else Archive(str(folder), archive.name)
    known.with_entry(listed).write()


def is_entry(text: str) -> bool:
    """Tells whether a text names an entry that is here, or the folder of one."""
    return (Path(text) / DESCRIPTION).is_file() or any(text in Archive.open(one).entries for one in archives_here())


def entry_named(text: str) -> Entry:
    """The entry of that name in the archive that ships, or among those that were fetched; or in a folder.

    Raises:
        StoreError: There is none, or it is damaged; or several archives have it.
    """
    path = Path(text)
    if (path / DESCRIPTION).is_file():
        listed = Archive.open(path.parent).entries.get(path.name) if (path.parent / "index.json").is_file() else None
        return _checked(path, listed)
    archives = {folder: Archive.open(folder) for folder in archives_here()}
    names = [name for archive in archives.values() for name in archive.entries]
    holding = [folder for folder, archive in archives.items() if text in archive.entries]
    if SHIPPED in holding:
        holding = [SHIPPED]
    if len(holding) > 1:
        inside = ", ".join(str(folder / text) for folder in holding)
        raise StoreError(f"'{text}' is in {len(holding)} archives here; give the folder of one: {inside}")
    for folder in holding:
        return _checked(folder / text, archives[folder].entries[text])
    if (path / "index.json").is_file():
        inside = ", ".join(str(path / name) for name in Archive.open(path).entries) or "none"
        raise StoreError(f"'{text}' is an archive; name one of its entries: {inside}")
    raise StoreError(
        f"no entry '{text}' here; {nearest(text, names)}; or give its folder, or fetch it with equipoise archive get"
    )


def _checked(folder: Path, listed: Listed | None) -> Entry:
    """An entry whose files are what the index says, with the verdict of the index."""
    if listed is not None and (damage := damage_of(folder, listed)) is not None:
        raise StoreError(f"{damage}; get the entry again")
    entry = Entry(folder)
    if listed is not None:
        entry.description |= {"verified": listed.verified, "remark": listed.remark}
    return entry
