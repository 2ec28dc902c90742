"""Networks of the DARTS space: the published skeleton for CIFAR, and reduced ones by settings."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.darts import cells_of
from equipoise.harness.training.darts_cell import Cell
from equipoise.harness.training.layers import Classifier, convolution, normalisation, pooled
from equipoise.harness.training.recipe import DARTS, EMBEDDED_DARTS, Recipe

__all__ = ["EMBEDDED", "PUBLISHED", "DartsNetwork", "Skeleton", "build", "count_parameters", "settings"]


@dataclass(frozen=True)
class Skeleton:
    """What surrounds the searched cells.

    Attributes:
        channels: Of a node in the first cells, even; doubled at each of the two reduction cells.
        cells: How many; the reductions are those at one and two thirds.
        stem: The first convolution has so many times more channels.
        auxiliary_head: Whether a second classifier stands at the second reduction while training.
    """

    channels: int
    cells: int
    stem: int = 3
    auxiliary_head: bool = True

    def __post_init__(self) -> None:
        if self.channels < 2 or self.channels % 2 or self.cells < 3 or self.stem < 1:
            raise SettingError(
                f"DARTS skeleton: channels = {self.channels}, cells = {self.cells}, stem = {self.stem}; channels are "
                "even, cells at least 3, stem at least 1"
            )


PUBLISHED = Skeleton(channels=36, cells=20)
"""Liu, Simonyan and Yang 2019, evaluation on CIFAR-10."""

EMBEDDED = Skeleton(channels=8, cells=5, auxiliary_head=False)
"""For images below 28 pixels."""


class _Auxiliary(nn.Module):
    """The second classifier: pooled to 2 x 2, two convolutions, a linear layer."""

    def __init__(self, channels: int, classes: int, copies: int) -> None:
        super().__init__()
        self.narrow = nn.Sequential(convolution(copies, channels, 128, 1), normalisation(copies, 128), nn.ReLU())
        square = nn.Conv2d(copies * 128, copies * 768, 2, groups=copies, bias=False)
        self.wide = nn.Sequential(square, normalisation(copies, 768), nn.ReLU())
        self.classifier = Classifier(copies, 768, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Maps n x (copies * channels) x side x side to n x copies x classes.

        Published for a side of 8; other sides are pooled to the same size.
        """
        x = F.relu(x)
        x = F.avg_pool2d(x, 5, 3) if x.shape[-1] == 8 else F.adaptive_avg_pool2d(x, 2)
        logits: Tensor = self.classifier(self.wide(self.narrow(x)).flatten(1))
        return logits


class DartsNetwork(nn.Module):
    """A stand-alone network: stem, cells, a linear classifier and, while training, an auxiliary one.

    Args:
        architecture: Both cells.
        skeleton: What surrounds them.
        input_channels: Of the images.
        classes: Of the labels.
        copies: Networks side by side (see `equipoise.harness.training.layers`).

    Attributes:
        paths: How many paths can be dropped: all operations but the skips that change nothing.
    """

    def __init__(
        self, architecture: Architecture, skeleton: Skeleton, input_channels: int, classes: int, copies: int = 1
    ) -> None:
        super().__init__()
        normal, reduce = cells_of(architecture)
        channels, stem = skeleton.channels, skeleton.stem * skeleton.channels
        self.stem = nn.Sequential(convolution(copies, input_channels, stem, 3), normalisation(copies, stem))
        self.cells = nn.ModuleList()
        self.reductions = (skeleton.cells // 3, 2 * skeleton.cells // 3)
        before, last, halved = stem, stem, False
        for place in range(skeleton.cells):
            reduction = place in self.reductions
            channels *= 1 + reduction
            edges = reduce if reduction else normal
            self.cells.append(Cell(edges, before, last, channels, reduction, halved, copies))
            before, last, halved = last, 4 * channels, reduction
        at_auxiliary = 4 * 4 * skeleton.channels
        self.auxiliary = _Auxiliary(at_auxiliary, classes, copies) if skeleton.auxiliary_head else None
        self.classifier = Classifier(copies, last, classes)
        self.paths = sum(sum(cell.droppable) for cell in self.cells)

    def forward(self, x: Tensor, keep: Tensor | None = None) -> tuple[Tensor, ...]:
        """Maps n x (copies * input channels) x height x width to logits, n x copies x classes, of one or two heads.

        Args:
            x: The images.
            keep: See `Cell.forward`.
        """
        before = last = self.stem(x)
        heads: list[Tensor] = []
        path = 0
        for place, cell in enumerate(self.cells):
            own = sum(cell.droppable)
            before, last = last, cell(before, last, None if keep is None else keep[path : path + own])
            path += own
            if place == self.reductions[1] and self.auxiliary is not None and self.training:
                heads.append(self.auxiliary(last))
        return (self.classifier(pooled(last)), *heads)


WITHOUT = ()
"""Fields of a recipe that these networks have no part for."""


def settings(side: int) -> tuple[Skeleton, Recipe]:
    """The skeleton and recipe for images of a side: published from 28 pixels on, reduced below."""
    return (PUBLISHED, DARTS) if side >= 28 else (EMBEDDED, EMBEDDED_DARTS)


def build(
    architecture: Architecture, skeleton: Skeleton, input_channels: int, classes: int, copies: int = 1
) -> DartsNetwork:
    """The network of an architecture."""
    return DartsNetwork(architecture, skeleton, input_channels, classes, copies)


def count_parameters(architecture: Architecture, skeleton: Skeleton, input_channels: int, classes: int) -> int:
    """The number of trainable parameters without the auxiliary classifier, as papers count them."""
    network = build(architecture, skeleton, input_channels, classes)
    return sum(p.numel() for name, p in network.named_parameters() if not name.startswith("auxiliary"))
