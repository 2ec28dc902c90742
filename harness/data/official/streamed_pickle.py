"""A pickle larger than memory: one dictionary in it is read entry by entry.

Python's own unpickler builds the whole object, and keeps everything it ever built in a memo, because a later part of
the pickle may refer back to it. Here a first pass over the bytes, which builds nothing, finds the few references that
reach far back (names of attributes, mostly); in the second pass everything else is forgotten as soon as it is out of
reach. Only what ``torch.save`` and the C pickler write in protocol 2 for plain data is understood.
"""

import struct
from collections.abc import Callable, Generator
from mmap import mmap
from typing import Any

from equipoise.harness.core.errors import DataError, reason_of
from equipoise.harness.data.pickled_arrays import PickledDtype
from equipoise.harness.data.unpickle import Allowed, Budget, look_up

__all__ = ["entries"]

WINDOW = 200_000
"""Number of latest memoised objects that are all kept; one architecture of NAS-Bench-201 has 30,000."""

ENTRY_BYTES = 1 << 24
"""The assumed maximum size of an entry, for the budget of its calls."""

MOST_DEPTH = 8
"""Tuples within tuples; hashing takes stack for each."""

# fmt: off
MARK, STOP, NONE, TRUE, FALSE = b"(.N\x88\x89"
INT4, INT1, INT2, LONG1, FLOAT = b"JKM\x8aG"
TEXT, GLOBAL, REDUCE, BUILD = b"XcRb"
DICT, LIST, TUPLE0, TUPLE, TUPLE1, TUPLE2, TUPLE3 = b"}])t\x85\x86\x87"
APPEND, APPENDS, SETITEM, SETITEMS = b"aesu"
PUT1, PUT4, GET1, GET4, PROTOCOL = b"qrhj\x80"
PUTS, GETS, TRUTHS, SETS = b"qr", b"hj", b"\x88\x89", b"su"
# fmt: on

_STEPS = [0] * 256
"""Of each operation with arguments of fixed length: how far the next one is; 0 for all others."""
for _steps, _codes in (
    (1, (MARK, NONE, TRUE, FALSE, REDUCE, BUILD, DICT, LIST, TUPLE0, TUPLE, TUPLE1, TUPLE2, TUPLE3)),
    (1, (APPEND, APPENDS, SETITEM, SETITEMS)),
    (2, (INT1, PROTOCOL)),
    (3, (INT2,)),
    (5, (INT4,)),
    (9, (FLOAT,)),
):
    for _code in _codes:
        _STEPS[_code] = _steps

_word = struct.Struct("<I").unpack_from
_signed = struct.Struct("<i").unpack_from
_short = struct.Struct("<H").unpack_from
_double = struct.Struct(">d").unpack_from


def entries(
    data: mmap | bytes, start: int, shown: str, allowed: Allowed, key: str, forget: Callable[[int], None]
) -> Generator[tuple[Any, Any], None, dict[str, Any]]:
    """Yields the entries of ``pickled[key]``, itself a dictionary of dictionaries, one at a time.

    Args:
        data: The bytes, best a memory map.
        start: Where the pickle begins in them.
        shown: What an error calls the file.
        allowed: Names that it may look up.
        key: Of the outermost dictionary.
        forget: Told up to where the bytes will not be looked at again, from time to time.

    Returns:
        The outermost dictionary, in which ``key`` is empty.

    Raises:
        DataError: The bytes end early, ask for a name that is not allowed, or are no such pickle.
    """
    try:
        far = _far(data, start, forget)
        outermost: dict[str, Any] = yield from _walk(data, start, shown, allowed, key, far, forget)
    except DataError:
        raise
    except (IndexError, struct.error) as error:
        raise DataError(f"{shown}: ends too early, or is damaged ({error}); get the file again") from error
    except Exception as error:  # a damaged pickle raises anything
        raise DataError(f"{shown}: not a readable pickle ({reason_of(error)}); get the file again") from error
    return outermost


def _far(data: mmap | bytes, place: int, forget: Callable[[int], None]) -> set[int]:
    """The objects that are referred to from further away than `WINDOW`, by their numbers in the memo."""
    far: set[int] = set()
    top, begun, steps = 0, place, _STEPS
    while True:
        code = data[place]
        step = steps[code]
        if step:
            place += step
        elif code == PUT4:
            top = _word(data, place + 1)[0]
            place += 5
        elif code == TEXT:
            place += 5 + _word(data, place + 1)[0]
        elif code in GETS:
            wide = code == GET4
            number = _word(data, place + 1)[0] if wide else data[place + 1]
            if top - number >= WINDOW:
                far.add(number)
            place += 5 if wide else 2
        elif code == PUT1:
            top = data[place + 1]
            place += 2
        elif code == LONG1:
            place += 2 + data[place + 1]
        elif code == GLOBAL:
            _, place = _lines(data, place + 1)
        elif code == STOP:
            return far
        else:
            raise ValueError(f"operation {code:#x} at byte {place}")
        if place - begun > 1 << 26:
            forget(place)
            begun = place


def _lines(data: mmap | bytes, place: int) -> tuple[int, int]:
    """Where the first of two lines ends, and what follows the second.

    Raises:
        IndexError: The file ends before.
    """
    middle = data.find(b"\n", place)
    end = data.find(b"\n", middle + 1) if middle >= 0 else -1
    if end < 0:
        raise IndexError("a name without an end")
    return middle, end + 1


def _walk(
    data: mmap | bytes,
    place: int,
    shown: str,
    allowed: Allowed,
    key: str,
    far: set[int],
    forget: Callable[[int], None],
) -> Generator[tuple[Any, Any], None, Any]:
    """Executes the pickle, handing out every entry of the wanted dictionary as soon as it is whole."""
    stack: list[Any] = []
    marks: list[int] = []
    near: dict[int, Any] = {}
    kept: dict[int, Any] = {}
    wanted = -1  # where on the stack the wanted dictionary is
    budget = Budget(ENTRY_BYTES)
    push = stack.append
    while True:
        code = data[place]
        place += 1
        if code == FLOAT:
            push(_double(data, place)[0])
            place += 8
        elif code in PUTS:
            wide = code == PUT4
            number = _word(data, place)[0] if wide else data[place]
            place += 4 if wide else 1
            (kept if number in far else near)[number] = stack[-1]
        elif code == INT1:
            push(data[place])
            place += 1
        elif code == TEXT:
            end = place + 4 + _word(data, place)[0]
            if end > len(data):
                raise IndexError("a text longer than the file")
            push(data[place + 4 : end].decode())
            place = end
        elif code in GETS:
            wide = code == GET4
            number = _word(data, place)[0] if wide else data[place]
            place += 4 if wide else 1
            push(kept[number] if number in kept else near[number])
        elif code == MARK:
            marks.append(len(stack))
        elif code in SETS:
            if len(stack) == wanted + 1 and code == SETITEM:
                continue  # the only entry, handed out already
            first = marks.pop() if code == SETITEMS else len(stack) - 2
            if first - 1 == wanted and first < len(stack):
                raise ValueError(f"an entry of '{key}' is no dictionary")
            target = stack[first - 1]
            for number in range(first, len(stack), 2):
                target[stack[number]] = stack[number + 1]
            del stack[first:]
            if len(stack) == wanted + 3 and wanted > 0 and (not marks or marks[-1] <= wanted + 1):
                yield stack[-2], stack[-1]
                del stack[-2:]
                _drop(near)
                forget(place)
                budget.renew(ENTRY_BYTES)
        elif code == DICT:
            if stack and stack[-1] == key and len(stack) <= 6 and len(marks) <= 1:
                wanted = len(stack)
            push({})
        elif code == LIST:
            push([])
        elif code == APPENDS:
            first = marks.pop()
            stack[first - 1].extend(stack[first:])
            del stack[first:]
        elif code == APPEND:
            value = stack.pop()
            stack[-1].append(value)
        elif code == TUPLE2:
            stack[-2:] = [_shallow((stack[-2], stack[-1]))]
        elif code == INT2:
            push(_short(data, place)[0])
            place += 2
        elif code == INT4:
            push(_signed(data, place)[0])
            place += 4
        elif code == NONE:
            push(None)
        elif code in TRUTHS:
            push(code == TRUE)
        elif code == TUPLE0:
            push(())
        elif code == TUPLE1:
            stack[-1] = _shallow((stack[-1],))
        elif code == TUPLE3:
            stack[-3:] = [_shallow(tuple(stack[-3:]))]
        elif code == TUPLE:
            first = marks.pop()
            stack[first:] = [_shallow(tuple(stack[first:]))]
        elif code == LONG1:
            size = data[place]
            push(int.from_bytes(data[place + 1 : place + 1 + size], "little", signed=True))
            place += 1 + size
        elif code == GLOBAL:
            middle, end = _lines(data, place)
            end -= 1
            push(look_up(data[place:middle].decode(), data[middle + 1 : end].decode(), shown, allowed, budget))
            place = end + 1
        elif code == REDUCE:
            arguments = stack.pop()
            stack[-1] = stack[-1](*arguments)
        elif code == BUILD:
            state = stack.pop()
            if not isinstance(stack[-1], PickledDtype):
                raise ValueError(f"a state for {type(stack[-1]).__name__}")
            stack[-1].__setstate__(state)
        elif code == STOP:
            if wanted < 0:
                raise DataError(f"{shown}: holds no dictionary '{key}'; get the file again")
            return stack[-1]
        elif code == PROTOCOL:
            place += 1
        else:
            raise ValueError(f"operation {code:#x} at byte {place - 1}")


def _shallow(made: tuple[Any, ...]) -> tuple[Any, ...]:
    """The tuple, if tuples within it are no deeper than `MOST_DEPTH`."""
    level, depth = made, 0
    while level := tuple(inner for part in level if type(part) is tuple for inner in part):
        depth += 1
        if depth > MOST_DEPTH:
            raise ValueError("tuples within tuples")
    return made


def _drop(near: dict[int, Any]) -> None:
    """Forgets what is out of reach."""
    numbers = list(near)
    for number in numbers:
        if numbers[-1] - number < WINDOW:
            break
        del near[number]
