"""Short codes of the proposals of a run: each is the number of an architecture, or an edit of an earlier proposal.

Searches propose what is near to what they have seen, so that most proposals are an earlier one of the same run with one
option changed. A proposal has one byte in the stream ``parents``: 0 for a number of its own, 1 for an edit of the
parent of the edit before, and 1 + k for an edit of the k-th proposal before it. The edit is a byte in ``edits``: 0
for no change, else 1 + the place of the new option in the list of all options of all decisions. A number of its own is
four bytes in ``number_0`` (the lowest) to ``number_3``. Streams of equal meaning compress better than records do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.store.numbering import Numbering, Numbers

__all__ = ["NEEDED", "STREAMS", "ProposalCodes"]

NEEDED = ("parents", "edits", "number_0")
STREAMS = (*NEEDED, "number_1", "number_2", "number_3")
"""The streams; those that are not needed are zero where they are absent."""

Bytes = npt.NDArray[np.uint8]

MOST_LISTED = 1 << 20
"""Combinations of options up to which valid architectures are numbered before the invalid ones."""
MOST_BACK = 254
ROUNDS = 3
"""Times the price of each code is estimated from the codes of the time before."""
LEAST_GAIN_BITS = 0.5
"""Ties go to the number: equal numbers in runs of equal repeats compress further."""


@dataclass
class _Prices:
    """Bits per code, as an entropy coder would take them."""

    parents: npt.NDArray[np.float64]
    edits: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]

    @classmethod
    def first(cls, size: int) -> "_Prices":
        back = 3 + 1.1 * np.log2(np.arange(1, 255))
        return cls(np.concatenate([[1.5, 2.0], back]), np.full(256, 4.6), np.full(-(-size // 256), np.log2(size) - 8))

    @classmethod
    def of(cls, parents: Bytes, edits: Bytes, high: Numbers, size: int) -> "_Prices":
        found: list[tuple[Any, int]] = [(parents, 256), (edits, 256), (high, -(-size // 256))]
        counts = [np.bincount(codes, minlength=width) + 0.05 for codes, width in found]
        return cls(*(-np.log2(each / each.sum()) for each in counts))


class ProposalCodes:
    """Codes for the runs on one space.

    Args:
        space: Where architectures are listed, the valid ones have the lowest numbers here, as `key` tells them.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space, self._numbering = space, Numbering(space)
        self._first = np.concatenate([[0], np.cumsum(self._numbering.widths)[:-1]])
        self.cardinalities = space.cardinalities
        self._codes = min(256, 1 + sum(space.cardinalities))

    @cached_property
    def _order(self) -> Numbers:
        """The numbers of all combinations, those of valid architectures first; empty for a large space: as they are."""
        if self._numbering.count > MOST_LISTED:
            return np.empty(0, dtype=np.int64)
        valid = np.zeros(self._numbering.count, dtype=np.bool_)
        valid[self._numbering.weights @ np.array(list(self._space.enumerate()), dtype=np.int64).T] = True
        return np.concatenate([np.flatnonzero(valid), np.flatnonzero(~valid)])

    @cached_property
    def _rank(self) -> Numbers:
        found = np.empty_like(self._order)
        found[self._order] = np.arange(len(found))
        return found

    @cached_property
    def checksum(self) -> str:
        """Of the order of the numbers: codes are read under the order under which they were written, or not at all."""
        return f"{crc32(self._order.tobytes()):08x}"

    def encode(self, runs: Sequence[Numbers]) -> list[dict[str, bytes]]:
        """Codes the runs of one method on one task; the more runs, the better the choice between equal codes.

        Args:
            runs: The numbers of their proposals (`Numbering`).

        Returns:
            The `STREAMS` of each run.
        """
        length = max(map(len, runs), default=0)
        inside = np.arange(length) < np.array([[len(run)] for run in runs])
        numbers = np.zeros((len(runs), length), dtype=np.int64)
        numbers[inside] = np.concatenate([*runs, np.empty(0, np.int64)])
        ranks = self._rank[numbers] if len(self._order) else numbers
        digits = (numbers[:, :, None] // self._numbering.weights % self._numbering.widths).astype(np.int32)
        same, near = _nearest(digits)
        prices = _Prices.first(self._numbering.count)
        for _ in range(ROUNDS):
            parents, edits = self._chosen(digits, ranks, same, near, prices)
            own = inside & (parents == 0)
            prices = _Prices.of(parents[inside], edits[inside & (parents > 0)], ranks[own] >> 8, self._numbering.count)
        return [
            _streams(parents[r, : len(run)], edits[r, : len(run)], ranks[r, : len(run)]) for r, run in enumerate(runs)
        ]

    def _chosen(
        self, digits: Any, ranks: Numbers, same: Numbers, near: Numbers, prices: _Prices
    ) -> tuple[Bytes, Bytes]:
        """The cheapest codes: a number, the parent of the edit before, or the nearest equal or edited proposal."""
        count, length = ranks.shape
        parents, edits = np.zeros((count, length), np.uint8), np.zeros((count, length), np.uint8)
        number = prices.parents[0] + 8 + prices.high[ranks >> 8] - LEAST_GAIN_BITS
        each, last = np.arange(count), np.full(count, -1)
        for query in range(length):
            best, here = number[:, query].copy(), digits[:, query]
            for back in (None, same[:, query], near[:, query]):
                place = last if back is None else query - back
                there = digits[each, np.maximum(place, 0)]
                changed = here != there
                code = 1 + (self._first + here)[each, changed.argmax(axis=1)]
                code = np.where(changed.any(axis=1), code, 0)
                possible = (place >= 0) & (place < query) & (changed.sum(axis=1) <= 1) & (code < self._codes)
                parent = 1 if back is None else np.clip(1 + back, 2, 255)
                bits = prices.parents[parent] + prices.edits[np.minimum(code, 255)]
                taken = possible & (bits < best)
                best[taken] = bits[taken]
                parents[taken, query] = np.broadcast_to(parent, count)[taken]
                edits[taken, query] = code[taken]
            chosen = parents[:, query]
            last = np.where(chosen > 1, query + 1 - chosen.astype(np.int64), last)
        return parents, edits

    def decode(self, streams: Mapping[str, Bytes], lengths: Numbers) -> Numbers:
        """Reads the numbers of proposals.

        Args:
            streams: Of some runs, one run after the other.
            lengths: Proposals per run.

        Raises:
            StoreError: The streams are none that `encode` writes.
        """
        parents = streams["parents"].astype(np.int64)
        edited = parents > 0
        starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        parent = _parents(parents, starts)
        own = sum(
            streams[name].astype(np.int64) << 8 * byte for byte, name in enumerate(STREAMS[2:]) if name in streams
        )
        if np.any(own >= self._numbering.count):
            raise StoreError("a number of an architecture beyond the last one")
        numbers = np.zeros(len(parents), dtype=np.int64)
        numbers[~edited] = self._order[own] if len(self._order) else own
        code = streams["edits"].astype(np.int64) - 1
        if np.any(code >= self._codes - 1):
            raise StoreError("an edit to an option beyond the last one")
        decision = np.searchsorted(self._first, code, side="right") - 1
        weight = np.where(code < 0, 0, self._numbering.weights[decision])
        width, option = self._numbering.widths[decision], code - self._first[decision]
        places = np.flatnonzero(edited)
        order = np.argsort(places - starts[places], kind="stable")  # queries in order, all runs at once
        steps = np.split(order, np.cumsum(np.bincount(places - starts[places]))[:-1]) if len(places) else []
        for step in steps:
            there = numbers[parent[places[step]]]
            weights = weight[step]
            old = np.where(weights == 0, 0, there // np.maximum(weights, 1) % width[step])
            numbers[places[step]] = there + (option[step] - old) * weights
        return numbers


def _nearest(digits: Any) -> tuple[Numbers, Numbers]:
    """Counts the proposals back to the nearest equal one, and to the nearest that differs in one option; 0 for none."""
    count, length, _ = digits.shape
    small = digits.astype(np.uint8) if digits.max(initial=0) < 256 else digits
    same, near = np.zeros((count, length), np.int64), np.zeros((count, length), np.int64)
    for back in range(min(MOST_BACK, length - 1), 0, -1):
        differ = (small[:, back:] != small[:, :-back]).sum(axis=2, dtype=np.uint8)
        same[:, back:][differ == 0] = back
        near[:, back:][differ == 1] = back
    return same, near


def _streams(parents: Bytes, edits: Bytes, ranks: Numbers) -> dict[str, bytes]:
    own = ranks[parents == 0].astype("<u4").view(np.uint8).reshape(-1, 4)
    numbers = {f"number_{byte}": own[:, byte].tobytes() for byte in range(4)}
    return {"parents": parents.tobytes(), "edits": edits[parents > 0].tobytes(), **numbers}


def _parents(parents: Numbers, starts: Numbers) -> Numbers:
    """The place of the parent of each edit.

    Raises:
        StoreError: A parent lies before its run.
    """
    places = np.arange(len(parents))
    named = np.where(parents > 1, places, -1)
    latest = np.maximum.accumulate(named) if len(named) else named  # the last place that names its parent
    found = np.where(parents > 0, latest + 1 - parents[latest], places)
    if np.any((parents == 1) & (latest < starts)) or np.any(found < starts):
        raise StoreError("an edit of a proposal before the first")
    return found
