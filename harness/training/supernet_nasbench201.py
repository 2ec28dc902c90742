"""The supernet of the NAS-Bench-201 space, in the skeleton of its stand-alone networks."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import log

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench201 import EDGES, OPERATIONS
from equipoise.harness.training.layers import Classifier, convolution, normalisation, pooled
from equipoise.harness.training.nasbench201 import (
    EMBEDDED,
    PUBLISHED,
    Cell,
    NasBench201Network,
    Skeleton,
    live_edges,
    surroundings,
)
from equipoise.harness.training.supernet import Choice, Supernet, edge_value, use_batch_statistics

__all__ = ["MixedCell", "NasBench201Supernet", "build"]

NONE = OPERATIONS.index("none")
KERNELS = {OPERATIONS.index("nor_conv_1x1"): 1, OPERATIONS.index("nor_conv_3x3"): 3}


PRICES: Mapping[Skeleton, Mapping[str, float]] = {
    # python speed/one_shot.py nasbench201
    EMBEDDED: {"mixture": 4.4, "sampled": 1.5, "path": 1.2, "evaluation": 0.45},
    # python speed/one_shot.py nasbench201 5 published
    PUBLISHED: {"mixture": 5.4, "sampled": 1.2, "path": 1.0, "evaluation": 0.76},
}
"""The measured relative costs, by skeleton."""


class _Node:
    """The value of a node, and its functions without weights, computed once for all edges."""

    def __init__(self, value: Tensor) -> None:
        self.value = value

    @cached_property
    def rectified(self) -> Tensor:
        return F.relu(self.value)

    @cached_property
    def averaged(self) -> Tensor:
        return F.avg_pool2d(self.value, 3, 1, 1, count_include_pad=False)


class MixedCell(nn.Module):
    """A cell with all five operations on each of its six edges.

    Args:
        channels: Channels, in and out.
        dead: See `equipoise.harness.training.nasbench201.Skeleton`.
    """

    def __init__(self, channels: int, dead: str) -> None:
        super().__init__()
        self.dead = dead
        self.convolutions = nn.ModuleDict(
            {
                f"{edge} {option}": nn.Sequential(
                    convolution(1, channels, channels, kernel), normalisation(1, channels, affine=False)
                )
                for edge in range(len(EDGES))
                for option, kernel in KERNELS.items()
            }
        )

    def forward(self, x: Tensor, weights: Sequence[Sequence[Tensor]] | None, path: tuple[int, ...] | None) -> Tensor:
        """Maps n x channels x height x width to the same shape."""
        edges = live_edges(path) if weights is None and path is not None and self.dead == "zero" else range(len(EDGES))
        nodes = {0: _Node(x)}
        for edge in edges:
            source, target = EDGES[edge]
            if source not in nodes:  # nothing came in
                nodes[source] = _Node(torch.zeros_like(x))
            value = self._edge(
                edge, nodes[source], None if weights is None else weights[edge], None if path is None else path[edge]
            )
            if value is not None:
                nodes[target] = _Node(nodes[target].value + value if target in nodes else value)
        return nodes[3].value if 3 in nodes else torch.zeros_like(x)

    def _edge(self, edge: int, node: _Node, weights: Sequence[Tensor] | None, chosen: int | None) -> Tensor | None:
        def compute(option: int) -> Tensor | None:
            word = OPERATIONS[option]
            if word == "none":
                return None
            if word == "skip_connect":
                return node.value
            if word == "avg_pool_3x3":
                return node.averaged
            value: Tensor = self.convolutions[f"{edge} {option}"](node.rectified)
            return value

        return edge_value(compute, node.value, weights, chosen)


class NasBench201Supernet(Supernet):
    """All 15,625 cells in one network.

    The convolutions of the cells have no affine normalisation, as in every published search on this space, so that no
    scale can undo the weight of an operation; stem, reductions and classifier are those of the stand-alone
    network.

    Args:
        skeleton: The network around the cell.
        input_channels: Channels of the images.
        classes: Number of classes.

    Source: Dong and Yang, NAS-Bench-201, ICLR 2020, section 4 and appendix; published code.
    """

    operations = OPERATIONS
    edges = (len(EDGES),)

    def __init__(self, skeleton: Skeleton, input_channels: int, classes: int) -> None:
        super().__init__()
        self._made_of = (skeleton, input_channels, classes)
        self.relative_cost = _price_of(skeleton)
        body, channels = surroundings(skeleton, input_channels, 1, lambda width: MixedCell(width, skeleton.dead))
        self.body = nn.ModuleList([*body, normalisation(1, channels), nn.ReLU()])
        self.classifier = Classifier(1, channels, classes)
        use_batch_statistics(self)

    def forward(self, x: Tensor, choice: Choice) -> Tensor:
        """Maps n x channels x height x width to logits, n x classes."""
        weights = None if choice.weights is None else [row.unbind() for row in choice.weights[0].unbind()]
        path = None if choice.path is None else choice.path[0]
        for module in self.body:
            x = module(x, weights, path) if isinstance(module, MixedCell) else module(x)
        logits: Tensor = self.classifier(pooled(x))[:, 0]
        return logits

    def path(self, architecture: Architecture) -> Choice:
        """The path of an architecture."""
        return Choice(None, (architecture,))

    def derive(self, weights: Sequence[Tensor], with_none: bool) -> Architecture:
        """Takes the operation with the largest weight on each edge."""
        (cell,) = weights
        allowed = cell.detach().clone()
        if not with_none:
            allowed[:, NONE] = -torch.inf
        return tuple(allowed.argmax(dim=-1).tolist())

    @torch.no_grad()
    def standalone(self, architecture: Architecture) -> NasBench201Network:
        """The stand-alone network of an architecture, with a copy of the weights it has here."""
        network = NasBench201Network(architecture, *self._made_of)
        for own, other in zip(self.body, network.body, strict=True):
            if not isinstance(own, MixedCell):
                other.load_state_dict(own.state_dict(), strict=False)  # without running statistics
                continue
            assert isinstance(other, Cell)
            for edge, block in other.convolutions.items():
                block[0].load_state_dict(own.convolutions[f"{edge} {architecture[int(edge)]}"][0].state_dict())
        network.classifier.load_state_dict(self.classifier.state_dict())
        return network


def _price_of(skeleton: Skeleton) -> Mapping[str, float]:
    """The relative costs in a skeleton; where they were not measured, those in the one with the nearest width."""
    return PRICES.get(skeleton) or PRICES[min(PRICES, key=lambda known: abs(log(known.channels / skeleton.channels)))]


def build(skeleton: Skeleton, input_channels: int, classes: int) -> NasBench201Supernet:
    """The supernet with a skeleton."""
    return NasBench201Supernet(skeleton, input_channels, classes)
