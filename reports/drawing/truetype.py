"""TrueType fonts: widths of text, and subsets small enough to embed in every figure."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["FontSubset", "TrueTypeFont", "font"]

COPIED = (b"cvt ", b"fpgm", b"prep")
"""Tables of hinting that a subset takes over as they are."""
ARGUMENTS_ARE_WORDS, HAS_SCALE, MORE_COMPONENTS, HAS_XY_SCALE, HAS_MATRIX = 0x1, 0x8, 0x20, 0x40, 0x80


@dataclass(frozen=True)
class FontSubset:
    """A font with a few glyphs.

    Attributes:
        data: The TrueType file, without a character map: glyphs are addressed by number.
        glyphs: Number of each character.
        widths: Advance width of each glyph, in thousandths of an em.
    """

    data: bytes
    glyphs: Mapping[str, int]
    widths: tuple[int, ...]


class TrueTypeFont:
    """One font file.

    Args:
        path: A TrueType file with a Unicode character map of format 4.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._data = path.read_bytes()
        count = struct.unpack_from(">H", self._data, 4)[0]
        records = [struct.unpack_from(">4s3I", self._data, 12 + 16 * place) for place in range(count)]
        self._tables = {tag: self._data[start : start + length] for tag, _, start, length in records}
        self.units: int = struct.unpack_from(">H", self._tables[b"head"], 18)[0]
        self.box: tuple[int, ...] = struct.unpack_from(">4h", self._tables[b"head"], 36)
        self.ascent, self.descent = struct.unpack_from(">2h", self._tables[b"hhea"], 4)

    def width(self, text: str, size: float) -> float:
        """Width of a line of text, in the unit of `size`."""
        return sum(self._advance(self._glyph(letter)) for letter in text) * size / self.units

    def subset(self, letters: Iterable[str]) -> FontSubset:
        """The glyphs of some characters, renumbered; number 0 stands for missing glyphs."""
        kept, glyphs = [0], {}
        for letter in sorted(set(letters)):
            glyph = self._glyph(letter)
            if glyph not in kept:
                kept.append(glyph)
            glyphs[letter] = kept.index(glyph)
        outlines: list[bytes] = []
        for glyph in kept:  # grows by the components of composed glyphs
            outlines.append(self._renumbered(self._outline(glyph), kept))
        widths = tuple(round(1000 * self._advance(glyph) / self.units) for glyph in kept)
        return FontSubset(self._assembled(kept, outlines), glyphs, widths)

    @cached_property
    def _map(self) -> dict[int, int]:
        """Glyph of each code point of the basic plane."""
        table = self._tables[b"cmap"]
        places = [struct.unpack_from(">HHI", table, 4 + 8 * n) for n in range(struct.unpack_from(">H", table, 2)[0])]
        start = next(at for _, _, at in places if struct.unpack_from(">H", table, at)[0] == 4)
        segments = struct.unpack_from(">H", table, start + 6)[0] // 2

        def column(place: int, code: str = "H") -> tuple[int, ...]:
            return struct.unpack_from(f">{segments}{code}", table, start + place)

        ends, starts = column(14), column(16 + 2 * segments)
        deltas, offsets = column(16 + 4 * segments), column(16 + 6 * segments)
        found = {}
        for place, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
            for code in range(first, min(last, 0xFFFE) + 1):
                glyph = code
                if offset:
                    at = start + 16 + 6 * segments + 2 * place + offset + 2 * (code - first)
                    glyph = struct.unpack_from(">H", table, at)[0]
                if not offset or glyph:
                    found[code] = (glyph + delta) & 0xFFFF
        return found

    def _glyph(self, letter: str) -> int:
        return self._map.get(ord(letter), 0)

    def _advance(self, glyph: int) -> int:
        return int(struct.unpack_from(">H", self._tables[b"hmtx"], 4 * min(glyph, self._metrics - 1))[0])

    @cached_property
    def _metrics(self) -> int:
        return int(struct.unpack_from(">H", self._tables[b"hhea"], 34)[0])

    def _outline(self, glyph: int) -> bytes:
        long = struct.unpack_from(">h", self._tables[b"head"], 50)[0]
        code, step, scale = (">2I", 4, 1) if long else (">2H", 2, 2)
        first, last = struct.unpack_from(code, self._tables[b"loca"], step * glyph)
        return self._tables[b"glyf"][scale * first : scale * last]

    def _renumbered(self, outline: bytes, kept: list[int]) -> bytes:
        """An outline whose components, if any, are addressed by their new numbers; new ones join `kept`."""
        if not outline or struct.unpack_from(">h", outline)[0] >= 0:
            return outline
        changed, at, flags = bytearray(outline), 10, MORE_COMPONENTS
        while flags & MORE_COMPONENTS:
            flags, glyph = struct.unpack_from(">HH", outline, at)
            if glyph not in kept:
                kept.append(glyph)
            struct.pack_into(">H", changed, at + 2, kept.index(glyph))
            scale = 2 if flags & HAS_SCALE else 4 if flags & HAS_XY_SCALE else 8 if flags & HAS_MATRIX else 0
            at += 4 + (4 if flags & ARGUMENTS_ARE_WORDS else 2) + scale
        return bytes(changed)

    def _assembled(self, kept: list[int], outlines: list[bytes]) -> bytes:
        count = len(kept)
        padded = [outline + b"\0" * (-len(outline) % 4) for outline in outlines]
        places = [0]
        for outline in padded:
            places.append(places[-1] + len(outline))
        head, hhea, maxp = (bytearray(self._tables[tag]) for tag in (b"head", b"hhea", b"maxp"))
        struct.pack_into(">h", head, 50, 1)
        struct.pack_into(">H", hhea, 34, count)
        struct.pack_into(">H", maxp, 4, count)
        tables = {
            b"head": bytes(head),
            b"hhea": bytes(hhea),
            b"maxp": bytes(maxp),
            b"hmtx": b"".join(struct.pack(">Hh", self._advance(glyph), self._bearing(glyph)) for glyph in kept),
            b"loca": struct.pack(f">{count + 1}I", *places),
            b"glyf": b"".join(padded),
            **{tag: self._tables[tag] for tag in COPIED if tag in self._tables},
        }
        start, records, body = 12 + 16 * len(tables), b"", b""
        for tag in sorted(tables):
            data = tables[tag] + b"\0" * (-len(tables[tag]) % 4)
            total = sum(struct.unpack(f">{len(data) // 4}I", data)) & 0xFFFFFFFF
            records += struct.pack(">4s3I", tag, total, start + len(body), len(tables[tag]))
            body += data
        power = len(tables).bit_length() - 1
        search = 16 << power
        header = struct.pack(">I4H", 0x00010000, len(tables), search, power, 16 * len(tables) - search)
        return header + records + body

    def _bearing(self, glyph: int) -> int:
        table, number = self._tables[b"hmtx"], self._metrics
        at = 4 * glyph + 2 if glyph < number else 4 * number + 2 * (glyph - number)
        return int(struct.unpack_from(">h", table, at)[0])


@lru_cache
def font(name: str) -> TrueTypeFont:
    """A font of those that matplotlib carries, which is not imported for it.

    Args:
        name: Of the file, without its ending: ``DejaVuSans``, ``STIXGeneral``.
    """
    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return TrueTypeFont(Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf")
