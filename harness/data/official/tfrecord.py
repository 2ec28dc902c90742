"""TFRecord files without TensorFlow: the framing, and the checksums of length and content.

A record is its length (8 bytes), the masked CRC-32C of these 8 bytes, the content, and the masked CRC-32C of the
content. The checksums of some thousand records are computed side by side, byte by byte: about a microsecond per record.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError

__all__ = ["contents", "framed", "masked_crc"]

BATCH = 4096
MOST_BYTES = 1 << 20
"""Limit of one record: the real ones have about 400 bytes."""

_POLYNOMIAL = 0x82F63B78  # Castagnoli, bits reversed
_MASK = 0xA282EAD8

_Words = npt.NDArray[np.uint32]
_Frame = tuple[bytes, int]


def _table() -> _Words:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, (values >> 1) ^ np.uint32(_POLYNOMIAL), values >> 1)
    return values


_TABLE = _table()


def masked_crc(contents: Sequence[bytes]) -> _Words:
    """The masked CRC-32C of each of n byte strings (n values).

    The strings are aligned at their ends. Leading zeros do not change a checksum that starts from 0, and
    starting from all ones is the same as inverting the first four bytes.
    """
    padded = [content.ljust(4, b"\0") for content in contents]
    width = max(map(len, padded), default=4)
    rows = np.zeros((len(padded), width), dtype=np.uint8)
    for row, content in zip(rows, padded, strict=True):
        start = width - len(content)
        row[start:] = np.frombuffer(content, dtype=np.uint8)
        row[start : start + 4] ^= 255
    words = np.zeros(len(padded), dtype=np.uint32)
    for column in np.ascontiguousarray(rows.T):
        words = _TABLE[(words ^ column) & 255] ^ (words >> 8)
    words = ~words
    for number, content in enumerate(contents):
        if len(content) < 4:
            words[number] = _plain(content)
    masked: _Words = np.add(words >> 15 | words << 17, np.uint32(_MASK), dtype=np.uint32)
    return masked


def _plain(content: bytes) -> int:
    word = 0xFFFFFFFF
    for byte in content:
        word = int(_TABLE[(word ^ byte) & 255]) ^ (word >> 8)
    return word ^ 0xFFFFFFFF


def framed(contents: Sequence[bytes]) -> bytes:
    """Writes records in sequence."""
    lengths = [len(content).to_bytes(8, "little") for content in contents]
    firsts, seconds = masked_crc(lengths).astype("<u4"), masked_crc(contents).astype("<u4")
    return b"".join(
        length + first.tobytes() + content + second.tobytes()
        for length, first, content, second in zip(lengths, firsts, contents, seconds, strict=True)
    )


def contents(path: Path) -> Iterator[bytes]:
    """Yields the content of every record, after checking its checksum.

    Raises:
        DataError: The file cannot be read, ends within a record, or a checksum does not agree.
    """
    try:
        with path.open("rb") as file:
            more = True
            while more:
                place, frames = file.tell(), _batch(path, file)
                _check(path, place, frames)
                yield from (content for content, _ in frames)
                more = len(frames) == BATCH
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _batch(path: Path, file: IO[bytes]) -> list[_Frame]:
    """The next records, each with its stored checksum; the lengths are checked, the contents are not yet."""
    frames: list[_Frame] = []
    while len(frames) < BATCH:
        place, head = file.tell(), file.read(12)
        if not head:
            break
        length = int.from_bytes(head[:8], "little")
        if len(head) == 12 and (_masked_length(head[:8]) != int.from_bytes(head[8:], "little") or length > MOST_BYTES):
            raise DataError(f"{path}: at byte {place}, the length of a record is damaged; get the file again")
        rest = file.read(length + 4) if len(head) == 12 else b""
        if len(rest) < length + 4:
            raise DataError(f"{path}: ends within the record that begins at byte {place}; get the file again")
        frames.append((rest[:-4], int.from_bytes(rest[-4:], "little")))
    return frames


def _check(path: Path, place: int, frames: list[_Frame]) -> None:
    stored = np.array([checksum for _, checksum in frames], dtype=np.uint32)
    wrong = np.flatnonzero(masked_crc([content for content, _ in frames]) != stored)
    if len(wrong):
        place += sum(len(content) + 16 for content, _ in frames[: wrong[0]])
        raise DataError(f"{path}: the checksum of the record at byte {place} is wrong; get the file again")


@lru_cache(maxsize=4096)
def _masked_length(head: bytes) -> int:
    return int(masked_crc([head])[0])
