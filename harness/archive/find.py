"""From the name of an entry to the entry: of the archive that ships, of one that was fetched, or a folder."""

from pathlib import Path

from equipoise.harness.archive.index import INDEX, Archive, Listed, damage_of
from equipoise.harness.core.errors import StoreError, nearest
from equipoise.harness.data.cache import cache_folder
from equipoise.harness.data.fetch import fetch
from equipoise.harness.data.sources import Source
from equipoise.harness.store.entry import DESCRIPTION, Entry

__all__ = ["REFERENCE", "SHIPPED", "entry_named", "fetch_entry", "fetched_folder", "is_entry"]

SHIPPED = Path(__file__).parent / "shipped"
"""The archive that comes with Equipoise."""

REFERENCE = "reference"


def fetched_folder() -> Path:
    """Where entries of archives elsewhere go, one folder per archive."""
    return cache_folder() / "archives"


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
                folder=fetched_folder(),
            )
        )
    _remember(archive, listed)
    return fetched_folder() / archive.name / name


def _remember(archive: Archive, listed: Listed) -> None:
    """Notes an entry in the index of what was fetched of an archive."""
    folder = fetched_folder() / archive.name
    known = Archive.open(folder) if (folder / "index.json").exists() else Archive(str(folder), archive.name)
    known.with_entry(listed).write()


def is_entry(text: str) -> bool:
    """Tells whether a text names an entry that is here, or the folder of one."""
    indices = [folder for folder in (SHIPPED, *fetched_folder().glob("*")) if (folder / INDEX).is_file()]
    return (Path(text) / DESCRIPTION).is_file() or any(text in Archive.open(folder).entries for folder in indices)


def entry_named(text: str) -> Entry:
    """The entry of that name in the archive that ships, or among those that were fetched; or in a folder.

    Raises:
        StoreError: There is none, or it is damaged.
    """
    path = Path(text)
    if (path / DESCRIPTION).is_file():
        listed = Archive.open(path.parent).entries.get(path.name) if (path.parent / "index.json").is_file() else None
        return _checked(path, listed)
    names: list[str] = []
    for folder in (SHIPPED, *sorted(fetched_folder().glob("*"))):
        if (folder / "index.json").is_file():
            archive = Archive.open(folder)
            if text in archive.entries:
                return _checked(folder / text, archive.entries[text])
            names += archive.entries
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
