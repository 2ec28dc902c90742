"""Architectures from the scores of a network: at each decision in turn, the legal option that scores highest."""

from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["highest_legal"]


def highest_legal(space: SearchSpace, scores: npt.NDArray[np.floating[Any]]) -> list[Architecture]:
    """Decodes n architectures.

    Where the options that score highest form an architecture, each is legal after those before it, since masks are
    exact. Only where they do not, decisions are taken one by one.

    Args:
        space: Says what is legal.
        scores: D x W x n, finite; entries beyond the options of a decision are ignored.
    """
    best = [own[:width].argmax(axis=0).tolist() for own, width in zip(scores, space.cardinalities, strict=True)]
    rows: list[Architecture] = list(zip(*best, strict=True))
    valid = {row: space.contains(row) for row in dict.fromkeys(rows)}
    return [row if valid[row] else _one_by_one(space, scores[:, :, number]) for number, row in enumerate(rows)]


def _one_by_one(space: SearchSpace, scores: npt.NDArray[np.floating[Any]]) -> Architecture:
    chosen: Architecture = ()
    for own, width in zip(scores, space.cardinalities, strict=True):
        chosen = (*chosen, int(np.where(space.legal(chosen), own[:width], -np.inf).argmax()))
    return chosen
