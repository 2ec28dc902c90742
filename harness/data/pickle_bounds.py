"""Finds the end of a pickle without building anything, and refuses what would take far more memory than it has bytes.

Python's unpickler believes the numbers in a file: a memo index of 2^31 makes a table of that size, a length of 4 GiB
a buffer. Here every operation is stepped over first; runs of the usual ones are one match of a regular expression.
"""

import re
from mmap import mmap

__all__ = ["end_of_pickle"]

_SHORT = range(33)
"""Lengths of texts and bytes that the regular expression steps over."""


def _sized(tail: bytes) -> bytes:
    return b"|".join(re.escape(bytes([size])) + tail + b".{%d}" % size for size in _SHORT)


MOST_TUPLES = 50_000
"""Beside the arguments of calls. Hashing tuples within tuples takes stack: a million of them end the process."""

_RUN = re.compile(
    rb"(?:[0-2()\]}aelsdu\x88\x89N\x8f\x90\x93\x94Rbo\x81\x92Q]+"  # no argument
    rb"|[t\x85-\x87](?:q.|r..[\x00-\x0f]\x00|\x94)?[R\x81b]"  # a tuple of arguments, or a state
    rb"|[Kqh\x80].|M..|[Jj].{4}|G.{8}"  # one of fixed length
    rb"|r..[\x00-\x0f]\x00"  # a memo index below 2^20
    rb"|X(?:" + _sized(rb"\x00\x00\x00") + rb")|[U\x8cC\x8a](?:" + _sized(rb"") + rb"))*+",
    re.DOTALL,
)

_LENGTHS = {**dict.fromkeys(b"TXB\x8b", 4), **dict.fromkeys(b"U\x8cC\x8a", 1), **dict.fromkeys(b"\x8d\x8e\x96", 8)}
"""Operations followed by a length of so many bytes, and then by as much content."""

_LINES = {**dict.fromkeys(b"ILSVFg", 1), **dict.fromkeys(b"ci", 2)}
"""Operations followed by so many lines."""

FRAME, STOP, LONG_PUT, PUT = b"\x95.rp"
TUPLES = b"t\x85\x86\x87\x91"


def end_of_pickle(content: bytes | mmap, start: int = 0) -> int:
    """Finds the byte behind the pickle that begins at `start`.

    Raises:
        ValueError: It ends early, has an operation that no plain data needs, or a memo index or a length beyond its
            size.
    """
    place, size, tuples = start, len(content), 0
    while True:
        found = _RUN.match(content, place)
        assert found is not None  # it matches nothing at all, too
        place = found.end()
        if place >= size:
            raise ValueError("it ends early")
        code = content[place]
        place += 1
        if code == STOP:
            return place
        if code in TUPLES:
            tuples += 1
            if tuples > MOST_TUPLES:
                raise ValueError(f"more than {MOST_TUPLES} tuples")
        elif code in _LENGTHS:
            width = _LENGTHS[code]
            place += width + int.from_bytes(content[place : place + width], "little")
        elif code == FRAME:
            if int.from_bytes(content[place : place + 8], "little") > size - place - 8:
                raise ValueError("a frame is longer than the file")
            place += 8
        elif code == LONG_PUT:
            if int.from_bytes(content[place : place + 4], "little") > size:
                raise ValueError("a memo index is beyond the size of the file")
            place += 4
        elif code == PUT:
            end = _line(content, place)
            if end - place > 10 or int(content[place:end]) > size:
                raise ValueError("a memo index is beyond the size of the file")
            place = end
        elif code in _LINES:
            for _ in range(_LINES[code]):
                place = _line(content, place)
        else:
            raise ValueError(f"operation {code:#x} at byte {place - 1}")
        if place > size:
            raise ValueError("a value is longer than the file")


def _line(content: bytes | mmap, place: int) -> int:
    end = content.find(b"\n", place)
    if end < 0:
        raise ValueError("a line has no end")
    return end + 1
