"""Parameters and FLOPs of the TransNAS-Bench-101 micro networks in closed form: no network is built."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._network_sizes import convolution_size
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench201 import EDGES
from equipoise.harness.spaces.transnas_micro import OPERATIONS

__all__ = ["transnas_micro_sizes"]

Array = npt.NDArray[np.float64]

STEM = ((3, 32, 128), (32, 64, 64))
"""Channels in, channels out and side of its two 3 x 3 convolutions, of images of 256 pixels."""

STAGES = ((64, 128, 32, 4), (128, 256, 16, 4), (256, 512, 8, 2))
"""Channels in, channels out, side and cells of the network 64-41414; the first cell of a stage halves the side."""


def transnas_micro_sizes(measure: str, architectures: Sequence[Architecture]) -> Array:
    """The sizes of n networks up to the head of their task, which all networks of a task share.

    Args:
        measure: ``parameters``, or ``flops``: multiplications with additions for one image.
        architectures: Of the space ``transnas_micro``.
    """
    options = np.asarray(architectures, dtype=np.int64).reshape(-1, len(EDGES))
    counted = measure == "parameters"
    total = np.full(len(options), float(sum(convolution_size(9, *layer, counted) for layer in STEM)))
    for before, after, side, cells in STAGES:
        first = np.array([_operation(word, before, after, side, counted, halved=True) for word in OPERATIONS])
        other = np.array([_operation(word, after, after, side, counted, halved=False) for word in OPERATIONS])
        for column, (source, _) in enumerate(EDGES):
            total += (first if source == 0 else other)[options[:, column]]
            total += (cells - 1) * other[options[:, column]]
    return total


def _operation(word: str, before: int, after: int, side: int, counted: bool, halved: bool) -> int:
    if word == "none" or (word == "skip_connect" and not halved):
        return 0
    return convolution_size(9 if word == "nor_conv_3x3" else 1, before, after, side, counted)
