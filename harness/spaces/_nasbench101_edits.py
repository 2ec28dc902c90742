"""Edits of a NAS-Bench-101 cell, taken as a labelled graph without an order of its nodes."""

from collections.abc import Iterator

from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces._nasbench101_classes import ABSENT, EDGES, INNER, MAX_EDGES, OUTPUT

__all__ = ["edits"]

_Nodes = dict[int, int]
_Edges = set[tuple[int, int]]


def edits(architecture: Architecture) -> Iterator[Architecture]:
    """Yields the results of one edit of a cell (operation, edge or node), invalid ones and duplicates among them."""
    nodes = {node: option for node, option in enumerate(architecture[:INNER], 1) if option != ABSENT}
    edges = {edge for edge, option in zip(EDGES, architecture[INNER:], strict=True) if option}
    for changed_nodes, changed_edges in _changed(nodes, edges):
        if len(changed_edges) <= MAX_EDGES:
            ordered = _in_order(changed_nodes, changed_edges)
            if ordered is not None:
                yield ordered


def _changed(nodes: _Nodes, edges: _Edges) -> Iterator[tuple[_Nodes, _Edges]]:
    for node, own in nodes.items():
        for option in range(ABSENT):
            if option != own:
                yield {**nodes, node: option}, edges
    free = next((node for node in range(1, OUTPUT) if node not in nodes), None)
    for u in (0, *nodes):
        for v in (*nodes, OUTPUT):
            if u == v:
                continue
            yield nodes, edges ^ {(u, v)}
            if free is not None:
                path = {(u, free), (free, v)}
                for option in range(ABSENT):
                    yield {**nodes, free: option}, (edges - {(u, v)}) | path
                    yield {**nodes, free: option}, edges | path | {(u, v)}
    for node in nodes:
        inputs, outputs = [u for u, v in edges if v == node], [v for u, v in edges if u == node]
        if len(inputs) == len(outputs) == 1:
            fewer = {other: option for other, option in nodes.items() if other != node}
            kept = {edge for edge in edges if node not in edge}
            yield fewer, kept - {(inputs[0], outputs[0])}
            yield fewer, kept | {(inputs[0], outputs[0])}


def _in_order(nodes: _Nodes, edges: _Edges) -> Architecture | None:
    """Numbers the nodes so that edges point forward; None if there is a cycle."""
    waiting, place = list(nodes), {0: 0, OUTPUT: OUTPUT}
    before = [0] * (OUTPUT + 1)  # bits of the nodes that must come first
    for u, v in edges:
        before[v] |= 1 << u
    missing = ~1  # bits of the nodes that have no place yet; the input has one
    operations: list[int] = []
    while waiting:
        for ready in waiting:
            if not before[ready] & missing:
                break
        else:
            return None
        waiting.remove(ready)
        missing &= ~(1 << ready)
        place[ready] = len(operations) + 1
        operations.append(nodes[ready])
    placed = {(place[u], place[v]) for u, v in edges}
    return (*operations, *[ABSENT] * (INNER - len(operations)), *(int(edge in placed) for edge in EDGES))
