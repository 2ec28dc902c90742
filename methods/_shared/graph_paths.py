"""Path features: how operations lie on the paths from the inputs of a graph to its outputs."""

import numpy as np

from equipoise.methods._shared.graph_arrays import ABSENT, PLAIN
from equipoise.methods._shared.graph_walk import Array, Codes, Flags, GraphWalk

__all__ = ["path_features"]

NEVER = np.float32(-1e6)
"""The length of the longest path where there is none."""


def path_features(walk: GraphWalk, subsets: Flags) -> dict[str, Array]:
    """Features of the paths, for S subsets of the operations.

    Args:
        walk: M graphs.
        subsets: S x K membership.

    Returns:
        - ``shortest`` (S x M): of the paths over members of the subset only, 1 / (1 + the least number of them), or 0;
        - ``longest`` (S x M): 1 + the largest number of members on such a path, or 0;
        - ``paths`` (S x M): the logarithm of 1 + the number of such paths;
        - ``members`` (2S x M): the most and the fewest members on any path.
    """
    member = np.zeros((len(subsets), walk.operations + 2), dtype=np.bool_)  # by code; ABSENT is the last column
    member[:, 1:-1] = subsets
    most, fewest, longest, shortest, number = (dict[int, Array]() for _ in range(5))
    for place in walk.places:
        own = _within(member, walk.nodes[place])
        start = walk.starts[place]
        alone = start & _passable(walk.nodes[place], own)
        most[place], fewest[place] = np.where(start, own, NEVER), np.where(start, -own, NEVER)
        longest[place], shortest[place] = np.where(alone, own, NEVER), np.where(alone, -own, NEVER)
        number[place] = alone.astype(np.float32)
    for (u, v), edge in zip(walk.links, walk.edges, strict=True):  # least lengths are kept negative
        there = edge != ABSENT
        on_edge, on_node = _within(member, edge), _within(member, walk.nodes[v])
        step = on_edge + on_node
        most[v] = np.maximum(most[v], np.where(there, most[u] + step, NEVER))
        fewest[v] = np.maximum(fewest[v], np.where(there, fewest[u] - step, NEVER))
        passes = there & _passable(edge, on_edge) & _passable(walk.nodes[v], on_node)
        number[v] = number[v] + number[u] * passes
        longest[v] = np.maximum(longest[v], np.where(passes, longest[u] + step, NEVER))
        shortest[v] = np.maximum(shortest[v], np.where(passes, shortest[u] - step, NEVER))
    total = sum((number[place] * end for place, end in walk.ends.items()), np.zeros_like(number[walk.places[0]]))
    best, least = walk.over_ends(longest, float(NEVER)), -walk.over_ends(shortest, float(NEVER))
    extremes = [walk.over_ends(most, float(NEVER)), -walk.over_ends(fewest, float(NEVER))]
    return {
        "shortest": np.where(least < -NEVER / 2, 1.0 / (1.0 + least), np.float32(0.0)),
        "longest": np.maximum(1.0 + best, np.float32(0.0)),
        "paths": np.log1p(total),
        "members": np.concatenate([np.where(np.abs(values) < -NEVER / 2, values, 0.0) for values in extremes]),
    }


def _within(member: Flags, codes: Codes) -> Array:
    """1 where the code is a member of the subset, S x M."""
    found: Array = member[:, codes].astype(np.float32)
    return found


def _passable(codes: Codes, within: Array) -> Flags:
    """Whether a path over a subset may pass: a member, or no operation at all; S x M."""
    found: Flags = (codes == PLAIN) | (within > 0)
    return found
