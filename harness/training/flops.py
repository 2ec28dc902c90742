"""Multiply-adds of a network."""

import torch
from torch import Tensor, nn

from equipoise.harness.training.layers import Classifier

__all__ = ["count_multiply_adds"]


def count_multiply_adds(network: nn.Module, input_channels: int, side: int) -> int:
    """Multiplications with additions of the convolutions and linear layers, for one image.

    The NAS-Bench-201 tables and most papers call these FLOPs (``tests/training/test_networks.py`` compares
    them with published values). Normalisation, pooling and activations are not counted.

    Args:
        network: One replica.
        input_channels: Channels of the images.
        side: Height and width of the images, in pixels.
    """
    total = 0

    def convolution(layer: nn.Conv2d, _: object, output: Tensor) -> None:
        nonlocal total
        total += layer.weight[0].numel() * output[0].numel()

    def classifier(layer: Classifier, _: object, output: Tensor) -> None:
        nonlocal total
        total += layer.weight.numel() + output[0].numel()

    kinds = {nn.Conv2d: convolution, Classifier: classifier}
    handles = [m.register_forward_hook(kinds[type(m)]) for m in network.modules() if type(m) in kinds]
    training = network.training
    network.eval()
    try:
        device = next(network.parameters()).device
        with torch.inference_mode():
            network(torch.zeros(1, input_channels, side, side, device=device))
    finally:
        network.train(training)
        for handle in handles:
            handle.remove()
    return total
