"""Latency of one image on this machine, measured."""

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from equipoise.harness.core.objectives import spread_of
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Objective

if TYPE_CHECKING:
    from equipoise.harness.training.networks import Network
    from equipoise.harness.training.setup import Setup

__all__ = ["LATENCY", "latency", "quartiles"]

LATENCY = Objective("latency", "ms", measured=True)
"""Of one image through the network, on the device that trains: median of `PASSES` passes, their quartiles beside it."""

WARM_UP, PASSES = 5, 31


def latency(setup: "Setup", architecture: Architecture) -> dict[str, float]:
    """Measures the latency of an untrained network for a batch of one image, with one thread.

    Weights do not change the time of a pass. The random state of PyTorch is left as it was.

    Returns:
        Milliseconds: the median of `PASSES` passes after `WARM_UP` others, and the distance between their quartiles.
    """
    import torch

    from equipoise.harness.training.layers import initialise

    threads, devices = torch.get_num_threads(), [setup.device] if setup.device.startswith("cuda") else []
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=devices), torch.inference_mode():
            images = setup.images
            network: Network = setup.networks.build(architecture, setup.macro, images.channels, images.classes, 1)
            initialise(network, [torch.Generator().manual_seed(0)])
            network = network.to(device=torch.device(setup.device), memory_format=torch.channels_last)
            network.eval()
            image = torch.zeros(1, images.channels, images.side, images.side, device=setup.device)
            image = image.contiguous(memory_format=torch.channels_last)

            def run() -> None:
                network(image)
                if devices:
                    torch.cuda.synchronize()

            middle, spread = quartiles(run, PASSES)
    finally:
        torch.set_num_threads(threads)
    return {LATENCY.name: middle, spread_of(LATENCY.name): spread}


def quartiles(run: Callable[[], None], passes: int) -> tuple[float, float]:
    """The median time of some passes in milliseconds, and the distance between their quartiles."""
    for _ in range(WARM_UP):
        run()
    seconds = []
    for _ in range(passes):
        started = perf_counter()
        run()
        seconds.append(perf_counter() - started)
    low, middle, high = (1e3 * np.quantile(seconds, [0.25, 0.5, 0.75])).tolist()
    return middle, high - low
