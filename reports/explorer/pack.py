"""Arrays as compressed bytes that a script unpacks: little-endian, byte planes apart, quantised where it is said."""

import base64
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["Block", "Column"]


STEPS = 65_534
"""Levels of a quantised column; the code after them stands for a missing value."""
DISTINCT_SHARE = 4
"""A column that may be quantised is kept exactly where at most every fourth value is a new one."""
WIDE = 100.0
"""Positive values are quantised by their logarithm where the largest is this many times the smallest."""
TYPES = {"u1": "u8", "u2": "u16", "u4": "u32", "f4": "f32"}


@dataclass(frozen=True)
class Column:
    """A packed column of numbers.

    Attributes:
        codec: ``exact`` (codes of distinct values, in single precision), ``linear`` or ``log``.
        parts: Places of its arrays in the block.
        low: Value, or logarithm, of code 0.
        high: Value, or logarithm, of the last code.
        error: The largest absolute difference that quantising made (``linear``), or relative one (``log``).
    """

    codec: str
    parts: dict[str, tuple[str, int, int]]
    low: float = 0.0
    high: float = 0.0
    error: float = 0.0

    def described(self) -> dict[str, Any]:
        """The column for JSON."""
        return {"codec": self.codec, "parts": self.parts, "low": self.low, "high": self.high, "loss": self.error}


@dataclass
class Block:
    """Arrays that are compressed together."""

    _content: list[bytes] = field(default_factory=list)
    _length: int = 0

    def add(self, values: npt.ArrayLike, kind: str) -> tuple[str, int, int]:
        """Appends an array.

        Args:
            values: n numbers.
            kind: ``u1``, ``u2``, ``u4`` or ``f4``.

        Returns:
            Type, offset in bytes, and n. Byte k of all numbers stands before byte k + 1 of any: they compress better.
        """
        array = np.ascontiguousarray(np.asarray(values).reshape(-1).astype(f"<{kind}"))
        planes = array.view(np.uint8).reshape(len(array), -1).T
        place = (TYPES[kind], self._length, len(array))
        self._content.append(planes.tobytes())
        self._length += array.nbytes
        return place

    def add_codes(self, codes: npt.NDArray[np.int64]) -> tuple[str, int, int]:
        """Appends whole numbers from 0 in the smallest type that holds them."""
        largest = int(codes.max(initial=0))
        return self.add(codes, "u1" if largest < 256 else "u2" if largest < 65_536 else "u4")

    def add_column(self, values: Array, exact: bool = False) -> Column:
        """Appends a column of numbers.

        Args:
            values: n numbers, NaN for missing ones.
            exact: Whether they must not be quantised to 65,535 levels, however many differ.
        """
        known = np.isfinite(values)
        single = values.astype(np.float32)
        distinct, codes = np.unique(single[known], return_inverse=True)
        if exact or len(distinct) * DISTINCT_SHARE <= len(values) or len(distinct) < 2:
            numbers = np.full(len(values), len(distinct))
            numbers[known] = codes
            return Column("exact", {"values": self.add(distinct, "f4"), "codes": self.add_codes(numbers)})
        low, high = float(values[known].min()), float(values[known].max())
        by_log = low > 0 and high > WIDE * low
        if by_log:
            low, high = float(np.log(low)), float(np.log(high))
        levels = np.full(len(values), STEPS + 1)
        scaled = np.log(values[known]) if by_log else values[known]
        levels[known] = np.round((scaled - low) / (high - low) * STEPS)
        half = (high - low) / STEPS / 2
        loss = float(np.expm1(half)) if by_log else half
        return Column("log" if by_log else "linear", {"codes": self.add(levels, "u2")}, low, high, loss)

    def text(self) -> str:
        """The block as base64 of its raw deflate stream."""
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = deflate.compress(b"".join(self._content)) + deflate.flush()
        return base64.b64encode(packed).decode()
