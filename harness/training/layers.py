"""Building blocks that hold several independent copies of a network in one module.

`copies` networks of one architecture, each with weights of its own, are computed together: their channels lie side by
side, and every convolution is grouped so that no copy sees another. One pass of three small networks costs little more
than one pass of one. Activations are n x (copies * channels) x height x width.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["Classifier", "convolution", "initialise", "normalisation"]


def convolution(
    copies: int, c_in: int, c_out: int, kernel: int, stride: int = 1, dilation: int = 1, groups: int = 1
) -> nn.Conv2d:
    """A convolution without bias, padded so that stride 1 keeps the size.

    Args:
        copies: Networks side by side.
        c_in: Input channels of one copy.
        c_out: Output channels of one copy.
        kernel: Side of the kernel, odd.
        stride: Step.
        dilation: Distance between the kernel's taps.
        groups: Groups within one copy.
    """
    padding = dilation * (kernel // 2)
    return nn.Conv2d(
        copies * c_in, copies * c_out, kernel, stride, padding, dilation, groups=copies * groups, bias=False
    )


def normalisation(copies: int, channels: int, affine: bool = True) -> nn.BatchNorm2d:
    """Batch normalisation; it works channel by channel, so copies are independent as they are."""
    return nn.BatchNorm2d(copies * channels, affine=affine)


class Classifier(nn.Module):
    """The linear layer at the end, one for each copy.

    Args:
        copies: Networks side by side.
        features: Inputs of one copy.
        classes: Outputs of one copy.
    """

    def __init__(self, copies: int, features: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(copies, features, classes))
        self.bias = nn.Parameter(torch.empty(copies, 1, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Maps n x (copies * features) to n x copies x classes."""
        copies, features, _ = self.weight.shape
        return torch.baddbmm(self.bias, x.view(-1, copies, features).transpose(0, 1), self.weight).transpose(0, 1)


@torch.no_grad()
def initialise(network: nn.Module, generators: Sequence[torch.Generator]) -> None:
    """Draws all weights as PyTorch does by default: uniform within 1 / sqrt(fan in).

    Each copy draws from its own generator, in the order of the modules. So a copy starts like the network that is
    alone with the same generator.

    Args:
        network: Made of the blocks of this module.
        generators: One a copy, on the CPU.
    """
    copies = len(generators)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            bound = 1.0 / math.sqrt(module.weight[0].numel())
            parts = [module.weight.view(copies, -1, *module.weight.shape[1:])]
        elif isinstance(module, Classifier):
            bound = 1.0 / math.sqrt(module.weight.shape[1])
            parts = [module.weight, module.bias]
        else:
            continue
        for part in parts:
            for values, generator in zip(part, generators, strict=True):
                drawn = torch.empty(values.shape).uniform_(-bound, bound, generator=generator)
                values.copy_(drawn)
