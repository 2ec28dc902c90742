"""Generators of candidates that learn nothing but which architectures were good: mutation, and estimated marginals."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["marginal_draws", "mutants"]


def mutants(
    space: SearchSpace,
    rng: np.random.Generator,
    seen: Sequence[Architecture],
    errors: Sequence[float],
    n: int,
    elites: int,
    edits: int,
) -> list[Architecture]:
    """Draws n architectures, each 1 to `edits` edits away from one of the best `elites` seen."""
    best = np.argsort(errors, kind="stable")[:elites]
    found = []
    for _ in range(n):
        candidate = seen[best[rng.integers(len(best))]]
        for _ in range(int(rng.integers(1, edits + 1))):
            candidate = space.mutate(candidate, rng)
        found.append(candidate)
    return found


def marginal_draws(
    space: SearchSpace,
    rng: np.random.Generator,
    seen: Sequence[Architecture],
    errors: Sequence[float],
    n: int,
    elites: int,
    floor: float,
) -> list[Architecture]:
    """Draws n architectures whose decisions come from rank-weighted marginals, or from an elite.

    A marginal weights an evaluated architecture by 1 / (0.1 N + rank), so that the best of N count most; each option
    keeps a floor, so that none dies out. Illegal options are masked as decisions are drawn in order.

    Args:
        space: The space.
        rng: Source of randomness.
        seen: N evaluated architectures.
        errors: Theirs.
        n: How many to draw.
        elites: The best architectures seen, with which draws are crossed.
        floor: Share of each marginal spread evenly over its options.
    """
    order = np.argsort(errors, kind="stable")
    codes = np.asarray(seen)[order]
    weights = 1.0 / (0.1 * len(codes) + np.arange(1, len(codes) + 1))
    marginals = []
    for column, width in enumerate(space.cardinalities):
        share = np.bincount(codes[:, column], weights=weights, minlength=width) / weights.sum()
        marginals.append((1 - floor) * share + floor / width)
    return [_draw(space, rng, marginals, codes[:elites]) for _ in range(n)]


def _draw(
    space: SearchSpace,
    rng: np.random.Generator,
    marginals: Sequence[npt.NDArray[np.float64]],
    elites: npt.NDArray[np.int64],
) -> Architecture:
    elite, keep = elites[rng.integers(len(elites))], rng.random(len(marginals)) < 0.5
    chosen: Architecture = ()
    for position, marginal in enumerate(marginals):
        mask = space.legal(chosen)
        if keep[position] and mask[elite[position]]:
            chosen = (*chosen, int(elite[position]))
            continue
        share = marginal * mask
        total = np.cumsum(share if share.sum() > 0 else mask.astype(float))
        chosen = (*chosen, int(np.searchsorted(total, rng.random() * total[-1], side="right")))
    return chosen
