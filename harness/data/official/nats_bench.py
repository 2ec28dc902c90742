"""NATS-Bench in fast mode: a folder, or a tar of one, with a compressed pickle for each architecture.

Only one architecture is in memory at a time. The pickles are read with an allow-list, nothing is unpacked to disk.
"""

import bz2
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from equipoise.harness.core.errors import DataError, SpaceError, reason_of
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.data.official.arch_results import runs
from equipoise.harness.data.official.record import Record
from equipoise.harness.data.unpickle import NUMPY_SCALARS, ORDERED, load_pickle
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nats_sss import NatsSss

__all__ = ["CITATION", "EPOCHS", "recognises", "records", "space_of"]

EPOCHS = {"nasbench201": (12, 200), "nats_sss": (1, 12, 90)}
"""Of each space: the trainings that the archive must hold of every architecture."""

CITATION = """@article{dong2021nats,
  title = {{NATS-Bench}: Benchmarking {NAS} Algorithms for Architecture Topology and Size},
  author = {Dong, Xuanyi and Liu, Lu and Musial, Katarzyna and Gabrys, Bogdan},
  journal = {IEEE Transactions on Pattern Analysis and Machine Intelligence},
  year = {2021}
}"""

META = "meta.pickle.pbz2"
MOST_BYTES = 1 << 25
"""Of one pickle, unpacked; the real ones have about 300 kB, the list of architectures 1.5 MB."""

_Open = Callable[[str], IO[bytes]]


def recognises(path: Path) -> bool:
    """Whether this looks like such an archive."""
    if path.is_dir():
        return (path / META).is_file()
    return path.suffix == ".tar" and "NATS" in path.name


def space_of(path: Path) -> SearchSpace:
    """The space whose architectures the archive lists.

    Raises:
        DataError: The archive is damaged, or lists architectures of no known space.
    """
    with _opened(path) as open_member:
        return _space(path, _meta(path, open_member)[0])


def records(path: Path, curve: bool = False) -> Iterator[Record]:
    """Yields every run of every evaluated architecture, in the order of the archive.

    Args:
        path: The folder or tar.
        curve: Also yield every epoch of the longest training on CIFAR-10 (data set ``cifar10-curve``).

    Raises:
        DataError: The archive is damaged or incomplete, its pickles ask for a name that is not allowed, or a member
            lies outside of it.
    """
    with _opened(path) as open_member:
        texts, indexes = _meta(path, open_member)
        space = _space(path, texts)
        for index in indexes:
            name = f"{index:06d}.pickle.pbz2"
            stored = _read(path, name, open_member)
            try:
                architecture = space.parse(texts[index])
                trainings = {epochs: stored[_key(space, epochs)] for epochs in EPOCHS[space.name]}
            except Exception as error:  # whatever is in the place of what the format says
                raise DataError(f"{path}/{name}: not the results of an architecture ({reason_of(error)})") from error
            yield from runs(path / name, architecture, texts[index], trainings, curve)


def _key(space: SearchSpace, epochs: int) -> str:
    return f"{epochs:02d}" if space.name == "nats_sss" else str(epochs)


def _meta(path: Path, open_member: _Open) -> tuple[list[str], list[int]]:
    meta = _read(path, META, open_member)
    try:
        texts, indexes = list(meta["meta_archs"]), sorted(meta["evaluated_indexes"])
        if not all(isinstance(text, str) for text in texts) or not all(type(index) is int for index in indexes):
            raise TypeError("architectures are texts, and their indexes whole numbers")
    except Exception as error:  # whatever is in the place of what the format says
        raise DataError(f"{path}/{META}: not the list of a NATS-Bench archive ({reason_of(error)})") from error
    if not texts or len(set(texts)) != len(texts) or not set(indexes) <= set(range(len(texts))):
        raise DataError(f"{path}/{META}: lists architectures twice, or numbers that it has no architecture for")
    return texts, indexes


def _space(path: Path, texts: list[str]) -> SearchSpace:
    space: SearchSpace = NasBench201() if "|" in texts[0] else NatsSss()
    try:
        space.parse(texts[0])
    except SpaceError as error:
        raise DataError(f"{path}/{META}: {error}") from error
    return space


def _read(path: Path, name: str, open_member: _Open) -> Any:
    try:
        with open_member(name) as file, bz2.BZ2File(file) as unpacked:
            content = unpacked.read(MOST_BYTES + 1)
    except KeyError:
        raise DataError(f"{path}: {name} is missing; get the archive again") from None
    except FileNotFoundError:
        raise DataError(f"{path}: {name} is missing; get the archive again") from None
    except (OSError, EOFError, tarfile.TarError) as error:
        raise DataError(f"{path}/{name}: damaged ({error}); get the archive again") from error
    if len(content) > MOST_BYTES:
        raise DataError(f"{path}/{name}: would unpack to more than the accepted {MOST_BYTES} bytes")
    return load_pickle(content, f"{path}/{name}", {**NUMPY_SCALARS, **ORDERED})[0]


@contextmanager
def _opened(path: Path) -> Iterator[_Open]:
    if path.is_dir():
        yield lambda name: (path / name).open("rb")
        return
    try:
        with tarfile.open(path, "r:") as archive:
            members = _members(path, archive)

            def open_member(name: str) -> IO[bytes]:
                file = archive.extractfile(members[name])
                assert file is not None  # a regular file, or it would not be in `members`
                return file

            yield open_member
    except (tarfile.TarError, OSError) as error:
        raise DataError(f"{path}: damaged archive ({error}); get it again") from error


def _members(path: Path, archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """The pickles of the archive by file name, after the place of every member was checked."""
    found: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        place = PurePosixPath(member.name.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or not (member.isfile() or member.isdir()):
            raise DataError(f"{path}: the member '{member.name}' lies outside the archive; nothing was read")
        if member.isfile() and re.fullmatch(r"(meta|\d{6})\.pickle\.pbz2", place.name):
            found[place.name] = member
    return found
