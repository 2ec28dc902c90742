"""NAS-Bench-201: the official ``.pth``, read without torch and without ever holding it.

The file is what ``torch.save`` makes of one dictionary of plain numbers: several pickles one behind the other (before
torch 1.6), or a zip archive with the pickle stored in it. No tensor is in it, so nothing of torch is needed. Loading
it the official way takes 28 GB of memory; here one architecture at a time is built (`streamed_pickle`), and the pages
of the file that were read are given back: about 200 MB, whatever the number of architectures (``python
speed/imports.py pth 600``).
"""

import struct
import zipfile
from collections.abc import Callable, Iterator
from mmap import ACCESS_READ, MADV_DONTNEED, PAGESIZE, mmap
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import DataError, one_line, reason_of
from equipoise.harness.data.archive import DAMAGED_ZIP
from equipoise.harness.data.official.arch_results import runs
from equipoise.harness.data.official.record import Record
from equipoise.harness.data.official.streamed_pickle import entries
from equipoise.harness.data.unpickle import NUMPY_SCALARS, ORDERED, Allowed, load_pickle
from equipoise.harness.spaces.nasbench201 import NasBench201

__all__ = ["EPOCHS", "recognises", "records"]

EPOCHS = {"less": 12, "full": 200}
"""The names of the two trainings in the file."""

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
"""The bytes that ``torch.save`` wrote before its pickles until it made zip archives."""

_SPACE = NasBench201()
_ALLOWED: Allowed = {
    **NUMPY_SCALARS,
    **ORDERED,
    ("__builtin__", "set"): set,
    ("builtins", "set"): set,
    ("_codecs", "encode"): lambda text, _: text.encode("latin1"),  # how protocol 2 writes bytes
}


def recognises(path: Path) -> bool:
    """Whether this looks like the official file."""
    return path.is_file() and path.suffix == ".pth"


def records(path: Path, curve: bool = False) -> Iterator[Record]:
    """Yields every run of every architecture, in the order of the file.

    Args:
        path: ``NAS-Bench-201-v1_1-096897.pth``.
        curve: Also yield every epoch of the 200-epoch training on CIFAR-10 (data set ``cifar10-curve``).

    Raises:
        DataError: The file is damaged, is no such file, or asks for a name that is not allowed.
    """
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            start = _start(path, data)
            for index, stored in entries(data, start, str(path), _ALLOWED, "arch2infos", _give_back(data)):
                text, architecture, trainings = _of(path, index, stored)
                yield from runs(path, architecture, text, trainings, curve)
    except (OSError, ValueError) as error:  # a file of no bytes cannot be mapped
        raise DataError(f"{path}: cannot be read ({error})") from error


def _of(path: Path, index: object, stored: Any) -> tuple[str, tuple[int, ...], dict[int, Any]]:
    try:
        text = stored["full"]["arch_str"]
        return text, _SPACE.parse(text), {epochs: stored[name] for name, epochs in EPOCHS.items()}
    except Exception as error:  # whatever is in the place of what the format says
        shown = one_line(str(index)) if isinstance(index, str | int) else type(index).__name__
        raise DataError(f"{path}: entry {shown} holds no results of an architecture ({reason_of(error)})") from error


def _start(path: Path, data: mmap) -> int:
    """Where the pickle of the dictionary begins."""
    if data[:4] == b"PK\x03\x04":
        return _in_zip(path, data)
    place = 0
    for expected in (MAGIC, PROTOCOL, None):  # then a description of the machine that wrote it
        found, place = load_pickle(data, str(path), start=place)
        if expected is not None and found != expected:
            raise DataError(f"{path}: not a file of torch.save; get the file again")
    return place


def _in_zip(path: Path, data: mmap) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            (member,) = (info for info in archive.infolist() if info.filename.endswith("data.pkl"))
    except DAMAGED_ZIP as error:
        raise DataError(f"{path}: damaged, or not a file of torch.save ({error}); get the file again") from error
    if member.compress_type != zipfile.ZIP_STORED:
        raise DataError(f"{path}: its pickle is compressed, which torch.save never does; get the file again")
    if not 0 <= member.header_offset <= len(data) - 30:
        raise DataError(f"{path}: its pickle begins outside of the file; get the file again")
    name, extra = struct.unpack_from("<HH", data, member.header_offset + 26)
    return int(member.header_offset + 30 + name + extra)


def _give_back(data: mmap) -> Callable[[int], None]:
    """Lets the system take back the pages of what was read, some MB at a time."""
    given = 0

    def forget(place: int) -> None:
        nonlocal given
        place -= place % PAGESIZE
        if place < given:
            given = 0  # the second pass begins
        if place - given >= 1 << 24:
            data.madvise(MADV_DONTNEED, given, place - given)
            given = place

    return forget
