"""Parameters and FLOPs of all NAS-Bench-201 networks in closed form: no network is built, PyTorch is not needed."""

from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.spaces.nasbench201 import EDGES, OPERATIONS, NasBench201

__all__ = ["cell_sizes", "live_edges", "size_readers"]

Array = npt.NDArray[np.float64]


class _Networks(NamedTuple):
    """The surroundings of the cell, as `equipoise.harness.training.nasbench201` builds them.

    Attributes:
        channels: Of the first stage.
        stages: How many; each doubles the channels on half the side.
        cells: Per stage.
        side: Of the first stage, in pixels.
        inputs: Channels of the images.
        classes: Of the labels.
        published: Whether stages are joined by residual blocks and cells keep edges that lead nowhere.
    """

    channels: int
    stages: int
    cells: int
    side: int
    inputs: int
    classes: int
    published: bool = True


_NETWORKS = {
    "cifar10": _Networks(16, 3, 5, 32, 3, 10),
    "cifar100": _Networks(16, 3, 5, 32, 3, 100),
    "imagenet16-120": _Networks(16, 3, 5, 16, 3, 120),
    "fashion14": _Networks(8, 2, 1, 7, 1, 10, published=False),
}


def cell_sizes(dataset: str, measure: str) -> Array:
    """The sizes of the 15,625 networks of a data set, in the order of ``enumerate()``.

    Args:
        dataset: Of ``nasbench201``.
        measure: ``parameters``, or ``flops``: multiplications with additions for one image.
    """
    own = _NETWORKS[dataset]
    cells = np.array(list(NasBench201().enumerate()))
    used = cells != OPERATIONS.index("none")
    if not own.published:
        used &= live_edges(used)
    large = (used & (cells == OPERATIONS.index("nor_conv_3x3"))).sum(axis=1)
    small = (used & (cells == OPERATIONS.index("nor_conv_1x1"))).sum(axis=1)
    kernels, norms = 9 * large + small, large + small
    count = measure == "parameters"
    channels, area = own.channels, own.side**2
    total = np.full(len(cells), float(9 * own.inputs * channels * (1 if count else area) + 2 * channels * count))
    for stage in range(own.stages):
        if stage:
            wider, area = 2 * channels, (int(np.ceil(own.side / 2**stage))) ** 2
            weights = 10 * channels * wider + 9 * wider**2 if own.published else channels * wider
            shifts = (4 if own.published else 2) * wider
            total += weights * (1 if count else area) + shifts * count
            channels = wider
        total += own.cells * (kernels * channels**2 * (1 if count else area) + norms * 2 * channels * count)
    return total + 2 * channels * count + channels * own.classes + own.classes


def size_readers(dataset: str) -> SizeReaders:
    """Functions that give both measures of a data set."""
    return {measure: partial(cell_sizes, dataset, measure) for measure in ("parameters", "flops")}


def live_edges(used: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which edges lie on a path from the input to the output of the cell, M x 6."""
    reached, useful = np.zeros((2, 4, len(used)), dtype=np.bool_)
    reached[0], useful[3] = True, True
    for edge, (source, target) in enumerate(EDGES):
        reached[target] |= reached[source] & used[:, edge]
    for edge, (source, target) in reversed(list(enumerate(EDGES))):
        useful[source] |= useful[target] & used[:, edge]
    return np.stack([reached[source] & useful[target] for source, target in EDGES], axis=1)
