"""The operations and cells of the DARTS space, several independent replicas side by side."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from equipoise.harness.spaces.darts import OPERATIONS
from equipoise.harness.training.layers import convolution, normalisation

__all__ = ["Cell", "FactorisedReduction", "operation", "pointwise", "side_by_side"]


class FactorisedReduction(nn.Module):
    """Halves the side by two 1 x 1 convolutions of stride 2, one of them shifted by a pixel, concatenated.

    Args:
        c_in: Channels of one replica.
        c_out: Channels of one replica, even.
        replicas: Networks side by side.
        affine: Whether the normalisation scales and shifts.
    """

    def __init__(self, c_in: int, c_out: int, replicas: int, affine: bool = True) -> None:
        super().__init__()
        self.replicas = replicas
        self.here = convolution(replicas, c_in, c_out // 2, 1)
        self.further = convolution(replicas, c_in, c_out // 2, 1)
        self.normalisation = normalisation(replicas, c_out, affine)

    def forward(self, x: Tensor) -> Tensor:
        """Pads an odd side with zeros; in the published code, sides are even.

        The pixels are picked before the convolutions: oneDNN's kernel for those of stride 2 writes past its buffer
        where channels are few (uxlfoundation/oneDNN issue 6035).
        """
        x = F.relu(x)
        odd = x.shape[-1] % 2
        even, shifted = x[:, :, ::2, ::2], F.pad(x, (0, odd, 0, odd))[:, :, 1::2, 1::2]
        result: Tensor = self.normalisation(side_by_side([self.here(even), self.further(shifted)], self.replicas))
        return result


def operation(word: str, channels: int, stride: int, replicas: int, affine: bool = True) -> nn.Module:
    """One operation of the space.

    Args:
        word: Its name.
        channels: Channels of one replica, in and out.
        stride: 2 on the edges that leave the inputs of a reduction cell.
        replicas: Networks side by side.
        affine: Whether the normalisations scale and shift.
    """
    if word == "max_pool_3x3":
        return nn.MaxPool2d(3, stride, 1)
    if word == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride, 1, count_include_pad=False)
    if word == "skip_connect":
        return nn.Identity() if stride == 1 else FactorisedReduction(channels, channels, replicas, affine)
    kind, _, size = word.split("_")
    kernel = int(size[0])
    steps = [(stride, 1), (1, 1)] if kind == "sep" else [(stride, 2)]
    layers: list[nn.Module] = []
    for step, dilation in steps:
        layers += [
            nn.ReLU(),
            convolution(replicas, channels, channels, kernel, step, dilation, groups=channels),
            convolution(replicas, channels, channels, 1),
            normalisation(replicas, channels, affine),
        ]
    return nn.Sequential(*layers)


class Cell(nn.Module):
    """One cell.

    Args:
        edges: Eight (source, operation), two for each of the four nodes.
        c_before: Channels of the output of the cell before the last, in one replica.
        c_last: Channels of the output of the last cell.
        channels: Channels of a node.
        reduction: Whether it halves the side.
        halved: Whether the last cell did.
        replicas: Networks side by side.
    """

    def __init__(
        self,
        edges: Sequence[tuple[int, int]],
        c_before: int,
        c_last: int,
        channels: int,
        reduction: bool,
        halved: bool,
        replicas: int,
    ) -> None:
        super().__init__()
        self.replicas = replicas
        self.first = (
            FactorisedReduction(c_before, channels, replicas) if halved else pointwise(c_before, channels, replicas)
        )
        self.second = pointwise(c_last, channels, replicas)
        self.sources = [source for source, _ in edges]
        self.operations = nn.ModuleList(
            operation(OPERATIONS[option], channels, 2 if reduction and source < 2 else 1, replicas)
            for source, option in edges
        )
        self.droppable = [not isinstance(op, nn.Identity) for op in self.operations]

    def forward(self, before: Tensor, last: Tensor, keep: Tensor | None = None) -> Tensor:
        """Maps the outputs of the two preceding cells to the output of this one.

        Args:
            before: n x (replicas * c_before) x height x width.
            last: n x (replicas * c_last) x height x width.
            keep: A factor for each path that can be dropped, paths x n x replicas; None keeps all.
        """
        nodes = [self.first(before), self.second(last)]
        edge, path = 0, 0
        while edge < len(self.sources):
            total: Tensor | None = None
            for _ in range(2):
                value = self.operations[edge](nodes[self.sources[edge]])
                if self.droppable[edge]:
                    if keep is not None:
                        value = _scaled(value, keep[path])
                    path += 1
                total = value if total is None else total + value
                edge += 1
            nodes.append(total)
        return side_by_side(nodes[2:], self.replicas)


def pointwise(c_in: int, c_out: int, replicas: int, affine: bool = True) -> nn.Module:
    """Maps an input of a cell to its number of channels: ReLU, a 1 x 1 convolution, normalisation."""
    return nn.Sequential(nn.ReLU(), convolution(replicas, c_in, c_out, 1), normalisation(replicas, c_out, affine))


def side_by_side(parts: Sequence[Tensor], replicas: int) -> Tensor:
    """Concatenates channels per replica: several n x (replicas * c) x h x w to n x (replicas * sum of c) x h x w."""
    if replicas == 1:
        return torch.cat(tuple(parts), dim=1)
    return torch.cat([part.unflatten(1, (replicas, -1)) for part in parts], dim=2).flatten(1, 2)


def _scaled(value: Tensor, factors: Tensor) -> Tensor:
    """Multiplies each image of each replica, n x (replicas * c) x h x w, by its factor, n x replicas."""
    replicas = factors.shape[1]
    return (value.unflatten(1, (replicas, -1)) * factors[:, :, None, None, None]).flatten(1, 2)
