"""Networks of the DARTS space: the published macro architecture for CIFAR, and reduced ones by settings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch.nn.functional as F
from torch import Tensor, nn

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.darts import cells_of
from equipoise.harness.training.configuration import DARTS, EMBEDDED_DARTS, TrainingConfiguration
from equipoise.harness.training.darts_cell import Cell
from equipoise.harness.training.layers import Classifier, convolution, normalisation, pooled
from equipoise.harness.training.networks import Networks

__all__ = [
    "EMBEDDED",
    "PUBLISHED",
    "UNUSED_FIELDS",
    "DartsNetwork",
    "MacroArchitecture",
    "build",
    "count_parameters",
    "parts",
    "settings",
]


@dataclass(frozen=True)
class MacroArchitecture:
    """The macro architecture: the network around the searched cells.

    Attributes:
        channels: Channels of a node in the first cells, even; doubled at each of the two reduction cells.
        cells: Number of cells; the reductions are those at one and two thirds.
        stem: Channels of the first convolution, as a multiple of `channels`.
        auxiliary_head: Whether an auxiliary classifier is attached at the second reduction while training.
    """

    channels: int
    cells: int
    stem: int = 3
    auxiliary_head: bool = True

    def __post_init__(self) -> None:
        if self.channels < 2 or self.channels % 2 or self.cells < 3 or self.stem < 1:
            raise SettingError(
                f"DARTS macro architecture: channels = {self.channels}, cells = {self.cells}, stem = {self.stem}; "
                "channels are even, cells at least 3, stem at least 1"
            )


PUBLISHED = MacroArchitecture(channels=36, cells=20)
"""Liu, Simonyan and Yang 2019, evaluation on CIFAR-10."""

EMBEDDED = MacroArchitecture(channels=8, cells=5, auxiliary_head=False)
"""For images below 28 pixels."""


class _Auxiliary(nn.Module):
    """The auxiliary classifier: pooled to 2 x 2, two convolutions, a linear layer."""

    def __init__(self, channels: int, classes: int, replicas: int) -> None:
        super().__init__()
        self.narrow = nn.Sequential(convolution(replicas, channels, 128, 1), normalisation(replicas, 128), nn.ReLU())
        square = nn.Conv2d(replicas * 128, replicas * 768, 2, groups=replicas, bias=False)
        self.wide = nn.Sequential(square, normalisation(replicas, 768), nn.ReLU())
        self.classifier = Classifier(replicas, 768, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Maps n x (replicas * channels) x side x side to n x replicas x classes.

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
        macro: The network around them.
        input_channels: Channels of the images.
        classes: Number of classes.
        replicas: Networks side by side (see `equipoise.harness.training.layers`).

    Attributes:
        paths: How many paths drop-path may drop: all operations but identities.
    """

    def __init__(
        self, architecture: Architecture, macro: MacroArchitecture, input_channels: int, classes: int, replicas: int = 1
    ) -> None:
        super().__init__()
        normal, reduce = cells_of(architecture)
        channels, stem = macro.channels, macro.stem * macro.channels
        self.stem = nn.Sequential(convolution(replicas, input_channels, stem, 3), normalisation(replicas, stem))
        self.cells = nn.ModuleList()
        self.reductions = (macro.cells // 3, 2 * macro.cells // 3)
        before, last, halved = stem, stem, False
        for place in range(macro.cells):
            reduction = place in self.reductions
            channels *= 1 + reduction
            edges = reduce if reduction else normal
            self.cells.append(Cell(edges, before, last, channels, reduction, halved, replicas))
            before, last, halved = last, 4 * channels, reduction
        at_auxiliary = 4 * 4 * macro.channels
        self.auxiliary = _Auxiliary(at_auxiliary, classes, replicas) if macro.auxiliary_head else None
        self.classifier = Classifier(replicas, last, classes)
        self.paths = sum(sum(cell.droppable) for cell in self.cells)

    def forward(self, x: Tensor, keep: Tensor | None = None) -> tuple[Tensor, ...]:
        """Maps n x (replicas * input channels) x height x width to logits, n x replicas x classes, of one or two heads.

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


UNUSED_FIELDS: tuple[str, ...] = ()
"""Fields of a training configuration for which these networks have no part."""


def settings(side: int) -> tuple[MacroArchitecture, TrainingConfiguration]:
    """The macro architecture and the training configuration: published from a side of 28 pixels on, reduced below."""
    return (PUBLISHED, DARTS) if side >= 28 else (EMBEDDED, EMBEDDED_DARTS)


def build(
    architecture: Architecture, macro: MacroArchitecture, input_channels: int, classes: int, replicas: int = 1
) -> DartsNetwork:
    """The network of an architecture."""
    return DartsNetwork(architecture, macro, input_channels, classes, replicas)


def count_parameters(architecture: Architecture, macro: MacroArchitecture, input_channels: int, classes: int) -> int:
    """The number of trainable parameters without the auxiliary classifier, as papers count them."""
    network = build(architecture, macro, input_channels, classes)
    return sum(p.numel() for name, p in network.named_parameters() if not name.startswith("auxiliary"))


def parts(architecture: Architecture, macro: MacroArchitecture) -> list[tuple[int, int, bool]]:  # noqa: ARG001
    """The edges of both cells, as (cell, operation, whether it leaves an input of the cell)."""
    edges = ((cell, edge) for cell, edges in enumerate(cells_of(architecture)) for edge in edges)
    return [(cell, option, source < 2) for cell, (source, option) in edges]


if TYPE_CHECKING:
    from equipoise.harness.training import darts

    _CHECKED: Networks[MacroArchitecture] = darts
