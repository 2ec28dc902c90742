"""Spaces in which some decisions matter only for some options of earlier ones."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import DecodableEncoding, Encoding, Masked, Options
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["Condition", "Conditional", "ConditionalSpace"]


class Condition(NamedTuple):
    """A condition on an earlier decision.

    Attributes:
        decision: Its number.
        options: The options for which the condition holds; it holds for none where that decision does not matter.
    """

    decision: int
    options: tuple[int, ...]


class ConditionalSpace(SearchSpace):
    """Base of the spaces with conditional decisions: a subclass gives `decisions`, `conditions` and `graph`.

    A decision matters when all its conditions hold. One that does not matter has one legal option, the first, so each
    architecture is written in one way only; its text leaves such a decision empty. The number of architectures is
    counted exactly, without listing them, and samples are exactly uniform: completions are counted once for each
    combination of the earlier decisions that later conditions refer to.

    Attributes:
        conditions: For each decision, its conditions.
    """

    conditions: tuple[tuple[Condition, ...], ...]
    default_encoding = "conditional"

    def matters(self, prefix: Architecture) -> list[bool]:
        """Tells for each decision taken so far whether it matters."""
        found: list[bool] = []
        for place in range(len(prefix)):
            found.append(self._holds(place, prefix, found))
        return found

    def _holds(self, place: int, prefix: Architecture, matters: list[bool]) -> bool:
        return all(matters[c.decision] and prefix[c.decision] in c.options for c in self.conditions[place])

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """All options where the next decision matters, else only the first."""
        return self._masks[len(prefix)][self._holds(len(prefix), prefix, self.matters(prefix))]

    @cached_property
    def _masks(self) -> list[tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]]:
        masks = [(np.arange(width) == 0, np.ones(width, dtype=np.bool_)) for width in self.cardinalities]
        for pair in masks:
            for mask in pair:
                mask.flags.writeable = False  # shared by all callers
        return masks

    def contains(self, architecture: Architecture) -> bool:
        """Tells whether options are in range and every decision that does not matter has its first."""
        return (
            len(architecture) == len(self.cardinalities)
            and all(0 <= option < width for option, width in zip(architecture, self.cardinalities, strict=True))
            and self.settled(architecture) == architecture
        )

    def settled(self, options: Architecture) -> Architecture:
        """The architecture that any options in range describe: decisions that do not matter take their first option."""
        return tuple(option if matters else 0 for option, matters in zip(options, self.matters(options), strict=True))

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n architectures, exactly uniformly."""
        return [self._nth(_below(rng, self.size)) for _ in range(n)]

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """The architectures that differ in one decision that matters; decisions that begin to matter take their first.

        All others keep their options.
        """
        found: dict[Architecture, None] = {}
        for place, matters in enumerate(self.matters(architecture)):
            for option in range(self.cardinalities[place]) if matters else ():
                found[self.settled((*architecture[:place], option, *architecture[place + 1 :]))] = None
        found.pop(architecture, None)
        return list(found)

    def enumerate(self) -> Iterator[Architecture]:
        """Yields the architectures in ascending order."""
        return self._descend(())

    @cached_property
    def size(self) -> int:
        """The number of architectures, counted without listing them."""
        return self._completions(())

    def index(self, architecture: Architecture) -> int:
        """The position of an architecture in `enumerate()`, without listing them."""
        settled = self.settled(architecture)
        return sum(
            self._completions((*settled[:place], smaller))
            for place, option in enumerate(settled)
            for smaller in range(option)
        )

    def _nth(self, position: int) -> Architecture:
        """The architecture at a position in `enumerate()`."""
        prefix: Architecture = ()
        while len(prefix) < len(self.decisions):
            for option in np.flatnonzero(self.legal(prefix)).tolist():
                count = self._completions((*prefix, option))
                if position < count:
                    prefix = (*prefix, option)
                    break
                position -= count
        return prefix

    def _completions(self, prefix: Architecture) -> int:
        """Counts the architectures that begin with a legal prefix."""
        place = len(prefix)
        if not any(self.conditions[place:]):
            return prod(self.cardinalities[place:])
        matters = self.matters(prefix)
        state = (place, *(prefix[number] if matters[number] else -1 for number in self._referred[place]))
        if state not in self._counts:
            options = np.flatnonzero(self.legal(prefix)).tolist()
            self._counts[state] = sum(self._completions((*prefix, option)) for option in options)
        return self._counts[state]

    @cached_property
    def _counts(self) -> dict[tuple[int, ...], int]:
        return {}

    @cached_property
    def _referred(self) -> list[list[int]]:
        """For each number of decisions taken, those of them that later conditions refer to."""
        referred = [{c.decision for own in self.conditions[n:] for c in own} for n in range(len(self.decisions))]
        return [sorted(number for number in found if number < place) for place, found in enumerate(referred)]

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """Those of every space, ``masked``, and ``conditional``: every proposal is an architecture."""
        return {
            **super().encodings,
            "masked": Masked(self.decisions, self.legal),
            "conditional": Conditional(self),
        }

    def format(self, architecture: Architecture) -> str:
        """The options, separated by commas; empty for a decision that does not matter and has its first."""
        matters = self.matters(architecture)
        words = (d.options[option] for d, option in zip(self.decisions, architecture, strict=True))
        return ",".join(
            word if needed or option else "" for word, option, needed in zip(words, architecture, matters, strict=True)
        )

    def parse(self, text: str) -> Architecture:
        """Reads the options; a decision that does not matter may be left empty.

        Raises:
            SpaceError: The text is not an architecture of this space, or leaves a decision that matters empty.
        """
        found: Architecture = ()
        words = self.split(text)
        for place, word in enumerate(words):
            empty = not word and not self._holds(place, found, self.matters(found))
            found = (*found, 0 if empty else self.option(place, word, text))
        return found


class Conditional(DecodableEncoding):
    """The number of the option of each decision, as a parameter that matters only where its decision does.

    Read back, decisions that do not matter take their first option, so every proposal is an architecture. An optimiser
    sees one condition per parameter, that on the latest decision; the others apply when a proposal is read.

    Args:
        space: A space with conditional decisions.
    """

    def __init__(self, space: ConditionalSpace) -> None:
        self._space, self._options = space, Options(space.decisions)
        self.width = self._options.width
        open_ = [[c for c in own if len(space.decisions[c.decision].options) > 1] for own in space.conditions]
        self.parameters = tuple(
            parameter if not own else parameter._replace(when=(own[-1].decision, own[-1].options))
            for parameter, own in zip(self._options.parameters, open_, strict=True)
        )

    def encode(self, architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
        """Returns the option numbers, n x decisions; 0 for a decision that does not matter."""
        return self._options.encode(architectures)

    def decode(self, values: Sequence[float]) -> Architecture:
        """Returns the architecture that the option numbers describe."""
        return self._space.settled(self._options.decode(values))


def _below(rng: np.random.Generator, count: int) -> int:
    """Draws a whole number from 0 to count - 1, uniformly, however large the count."""
    if count <= 1 << 63:
        return int(rng.integers(count))
    while True:
        drawn = int.from_bytes(rng.bytes((count.bit_length() + 7) // 8)) >> (-count.bit_length() % 8)
        if drawn < count:
            return drawn
