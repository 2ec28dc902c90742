"""Local search with momentum: what helped in earlier edits is tried first in later ones."""

from bisect import bisect, insort
from heapq import heappop, heappush
from itertools import accumulate
from math import exp, inf
from typing import Literal, NamedTuple

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.unseen import draw_unseen

__all__ = ["MomentumLocalSearch"]


class _Edit(NamedTuple):
    """A neighbour, with what changes on the way to it: (decision, new option, old option) each."""

    architecture: Architecture
    changes: tuple[tuple[int, int, int], ...]


class MomentumLocalSearch(Method):
    """First-improvement local search whose neighbours are drawn by a velocity over options.

    V holds a velocity for each option of each decision; W one for each option of each list of options, pooled over
    all decisions that share the list ("a 3x3 convolution is good anywhere"). The score of an edit is the sum, over the
    decisions it changes, of (V + W)[new option] - (V + W)[old option].

    1. `initial` distinct random architectures are evaluated; the best is the incumbent.
    2. An unseen neighbour is drawn with probability proportional to exp(score / temperature). With D the decrease of
       the error and g = clip(D / running median of abs(D), -1, 1): v <- beta v + (1 - beta) g for the new options,
       v <- beta v - (1 - beta) g for the old ones, in V and in W. The search moves there if D > 0.
    3. When the neighbours are spent: V <- 0 and W is kept; then, in turn, the search backtracks to the best seen
       architecture that still has unseen neighbours, and starts again from `initial` new random ones.

    At infinite temperature with random restarts this is `local_search`, query for query.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        beta: Weight of the past in a velocity, 0 to below 1.
        temperature: How far the draw is from greedy; infinity draws uniformly.
        pooled: Whether W is used.
        restart: ``alternate`` (backtrack, then random, and so on) or ``random`` only.
        lookahead: Whether the edit of highest score is tried right after each move.
        initial: Random architectures at each start.

    Source: defined by this project; heavy-ball momentum (Polyak 1964) on the local search of White, Nolen and Savani
    (UAI 2021). Settings were chosen on nasbench201/cifar10 and nasbench_graph/cora; the restart and the keeping of W
    after also looking at further tasks of NAS-Bench-201, NAS-Bench-Graph and TransNAS-Bench-101.
    """

    family = "nas"
    origin = "this project"
    source = "Equipoise; momentum on the local search of White, Nolen and Savani (UAI 2021)"
    knowledge = ("decisions", "legality", "isomorphism")
    tuned_on = ("nasbench201/cifar10", "nasbench_graph/cora")

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        beta: float = 0.9,
        temperature: float = 0.05,
        pooled: bool = True,
        restart: Literal["alternate", "random"] = "alternate",
        lookahead: bool = False,
        initial: int = 10,
    ) -> None:
        super().__init__(problem, rng)
        if not 0.0 <= beta < 1.0:
            raise SettingError(f"beta = {beta}; accepted: 0 to below 1")
        if not temperature > 0.0:
            raise SettingError(f"temperature = {temperature}; accepted: above 0, inf for uniform draws")
        if restart not in ("alternate", "random"):
            raise SettingError(f"restart = '{restart}'; accepted: alternate, random")
        check_count("momentum_local_search", "initial", initial, problem, default=10)
        self.beta, self.temperature, self.pooled = beta, temperature, pooled
        self.restart, self.lookahead, self.initial = restart, lookahead, initial
        pools: dict[tuple[str, ...], list[float]] = {}
        self._pooled = [pools.setdefault(d.options, [0.0] * len(d.options)) for d in self.space.decisions]
        self._seen: set[Architecture] = set()
        self._evaluated: list[tuple[float, int, Architecture]] = []  # a heap of what may be backtracked to
        self._gains: list[float] = []  # sorted abs(D)
        self._pending: dict[Architecture, tuple[float, _Edit]] = {}
        self._backtrack_next = True
        self._fresh_start()

    def _fresh_start(self) -> None:
        self._own = [[0.0] * width for width in self.space.cardinalities]
        self._error = inf
        self._edits: list[_Edit] = []
        self._moved = False
        self._draws = self.initial

    def ask(self) -> Query:
        """Proposes an unseen neighbour by score, or a random architecture at a start."""
        if self._draws == 0:
            self._edits = [edit for edit in self._edits if self.space.key(edit.architecture) not in self._seen]
            if not self._edits:
                self._leave()
        if self._draws > 0:
            self._draws -= 1
            architecture = draw_unseen(self.space, self.rng, self._seen)
        else:
            edit = self._edits.pop(self._choose())
            architecture = edit.architecture
            self._pending[self.space.key(architecture)] = (self._error, edit)
        self._seen.add(self.space.key(architecture))
        return Query(architecture)

    def tell(self, observation: Observation) -> None:
        """Updates the velocities and moves if the newcomer is better."""
        architecture, error = observation.query.architecture, observation.validation_error
        key = self.space.key(architecture)
        if key not in self._seen:  # a shared start stands for random ones of its own
            self._seen.add(key)
            self._draws = max(0, self._draws - 1)
        heappush(self._evaluated, (error, len(self._seen), architecture))
        if (asked := self._pending.pop(key, None)) is not None:
            from_error, edit = asked
            self._learn(from_error - error, edit)
        if error < self._error:
            self._move(architecture, error)
            self._moved = asked is not None

    def _learn(self, gain: float, edit: _Edit) -> None:
        insort(self._gains, abs(gain))
        middle = len(self._gains) // 2
        scale = (self._gains[middle] + self._gains[-1 - middle]) / 2
        push = 0.0 if gain == 0.0 else max(-1.0, min(1.0, gain / scale)) if scale > 0.0 else gain / abs(gain)
        for decision, new, old in edit.changes:
            for velocity in (self._own[decision], self._pooled[decision]):
                velocity[new] = self.beta * velocity[new] + (1 - self.beta) * push
                velocity[old] = self.beta * velocity[old] - (1 - self.beta) * push

    def _move(self, architecture: Architecture, error: float) -> None:
        self._error = error
        self._edits = [_Edit(other, _changes(other, architecture)) for other in self.space.neighbours(architecture)]

    def _choose(self) -> int:
        """The position of the next edit in the list."""
        number = len(self._edits)
        if self.temperature == inf:
            return int(self.rng.random() * number)
        scores = [self._score(edit) for edit in self._edits]
        best = max(scores)
        if self.lookahead and self._moved:
            self._moved = False
            return scores.index(best)
        totals = list(accumulate(exp((score - best) / self.temperature) for score in scores))
        return min(bisect(totals, self.rng.random() * totals[-1]), number - 1)

    def _score(self, edit: _Edit) -> float:
        score = 0.0
        for decision, new, old in edit.changes:
            own = self._own[decision]
            score += own[new] - own[old]
            if self.pooled:
                pooled = self._pooled[decision]
                score += pooled[new] - pooled[old]
        return score

    def _leave(self) -> None:
        """The neighbours are spent: backtracks or starts again."""
        backtrack = self.restart == "alternate" and self._backtrack_next
        self._backtrack_next = not backtrack
        self._fresh_start()
        while backtrack and self._evaluated:
            error, order, architecture = heappop(self._evaluated)
            self._move(architecture, error)
            if any(self.space.key(edit.architecture) not in self._seen for edit in self._edits):
                heappush(self._evaluated, (error, order, architecture))
                self._edits = [edit for edit in self._edits if self.space.key(edit.architecture) not in self._seen]
                self._draws = 0
                return
        self._error, self._edits = inf, []


def _changes(new: Architecture, old: Architecture) -> tuple[tuple[int, int, int], ...]:
    return tuple((d, n, o) for d, (n, o) in enumerate(zip(new, old, strict=True)) if n != o)
