"""Draws an architecture as SVG: layers from left to right, every label in a box of its own."""

from collections import defaultdict
from html import escape
from typing import NamedTuple

from equipoise.harness.core.architecture import LabelledDag

__all__ = ["svg"]

CHARACTER, HEIGHT, GAP, ROW = 7.2, 26, 34, 40
SWEEPS = 12
SMALLEST = 0.75
"""A drawing is scaled down to this share of its size; beyond that it scrolls."""


class _Box(NamedTuple):
    """A node of the graph, the label of an edge, or a bend of an edge that passes a layer."""

    text: str
    layer: int
    is_node: bool

    @property
    def width(self) -> float:
        return len(self.text) * CHARACTER + (18 if self.is_node else 14) if self.text else 0.0


def svg(graph: LabelledDag) -> list[str]:
    """One drawing per connected component of a graph, in the order of their first nodes.

    Colours are those of the surrounding text, so that a drawing fits light and dark pages.
    """
    return [_drawing(part) for part in _components(graph)]


def _components(graph: LabelledDag) -> list[LabelledDag]:
    root = list(range(len(graph.node_labels)))
    for source, target in graph.edges:
        old, new = sorted((root[source], root[target]), reverse=True)
        root = [new if r == old else r for r in root]
    parts = []
    for first in dict.fromkeys(root):
        members = [node for node, r in enumerate(root) if r == first]
        place = {node: i for i, node in enumerate(members)}
        kept = [i for i, (source, _) in enumerate(graph.edges) if source in place]
        parts.append(
            LabelledDag(
                tuple(graph.node_labels[node] for node in members),
                tuple((place[graph.edges[i][0]], place[graph.edges[i][1]]) for i in kept),
                tuple(graph.edge_labels[i] for i in kept),
            )
        )
    return parts


def _drawing(graph: LabelledDag) -> str:
    boxes, links = _boxes(graph)
    columns = _columns(boxes, links)
    left, x = {}, 4.0
    for _, members in sorted(columns.items()):
        width = max(boxes[i].width for i in members)
        left |= {i: x + (width - boxes[i].width) / 2 for i in members}
        x += width + (GAP if width else GAP / 3)
    tallest = max(map(len, columns.values()))
    middle = {
        i: (tallest - len(members)) * ROW / 2 + (place + 0.5) * ROW
        for members in columns.values()
        for place, i in enumerate(members)
    }
    width, height = x - GAP + 4, tallest * ROW
    lines = [_line(left[a] + boxes[a].width, middle[a], left[b], middle[b], boxes[b].is_node) for a, b in links]
    shown = [_shown(box, left[i], middle[i]) for i, box in enumerate(boxes) if box.text]
    words = escape(", ".join(f"{graph.node_labels[s]} to {graph.node_labels[t]}" for s, t in graph.edges), quote=True)
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'style="max-width: {width:.0f}px; min-width: {width * SMALLEST:.0f}px" '
        f'aria-label="{words}" font-family="system-ui, sans-serif" font-size="13">{"".join(lines + shown)}</svg>'
    )


def _boxes(graph: LabelledDag) -> tuple[list[_Box], list[tuple[int, int]]]:
    """The boxes (nodes first) and the links between boxes of consecutive layers."""
    layer = [0] * len(graph.node_labels)
    for source, target in sorted(graph.edges, key=lambda edge: edge[1]):
        layer[target] = max(layer[target], layer[source] + 2)
    for node in range(len(layer)):  # a source that is not the first stands right before what it feeds
        if not any(target == node for _, target in graph.edges):
            layer[node] = max(min((layer[t] for s, t in graph.edges if s == node), default=2) - 2, 0)
    boxes = [_Box(label, at, True) for label, at in zip(graph.node_labels, layer, strict=True)]
    links = []
    for (source, target), label in zip(graph.edges, graph.edge_labels, strict=True):
        chain = list(range(layer[source] + 1, layer[target]))
        last = source
        for at in chain:
            boxes.append(_Box(label if at == chain[len(chain) // 2] else "", at, False))
            links.append((last, len(boxes) - 1))
            last = len(boxes) - 1
        links.append((last, target))
    return boxes, links


def _columns(boxes: list[_Box], links: list[tuple[int, int]]) -> dict[int, list[int]]:
    """The boxes of each layer from top to bottom: ordered by the mean place of what they are linked with."""
    columns: defaultdict[int, list[int]] = defaultdict(list)
    for i, box in enumerate(boxes):
        columns[box.layer].append(i)
    joined: defaultdict[int, list[int]] = defaultdict(list)
    for a, b in links:
        joined[a].append(b)
        joined[b].append(a)
    for sweep in range(SWEEPS):
        place = {i: (p + 0.5) / len(members) for members in columns.values() for p, i in enumerate(members)}
        for at in sorted(columns, reverse=bool(sweep % 2)):
            mean = {i: sum(place[j] for j in joined[i]) / max(len(joined[i]), 1) for i in columns[at]}
            columns[at].sort(key=mean.__getitem__)
            place |= {i: (p + 0.5) / len(columns[at]) for p, i in enumerate(columns[at])}
    return columns


def _line(x1: float, y1: float, x2: float, y2: float, arrow: bool) -> str:
    bend = (x2 - x1) / 2
    path = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    head = f"M{x2 - 5:.1f} {y2 - 3.5:.1f}L{x2:.1f} {y2:.1f}L{x2 - 5:.1f} {y2 + 3.5:.1f}" if arrow else ""
    return f'<path d="{path}{head}" fill="none" stroke="currentColor" stroke-opacity="0.55"/>'


def _shown(box: _Box, x: float, y: float) -> str:
    text = (
        f'<text x="{x + box.width / 2:.1f}" y="{y + 4.5:.1f}" text-anchor="middle" '
        f'fill="currentColor">{escape(box.text)}</text>'
    )
    if not box.is_node:
        return text
    return (
        f'<rect x="{x:.1f}" y="{y - HEIGHT / 2:.1f}" width="{box.width:.1f}" height="{HEIGHT}" rx="5" '
        f'fill="currentColor" fill-opacity="0.07" stroke="currentColor"/>{text}'
    )
