"""Features of architecture graphs in groups: what a kernel can read of a space that only draws its graphs."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from equipoise.methods._shared.graph_arrays import ABSENT, GraphReader
from equipoise.methods._shared.graph_paths import path_features
from equipoise.methods._shared.graph_walk import Array, Codes, Flags, GraphWalk

__all__ = ["GROUPS", "raw_features", "subsets_of"]

GROUPS = ("counts", "live", "shortest", "longest", "paths", "members", "degrees", "shape", "successions", "depths")

MOST_SUBSETS = 64
DEEPEST = 8
"""Depths that are told apart; deeper ones count as this."""
WIDEST = 128
"""Columns up to which operations are paired with operations, or with depths."""
CHUNK = 2_048
"""Graphs per batch: their arrays stay in the processor's cache."""


def subsets_of(operations: int) -> Flags:
    """S x K membership of the subsets that paths are measured over.

    All non-empty ones where they are at most 64; otherwise the single operations, as many larger sizes as fit, and
    the whole.
    """
    found: list[tuple[int, ...]] = []
    for size in range(1, operations + 1):
        of_size = list(combinations(range(operations), size))
        if size > 1 and len(found) + len(of_size) > MOST_SUBSETS:
            break
        found += of_size
    if operations and len(found[-1]) < operations:
        found.append(tuple(range(operations)))
    member = np.zeros((len(found), operations), dtype=np.bool_)
    for row, subset in zip(member, found, strict=True):
        row[list(subset)] = True
    return member


def raw_features(reader: GraphReader, architectures: Sequence[tuple[int, ...]]) -> tuple[Array, tuple[str, ...]]:
    """Features of M architectures, M x F, and the group of each: ``normal counts`` where a space has several blocks.

    Only what lies on a path from an input to an output counts, except for ``counts``:

    - ``counts``: occurrences of each operation;
    - ``live``: those on a path from an input to an output;
    - ``shortest``, ``longest``, ``paths``, ``members``: see `path_features`;
    - ``degrees``: members of a subset next to the inputs, and next to the outputs;
    - ``shape``: depth, live nodes and edges, paths, degrees and depths of nodes, whatever their labels;
    - ``successions``: how often one operation follows another;
    - ``depths``: how often an operation stands at a depth.

    Source of the idea: Kadlecova et al., Surprisingly Strong Performance Prediction with Neural Graph Features, ICML
    2024. Differs from it: paths are measured in operations, and the last four groups are added.
    """
    subsets = subsets_of(len(reader.operations))
    parts, names = [], list[str]()
    for start in range(0, len(architectures), CHUNK):
        graphs = reader.read(architectures[start : start + CHUNK])
        found: list[Array] = []
        names = []
        for number, (places, columns) in enumerate(reader.blocks, 1):
            prefix = f"block {number} " if len(reader.blocks) > 1 else ""
            walk = GraphWalk(graphs, places, columns, reader.pairs, len(reader.operations))
            for name, values in _block_features(walk, subsets).items():
                found.append(values)
                names += [prefix + name] * len(values)
        parts.append(np.concatenate(found).T.astype(np.float32))
    return np.concatenate(parts), tuple(names)


def _block_features(walk: GraphWalk, subsets: Flags) -> dict[str, Array]:
    found = {"counts": walk.counts(live=False), "live": walk.counts(live=True)}
    if walk.operations:
        found |= path_features(walk, subsets)
        found["degrees"] = _degrees(walk, subsets)
    found["shape"] = _shape(walk)
    if 0 < walk.operations**2 <= WIDEST:
        found["successions"] = _successions(walk)
    if 0 < walk.operations * DEEPEST <= WIDEST:
        found["depths"] = _depths(walk)
    return found


def _degrees(walk: GraphWalk, subsets: Flags) -> Array:
    out, into = (np.zeros((walk.operations, walk.m), dtype=np.float32) for _ in range(2))
    for (u, v), edge in zip(walk.links, walk.edges, strict=True):
        there = edge != ABSENT
        out += (walk.hot(edge) | (walk.hot(walk.nodes[v]) & there)) & walk.starts[u]
        into += (walk.hot(edge) | (walk.hot(walk.nodes[u]) & there)) & walk.ends[v]
    member = subsets.astype(np.float32)
    return np.concatenate([member @ out, member @ into])


def _shape(walk: GraphWalk) -> Array:
    depth = walk.depths()
    live = {place: node != ABSENT for place, node in walk.nodes.items()}
    out, into = ({place: np.zeros(walk.m, dtype=np.int16) for place in walk.places} for _ in range(2))
    paths = {place: walk.starts[place].astype(np.float32) for place in walk.places}
    for (u, v), edge in zip(walk.links, walk.edges, strict=True):
        there = edge != ABSENT
        out[u], into[v] = out[u] + there, into[v] + there
        paths[v] = paths[v] + paths[u] * there
    rows: list[Array] = [
        np.max([np.where(walk.ends[place], depth[place], 0) for place in walk.places], axis=0),
        np.sum(list(live.values()), axis=0),
        np.sum([edge != ABSENT for edge in walk.edges], axis=0),
        np.log1p(np.sum([paths[place] * walk.ends[place] for place in walk.places], axis=0)),
        np.sum([out[place] * walk.starts[place] for place in walk.places], axis=0),
        np.sum([into[place] * walk.ends[place] for place in walk.places], axis=0),
    ]
    for of, largest in ((depth, DEEPEST), (out, 3), (into, 3)):
        for value in range(largest + 1):
            same = [live[place] & (np.minimum(of[place], largest) == value) for place in walk.places]
            rows.append(np.sum(same, axis=0))
    return np.asarray(rows, dtype=np.float32)


def _successions(walk: GraphWalk) -> Array:
    """For each ordered pair of operations, how often the second follows the first, with only plain labels between."""
    k = walk.operations
    found = np.zeros((k, k, walk.m), dtype=np.float32)
    into: dict[int, list[int]] = {place: [] for place in sorted(walk.places)}
    for number, (_, v) in enumerate(walk.links):
        into[v].append(number)
    arriving: dict[int, Array] = {}
    for place, numbers in into.items():
        last = np.zeros((k, walk.m), dtype=np.float32)
        for number in numbers:
            edge, source = walk.edges[number], arriving[walk.links[number][0]]
            on_edge = walk.hot(edge)
            if on_edge.any():
                found += source[:, None, :] * on_edge[None, :, :]
            last += np.where(edge > 0, on_edge, source * (edge != ABSENT))
        on_node = walk.hot(walk.nodes[place])
        if on_node.any():
            found += last[:, None, :] * on_node[None, :, :]
        arriving[place] = np.where(walk.nodes[place] > 0, on_node, last).astype(np.float32)
    return found.reshape(k * k, walk.m)


def _depths(walk: GraphWalk) -> Array:
    depth = walk.depths()
    found = np.zeros((DEEPEST, walk.operations, walk.m), dtype=np.float32)
    for place, node in walk.nodes.items():
        _count_at(found, node, depth[place])
    for (u, _), edge in zip(walk.links, walk.edges, strict=True):
        _count_at(found, edge, depth[u] + np.int16(1))
    return found.reshape(-1, walk.m)


def _count_at(found: Array, codes: Codes, depth: Codes) -> None:
    rows = np.flatnonzero(codes > 0)
    found[np.clip(depth[rows], 1, DEEPEST) - 1, codes[rows] - 1, rows] += 1.0
