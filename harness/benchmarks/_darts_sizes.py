"""Parameters and FLOPs of the DARTS networks of NAS-Bench-301 in closed form: no network is built."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.darts import CELLS, OPERATIONS, PAIRS, Darts

__all__ = ["darts_sizes"]

Array = npt.NDArray[np.float64]

CHANNELS, STEM, CELLS_OF_NETWORK, SIDE, INPUTS, CLASSES = 32, 3, 8, 32, 3, 10
"""The network around the cells (Zela et al., ICLR 2022): 8 cells, 32 channels, CIFAR-10; the stem has 3 times 32."""

_COLUMNS = {decision.name: column for column, decision in enumerate(Darts.decisions)}


class _Place(NamedTuple):
    """One cell of the network.

    Attributes:
        before: Channels of the output of the cell before the last.
        last: Channels of the output of the last cell.
        channels: Channels of a node.
        side: Of its inputs, in pixels; that of the cell before the last is halved first where it is twice as large.
        reduction: Whether it halves the side.
    """

    before: int
    last: int
    channels: int
    side: int
    reduction: bool


def darts_sizes(measure: str, architectures: Sequence[Architecture]) -> Array:
    """The sizes of n networks.

    Args:
        measure: ``parameters``, or ``flops``: multiplications with additions for one image.
        architectures: Of the space ``darts``.
    """
    options = np.asarray(architectures, dtype=np.int64).reshape(-1, len(Darts.decisions))
    counted = measure == "parameters"
    places = list(_places())
    total = np.full(len(options), float(_fixed(places, counted)))
    for cell, reduction in zip(CELLS, (False, True), strict=True):
        inner, halved = np.zeros((2, len(OPERATIONS)))
        for place in places:
            if place.reduction == reduction:
                area = 1 if counted else (place.side // (1 + reduction)) ** 2
                inner += [area * _weights(word, place.channels, False, counted) for word in OPERATIONS]
                halved += [area * _weights(word, place.channels, reduction, counted) for word in OPERATIONS]
        for node, pairs in PAIRS.items():
            chosen = options[:, _COLUMNS[f"{cell} inputs {node}"]] if len(pairs) > 1 else np.zeros(len(options), int)
            for which, sources in zip("ab", np.transpose(pairs), strict=True):
                operation = options[:, _COLUMNS[f"{cell} operation {node}{which}"]]
                total += np.where(sources[chosen] < 2, halved[operation], inner[operation])
    return total


def _places() -> Iterator[_Place]:
    before = last = STEM * CHANNELS
    channels, side = CHANNELS, SIDE
    for number in range(CELLS_OF_NETWORK):
        reduction = number in (CELLS_OF_NETWORK // 3, 2 * CELLS_OF_NETWORK // 3)
        channels *= 1 + reduction
        yield _Place(before, last, channels, side, reduction)
        before, last, side = last, 4 * channels, side // (1 + reduction)


def _fixed(places: Sequence[_Place], counted: bool) -> int:
    """The parts that all networks have: stem, inputs of the cells, classifier."""
    stem, outputs = STEM * CHANNELS, 4 * places[-1].channels
    total = 9 * INPUTS * stem * (1 if counted else SIDE**2) + 2 * stem * counted + outputs * CLASSES + CLASSES
    for place in places:
        area = 1 if counted else place.side**2
        total += (place.before + place.last) * place.channels * area + 4 * place.channels * counted
    return total


def _weights(word: str, channels: int, halved: bool, counted: bool) -> int:
    """Weights of the convolutions of an operation, and, if parameters are counted, of its normalisations."""
    kind, _, size = word.partition("_conv_")
    if not size:
        convolutions, weights = int(word == "skip_connect" and halved), channels**2
    else:
        convolutions, weights = 1 + (kind == "sep"), channels * int(size[0]) ** 2 + channels**2
    return convolutions * (weights + 2 * channels * counted)
