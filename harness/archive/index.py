"""The index of an archive: its entries with versions, authors, files and their SHA-256, and a checksum of itself."""

import json
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from http.client import HTTPException
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import StoreError, nearest, one_line, reason_of
from equipoise.harness.core.files import parse_json, write_whole
from equipoise.harness.core.sealed import KEY, sealed, unsealed
from equipoise.harness.data.sources import digest_of
from equipoise.harness.store.description import NAME
from equipoise.harness.store.entry import DESCRIPTION, RUNS

__all__ = ["INDEX", "Archive", "FileFacts", "Listed", "damage_of"]

INDEX, FORMAT = "index.json", 1
MOST_BYTES = 10_000_000
TIMEOUT_SECONDS = 30
FILES = re.compile(rf"{re.escape(RUNS)}|{re.escape(DESCRIPTION)}|code/\w{{1,80}}\.py")
"""The accepted files of an entry."""


@dataclass(frozen=True)
class FileFacts:
    """Digest and size of a file."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Listed:
    """An entry as the index has it.

    Attributes:
        name: Its folder.
        version: Of its runs.
        authors: Who made them.
        about: One line.
        methods: Labels.
        files: Its files, by name.
        verified: Whether a sample of its runs repeated; None if nobody has checked.
        remark: Why it is not verified, or what was checked.
    """

    name: str
    version: str
    authors: tuple[str, ...]
    about: str
    methods: tuple[str, ...]
    files: Mapping[str, FileFacts]
    verified: bool | None = None
    remark: str = ""

    def __str__(self) -> str:
        """The entry in one line."""
        size = sum(facts.size for facts in self.files.values()) / 1e6
        state = {None: "not checked", True: "verified", False: f"UNVERIFIED: {self.remark}"}[self.verified]
        methods = f"{len(self.methods)} method{'s' * (len(self.methods) != 1)}"
        return f"{self.name:<20} {self.version:<8} {size:5.1f} MB  {methods}, {', '.join(self.authors)}; {state}"


@dataclass(frozen=True)
class Archive:
    """An archive.

    Attributes:
        location: The folder, or the URL of the folder.
        name: Of the archive.
        entries: By name.
        sealed: Whether the index has a checksum, against damage; those of former versions have none.
    """

    location: str
    name: str
    entries: Mapping[str, Listed] = field(default_factory=dict)
    sealed: bool = True

    @classmethod
    def open(cls, location: str | Path) -> "Archive":
        """Reads the index of a folder or URL.

        Raises:
            StoreError: There is none, or it is damaged.
        """
        place = str(location).removesuffix(INDEX).rstrip("/")
        shown = one_line(f"{place}/{INDEX}", 200)
        try:
            return _parsed(place, _read(place))
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise StoreError(f"{shown}: cannot be read ({reason}); give the folder or URL of an archive") from error
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise StoreError(f"{shown}: damaged, or no index of an archive ({reason_of(error)})") from error

    @property
    def folder(self) -> Path | None:
        """The folder; None of an archive elsewhere."""
        return None if "://" in self.location else Path(self.location)

    def entry(self, name: str) -> Listed:
        """An entry.

        Raises:
            StoreError: There is none of that name.
        """
        if name not in self.entries:
            raise StoreError(f"{self.location}: no entry '{one_line(name, 80)}'; {nearest(name, self.entries)}")
        return self.entries[name]

    def with_entry(self, listed: Listed) -> "Archive":
        """The archive with an entry, in the place of one of the same name."""
        return replace(self, entries={**self.entries, listed.name: listed})

    def write(self) -> None:
        """Writes the index of an archive that is a folder."""
        assert self.folder is not None
        entries = [{**asdict(entry), "methods": list(entry.methods)} for _, entry in sorted(self.entries.items())]
        content = {"format": FORMAT, "name": self.name, "entries": entries}
        write_whole(self.folder / INDEX, (json.dumps(sealed(content), indent=2) + "\n").encode())


def damage_of(folder: Path, listed: Listed) -> str | None:
    """Tells which file of an entry is not what the index says; None if all are."""
    for name, facts in listed.files.items():
        path = folder / name
        try:
            if (digest := digest_of(path)) != facts.sha256:
                return f"{path}: SHA-256 is {digest[:16]}..., the index says {facts.sha256[:16]}..."
        except OSError as error:
            return f"{path}: cannot be read ({error.strerror})"
    return None


def _read(place: str) -> bytes:
    if "://" not in place:
        return (Path(place) / INDEX).read_bytes()
    request = urllib.request.Request(f"{place}/{INDEX}", headers={"User-Agent": "equipoise"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
        content: bytes = answer.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"longer than {MOST_BYTES} bytes")
    return content


def _parsed(place: str, text: bytes) -> Archive:
    content, has_checksum = unsealed(text), KEY in parse_json(text)
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']!r}; this version reads {FORMAT}")
    entries = [_listed(entry) for entry in content["entries"]]
    if not NAME.fullmatch(content["name"]):
        raise ValueError(f"name {content['name']!r}")
    return Archive(place, content["name"], {entry.name: entry for entry in entries}, has_checksum)


def _listed(content: Mapping[str, Any]) -> Listed:
    files = {str(name): FileFacts(str(f["sha256"]), int(f["size"])) for name, f in content["files"].items()}
    if not NAME.fullmatch(content["name"]):
        raise ValueError(f"name {content['name']!r}")
    if strange := [name for name in files if not FILES.fullmatch(name)]:
        raise ValueError(f"file {strange[0]!r} of {content['name']}")
    if missing := {RUNS, DESCRIPTION} - set(files):
        raise ValueError(f"{content['name']} has no {min(missing)}")
    if content.get("verified") not in (None, True, False):
        raise ValueError(f"verified = {content['verified']!r}")
    name, version, about, remark = (one_line(str(content.get(k, ""))) for k in ("name", "version", "about", "remark"))
    authors, methods = (tuple(one_line(str(one)) for one in content[key]) for key in ("authors", "methods"))
    return Listed(name, version, authors, about, methods, files, content.get("verified"), remark)
