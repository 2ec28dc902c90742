"""Pools of candidates that climb the expected improvement of a space which cannot be listed."""

from collections.abc import Callable, Iterable, Sequence

from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.structural_ranker import StructuralRanker, StructuralShortlist
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["ClimbingPool", "Generator"]

Generator = Callable[[Sequence[Architecture], Sequence[float], int], list[Architecture]]
"""From parents with their errors to n candidates."""

PARENTS = 20
"""Candidates from which the next round descends."""


class ClimbingPool:
    """Pools of new candidates, from which a ranker takes some before the next pool is drawn.

    A fifth of a pool is drawn from the whole space. The rest comes in rounds: the first descends from what was
    evaluated, each further one from the candidates of largest expected improvement so far.

    Args:
        ranker: Learns and ranks; has at least one observation when a candidate is asked for.
        generate: Draws candidates.
        size: Candidates per pool.
        rounds: Rounds per pool.
        generation: Most queries per pool; a seventh of the observations where that is less, so that early pools,
            which a few further observations make stale, are left soon.
    """

    def __init__(self, ranker: StructuralRanker, generate: Generator, size: int, rounds: int, generation: int) -> None:
        self._ranker, self._generate = ranker, generate
        self._size, self._rounds, self._generation = size, rounds, generation
        self._shortlist = StructuralShortlist(ranker)
        self._left = 0

    def next(self, taken: set[Architecture]) -> Architecture:
        """The candidate of largest expected improvement that is not taken.

        Raises:
            SearchEnded: Every architecture of the space is taken.
        """
        if self._left <= 0:
            self._refill(taken)
        while len(self._shortlist):
            if (chosen := self._shortlist.pick()) not in taken:
                self._left -= 1
                return chosen
        self._left = 0
        return self._ranker.reader.space.key(draw_unseen(self._ranker.reader.space, self._ranker.rng, taken))

    def _refill(self, taken: set[Architecture]) -> None:
        ranker, space = self._ranker, self._ranker.reader.space
        self._shortlist = StructuralShortlist(ranker)
        found = set(taken)
        anywhere = self._size // 5
        self._offer(space.sample(ranker.rng, anywhere), found)
        parents, errors = ranker.architectures, ranker.errors
        for _ in range(self._rounds):
            self._offer(self._generate(parents, errors, (self._size - anywhere) // self._rounds), found)
            if not self._shortlist:
                break
            parents = self._shortlist.best(PARENTS)
            errors = list(map(float, range(len(parents))))
        self._left = max(1, min(self._generation, len(ranker.errors) // 7))

    def _offer(self, drawn: Iterable[Architecture], found: set[Architecture]) -> None:
        keys = dict.fromkeys(map(self._ranker.reader.space.key, drawn))
        self._shortlist.add(key for key in keys if key not in found)
        found.update(keys)
