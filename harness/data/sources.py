"""The upstream files of the tasks, and their places once fetched."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from equipoise.harness.core.errors import DataError, nearest
from equipoise.harness.data.cache import downloads_folder

__all__ = ["Source", "digest_of", "source", "sources"]


@dataclass(frozen=True)
class Source:
    """One upstream file.

    Attributes:
        name: Its name in `equipoise data fetch`.
        file: Its name at the source, in a mirror, and here.
        url: Its address, pinned to a commit or version.
        sha256: Its digest.
        size: Its size in bytes.
        licence: The licence that its source states.
        origin: The authors of the numbers.
        tasks: The tasks that need it.
        folder: Where it goes; if None, among the other downloads.
    """

    name: str
    file: str
    url: str
    sha256: str
    size: int
    licence: str
    origin: str
    tasks: str
    folder: Path | None = None

    @property
    def path(self) -> Path:
        """Its place once fetched: in its folder, or else in the folder ``downloads`` of the cache."""
        return (self.folder or downloads_folder()) / self.file

    def missing(self) -> str | None:
        """Tells why the file cannot be used, and how to get it; None if it is present. Only its size is checked."""
        try:
            whole = self.path.stat().st_size == self.size
        except OSError:
            return f"needs {self.file} ({self.size / 1e6:.1f} MB): equipoise data fetch {self.name}"
        return None if whole else f"{self.path} is not whole: equipoise data fetch {self.name}"

    def checked(self) -> Path:
        """The path of the fetched file, after checking its digest.

        Raises:
            DataError: It is missing or damaged.
        """
        if (reason := self.missing()) is not None:
            raise DataError(reason)
        if (digest := digest_of(self.path)) != self.sha256:
            raise DataError(
                f"{self.path}: SHA-256 is {digest[:16]}..., expected {self.sha256[:16]}...; "
                f"equipoise data fetch {self.name}"
            )
        return self.path


@lru_cache(maxsize=1)
def sources() -> dict[str, Source]:
    """Every known file, by name."""
    with (Path(__file__).parent / "sources.toml").open("rb") as file:
        return {name: Source(name, **entry) for name, entry in tomllib.load(file).items()}


def source(name: str) -> Source:
    """One known file.

    Raises:
        DataError: There is none of that name.
    """
    if name not in sources():
        raise DataError(f"no data source '{name}'; {nearest(name, sources())}")
    return sources()[name]


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
