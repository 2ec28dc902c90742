"""Successive halving in brackets: how many architectures train how long, and which of them go on."""

from collections.abc import Callable, Sequence
from math import ceil, floor, log

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation
from equipoise.harness.core.space import Architecture

__all__ = ["Bracket", "Brackets", "ladder", "rungs"]


def ladder(fidelities: Sequence[int], eta: int, least: int | None = None) -> tuple[int, ...]:
    """The levels of training: R, R / eta, R / eta^2, ... down to the least, each the nearest that the task offers.

    Args:
        fidelities: Epochs that may be asked for, ascending.
        eta: Ratio of two levels.
        least: The shortest training; the shortest of the task by default.

    Returns:
        Epochs, ascending. Nearest is meant in ratio; levels that fall together count once.
    """
    full, least = fidelities[-1], fidelities[0] if least is None else least
    offered = [epochs for epochs in fidelities if epochs >= least]
    depth = floor(log(full / least) / log(eta) + 1e-9)
    wanted = [full / eta**k for k in range(depth + 1)]
    return tuple(sorted({min(offered, key=lambda e: (abs(log(e / w)), e)) for w in wanted}))


def rungs(levels: Sequence[int], s: int, published: bool = True) -> list[int]:
    """Sizes the s + 1 rungs of bracket s so that each costs about the same.

    Where each level is eta times the one before, these are the published numbers: n_0 = ceil((s_max + 1) / (s + 1)
    eta^s) and n_i = floor(n_0 / eta^i). Where the task's levels lie otherwise, the ratio of two of them stands for the
    power of eta.

    Args:
        levels: Epochs of the rungs of the longest bracket, ascending: s_max + 1.
        s: The bracket: 0 trains in full only, s_max begins with the shortest training.
        published: As Li et al. 2018, algorithm 1. If not, n_0 = floor((s_max + 1) / (s + 1)) eta^s, as the code of
            Falkner et al. 2018.
    """
    count, mine = len(levels), levels[len(levels) - 1 - s :]
    ratio = levels[-1] / mine[0]
    first = ceil(count * ratio / (s + 1) - 1e-9) if published else floor(count // (s + 1) * ratio + 1e-9)
    return [max(1, floor(first * mine[0] / epochs + 1e-9)) for epochs in mine]


class Bracket:
    """One run of successive halving.

    Args:
        sizes: Architectures on each rung.
        levels: Epochs of each rung.
        promotes: Whether the best of a rung go on. If not, all architectures of all rungs are drawn.
    """

    def __init__(self, sizes: Sequence[int], levels: Sequence[int], promotes: bool = True) -> None:
        self._sizes, self._levels, self._rung, self._promotes = list(sizes), list(levels), 0, promotes
        self._new = sizes[0]
        self._kept: list[Architecture] = []
        self._waiting: list[Architecture] = []
        self._told: list[tuple[float, int, Architecture]] = []

    @property
    def epochs(self) -> int:
        """The epochs of the current rung."""
        return self._levels[self._rung]

    @property
    def first(self) -> bool:
        """Whether the current rung is the first."""
        return self._rung == 0

    @property
    def lower(self) -> int:
        """The epochs of the rung before; on the first rung, its own."""
        return self._levels[max(self._rung - 1, 0)]

    @property
    def size(self) -> int:
        """The number of architectures on the current rung."""
        return self._sizes[self._rung]

    @property
    def open(self) -> bool:
        """Whether something can be proposed now."""
        return self._new > 0 or bool(self._kept)

    @property
    def finished(self) -> bool:
        """Whether the last rung is complete."""
        return self._rung == len(self._sizes)

    def propose(self, draw: Callable[[int], Architecture]) -> Architecture:
        """The next architecture of the rung; a new one is drawn for its epochs, or one goes on."""
        if self._new:
            self._new -= 1
            architecture = draw(self.epochs)
        else:
            architecture = self._kept.pop(0)
        self._waiting.append(architecture)
        return architecture

    def tell(self, architecture: Architecture, epochs: int, error: float) -> bool:
        """Takes an answer if it waits for it, and lets the best go on once the rung is complete.

        Ties go to the one told first; a NaN error comes last.
        """
        if self.finished or epochs != self.epochs or architecture not in self._waiting:
            return False
        self._waiting.remove(architecture)
        self._told.append((error if np.isfinite(error) else np.inf, len(self._told), architecture))
        if len(self._told) == self._sizes[self._rung]:
            self._rung += 1
            if not self.finished:
                if self._promotes:
                    self._kept = [best for _, _, best in sorted(self._told)[: self._sizes[self._rung]]]
                else:
                    self._new = self._sizes[self._rung]
            self._told = []
        return True


class Brackets:
    """Brackets one after another, from the one that begins with the shortest training to full training, and again.

    While answers of a bracket are pending, the next one begins.

    Args:
        method: Who asks, for messages.
        fidelities: Epochs that may be asked for, ascending.
        eta: One of so many architectures goes on, to so many times the epochs (see `ladder` and `rungs`).
        least: Epochs of the shortest training; None for the task's shortest.
        published: See `rungs`.
        promotes: See `Bracket`.

    Attributes:
        levels: The levels of training in use, ascending.
        begun: How many brackets have begun.
        current: The bracket of the latest proposal.

    Raises:
        SettingError: A setting is out of range.
    """

    def __init__(
        self,
        method: str,
        fidelities: Sequence[int],
        eta: int,
        least: int | None,
        published: bool = True,
        promotes: bool = True,
    ) -> None:
        if type(eta) is not int or eta < 2:
            raise SettingError(f"{method}: eta = {eta!r}; accepted: whole numbers from 2 on")
        if least is not None and least not in fidelities[:-1]:
            offered = ", ".join(map(str, fidelities[:-1]))
            raise SettingError(f"{method}: least_epochs = {least!r}; accepted: one of the task's {offered}")
        self.levels = ladder(fidelities, eta, least)
        self._full = fidelities[-1]
        self._published, self._promotes = published, promotes
        self.begun = 0
        self._running: list[Bracket] = []

    def next(self, draw: Callable[[int], Architecture]) -> tuple[Architecture, int]:
        """The next architecture and its epochs.

        Args:
            draw: Makes a new architecture, told its epochs.
        """
        bracket = next((running for running in self._running if running.open), None)
        if bracket is None:
            bracket = self._begin()
        self.current = bracket
        epochs = bracket.epochs
        return bracket.propose(draw), epochs

    def largest(self) -> dict[int, int]:
        """The most architectures that any bracket trains at each level."""
        count = len(self.levels)
        found = dict.fromkeys(self.levels, 0)
        for s in range(count):
            sizes = rungs(self.levels, s, self._published)
            for epochs, size in zip(self.levels[count - 1 - s :], sizes, strict=True):
                found[epochs] = max(found[epochs], size)
        return found

    def _begin(self) -> Bracket:
        count = len(self.levels)
        s = count - 1 - self.begun % count
        self.begun += 1
        sizes = rungs(self.levels, s, self._published)
        self._running.append(Bracket(sizes, self.levels[count - 1 - s :], self._promotes))
        return self._running[-1]

    def tell(self, observation: Observation) -> None:
        """Hands an answer to the bracket that waits for it; one that nobody asked for changes nothing."""
        query = observation.query
        epochs = self._full if query.fidelity is None else query.fidelity
        for bracket in self._running:
            if bracket.tell(query.architecture, epochs, observation.validation_error):
                break
        self._running = [bracket for bracket in self._running if not bracket.finished]
