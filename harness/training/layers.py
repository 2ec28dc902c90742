"""Building blocks that hold several independent replicas of a network in one module.

`replicas` networks of one architecture, each with weights of its own, are computed together: their channels lie side
by side, and every convolution is grouped so that no replica sees another. One pass of three small networks costs
little more than one pass of one. Activations are n x (replicas * channels) x height x width.
"""

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Classifier", "convolution", "initialise", "normalisation", "pooled"]

THIN = 4


def convolution(
    replicas: int, c_in: int, c_out: int, kernel: int, stride: int = 1, dilation: int = 1, groups: int = 1
) -> nn.Conv2d:
    """A convolution without bias, padded so that stride 1 keeps the size.

    Args:
        replicas: Networks side by side.
        c_in: Input channels of one replica.
        c_out: Output channels of one replica.
        kernel: Side of the kernel, odd.
        stride: Stride.
        dilation: Distance between the kernel's taps.
        groups: Groups within one replica.
    """
    padding = dilation * (kernel // 2)
    kind = _ThinGroups if replicas > 1 and groups == 1 and c_in < THIN else nn.Conv2d
    return kind(
        replicas * c_in, replicas * c_out, kernel, stride, padding, dilation, groups=replicas * groups, bias=False
    )


class _ThinGroups(nn.Conv2d):
    """A convolution with few input channels per group: computed as one group, with zeros between the replicas.

    The outputs are the same. PyTorch's CPU kernels for such groups take twice as long.
    """

    apart: Tensor

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.register_buffer("apart", torch.eye(self.groups)[:, None, :, None, None, None], persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        """Maps n x (replicas * c_in) x height x width to n x (replicas * c_out) x height x width."""
        spread = self.weight.unflatten(0, (self.groups, -1)).unsqueeze(2) * self.apart
        stride, padding, dilation = (cast(tuple[int, int], v) for v in (self.stride, self.padding, self.dilation))
        return F.conv2d(input, spread.flatten(0, 1).flatten(1, 2), None, stride, padding, dilation)


def pooled(x: Tensor) -> Tensor:
    """The mean over the pixels, n x channels x height x width to n x channels.

    Its gradient has the layout of the activations, channels last. That of `Tensor.mean` over the two sides has another
    layout, which the preceding layers read slowly.
    """
    return x.permute(0, 2, 3, 1).flatten(1, 2).mean(dim=1)


def normalisation(replicas: int, channels: int, affine: bool = True) -> nn.BatchNorm2d:
    """Batch normalisation; it acts on each channel alone, so replicas are independent."""
    return nn.BatchNorm2d(replicas * channels, affine=affine)


class Classifier(nn.Module):
    """The linear layer at the end, one for each replica.

    Args:
        replicas: Networks side by side.
        features: Inputs of one replica.
        classes: Outputs of one replica.
    """

    def __init__(self, replicas: int, features: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(replicas, features, classes))
        self.bias = nn.Parameter(torch.empty(replicas, 1, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Maps n x (replicas * features) to n x replicas x classes."""
        replicas, features, _ = self.weight.shape
        with torch.autocast(x.device.type, enabled=False):  # logits of half precision tie, and ties go by position
            parts = x.to(self.weight.dtype).view(-1, replicas, features).transpose(0, 1)
            return torch.baddbmm(self.bias, parts, self.weight).transpose(0, 1)


@torch.no_grad()
def initialise(network: nn.Module, generators: Sequence[torch.Generator]) -> None:
    """Draws all weights as PyTorch does by default: uniform within 1 / sqrt(fan in).

    Each replica draws from its own generator, in the order of the modules. So a replica starts like a
    single network with the same generator.

    Args:
        network: A network of the layers of this module.
        generators: One per replica, on the CPU.
    """
    replicas = len(generators)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            bound = 1.0 / math.sqrt(module.weight[0].numel())
            parts = [module.weight.view(replicas, -1, *module.weight.shape[1:])]
        elif isinstance(module, Classifier):
            bound = 1.0 / math.sqrt(module.weight.shape[1])
            parts = [module.weight, module.bias]
        else:
            continue
        for part in parts:
            for values, generator in zip(part, generators, strict=True):
                drawn = torch.empty(values.shape).uniform_(-bound, bound, generator=generator)
                values.copy_(drawn)
