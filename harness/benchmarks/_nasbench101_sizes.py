"""Parameters and FLOPs of the NAS-Bench-101 networks in closed form: no network is built."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._network_sizes import convolution_size
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces._nasbench101_classes import EDGES, INNER, OUTPUT
from equipoise.harness.spaces.nasbench101 import OPERATIONS

__all__ = ["nasbench101_sizes"]

Array = npt.NDArray[np.float64]
Channels = npt.NDArray[np.int64]

STEM, STACKS, MODULES, SIDE, INPUTS, CLASSES = 128, 3, 3, 32, 3, 10
"""The network around the cell (Ying et al. 2019, section 2.1): each stack doubles the channels on half the side."""

_KERNELS = np.array([{"conv3x3-bn-relu": 9, "conv1x1-bn-relu": 1}.get(word, 0) for word in OPERATIONS] + [0])
"""Weights of an operation per pair of channels; ``none`` comes last."""


def nasbench101_sizes(measure: str, architectures: Sequence[Architecture]) -> Array:
    """The sizes of n networks.

    Args:
        measure: ``parameters``, or ``flops``: multiplications with additions for one image.
        architectures: Of the space ``nasbench101``.
    """
    options = np.asarray(architectures, dtype=np.int64).reshape(-1, INNER + len(EDGES))
    kernels = _KERNELS[options[:, :INNER]]
    linked = np.zeros((len(options), OUTPUT + 1, OUTPUT + 1), dtype=np.bool_)
    for column, (u, v) in enumerate(EDGES, INNER):
        linked[:, u, v] = options[:, column] == 1
    counted = measure == "parameters"
    channels, side = STEM, SIDE
    total = np.full(len(options), float(convolution_size(9, INPUTS, STEM, side, counted)))
    before = STEM
    for stack in range(STACKS):
        if stack:
            channels, side = 2 * channels, side // 2
        for _ in range(MODULES):
            total += _module(kernels, linked, before, channels, side, counted)
            before = channels
    return total + channels * CLASSES + CLASSES


def _module(
    kernels: Channels, linked: npt.NDArray[np.bool_], before: int, channels: int, side: int, counted: bool
) -> Array:
    """The sizes of one cell of n networks, whose input has `before` channels and whose output `channels`."""
    widths = _widths(linked, channels)
    total = linked[:, 0, OUTPUT] * convolution_size(1, before, channels, side, counted)
    for node in range(1, OUTPUT):
        width = widths[:, node]
        total = total + linked[:, 0, node] * convolution_size(1, before, width, side, counted)
        kernel = kernels[:, node - 1]
        total = total + (kernel > 0) * convolution_size(kernel, width, width, side, counted)
    return np.asarray(total, dtype=np.float64)


def _widths(linked: npt.NDArray[np.bool_], channels: int) -> Channels:
    """Channels of the nodes, n x 7: those before the output share its channels, the others need as many as theirs."""
    into = linked[:, 1:OUTPUT, OUTPUT]
    number = np.maximum(into.sum(axis=1), 1)
    share, rest = channels // number, channels % number
    widths = np.zeros((len(linked), OUTPUT), dtype=np.int64)
    widths[:, 1:] = into * (share[:, None] + (np.cumsum(into, axis=1) <= rest[:, None]))
    for node in range(OUTPUT - 2, 0, -1):
        largest = (linked[:, node, :OUTPUT] * widths).max(axis=1)
        widths[:, node] = np.where(into[:, node - 1], widths[:, node], largest)
    return widths
