"""The vector that NAS-Bench-301 makes of a genotype: 56 numbers, of which 34 depend on the genotype."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.darts import CELLS, PAIRS, Darts

__all__ = ["NAMES", "WIDTH", "vectors"]

NOT_CHOSEN = -1.0
"""Stands for the operation of an edge that is not chosen."""


def _whole(value: int, low: int, high: int, log: bool = False) -> float:
    """A whole number scaled to [0, 1] as ConfigSpace before 1.0 did: each number has an interval of width 0.99998."""
    scale = math.log if log else float
    low_end, high_end = scale(low - 0.49999), scale(high + 0.49999)
    return (scale(value) - low_end) / (high_end - low_end)


_TRAINING = {
    "CreateImageDataLoader:batch_size": _whole(96, 64, 128, log=True),
    "ImageAugmentation:augment": 0.0,
    "ImageAugmentation:autoaugment": 0.0,
    "ImageAugmentation:cutout": 0.0,
    "ImageAugmentation:cutout_holes": _whole(1, 1, 3),
    "ImageAugmentation:cutout_length": _whole(16, 1, 50),
    "ImageAugmentation:fastautoaugment": 0.0,
    "LossModuleSelectorIndices:loss_module": 0.0,
    "NetworkSelectorDatasetInfo:darts:auxiliary": 0.0,
    "NetworkSelectorDatasetInfo:darts:drop_path_prob": 0.0,  # a constant there: its value, 0.2, is not encoded
    "NetworkSelectorDatasetInfo:darts:init_channels": _whole(32, 1, 10_000),
    "NetworkSelectorDatasetInfo:darts:layers": _whole(8, 1, 10_000),
    "NetworkSelectorDatasetInfo:network": 0.0,
    "OptimizerSelector:optimizer": 0.0,
    "OptimizerSelector:sgd:learning_rate": math.log(0.025),  # normal: not scaled to [0, 1]
    "OptimizerSelector:sgd:momentum": (0.9 - 0.1) / (0.99 - 0.1),
    "OptimizerSelector:sgd:weight_decay": math.log(0.0003),
    "SimpleLearningrateSchedulerSelector:cosine_annealing:T_max": _whole(100, 1, 10_000),
    "SimpleLearningrateSchedulerSelector:cosine_annealing:eta_min": 1e-8 / 10_000,
    "SimpleLearningrateSchedulerSelector:lr_scheduler": 0.0,
    "SimpleTrainNode:batch_loss_computation_technique": 0.0,
    "SimpleTrainNode:mixup:alpha": (math.log(0.2) - math.log(0.01)) / (math.log(0.7) - math.log(0.01)),
}
"""The training settings of all networks of NAS-Bench-301, in the scale of its configuration space."""

_DARTS = "NetworkSelectorDatasetInfo:darts:"
_FIRST = {node: sum(range(2, node)) for node in PAIRS}
"""The number of the first edge into a node; its edges follow in the order of their sources."""


def _inputs(cell: str, node: int) -> str:
    return f"{_DARTS}inputs_node_{cell}_{node}"


def _edge(cell: str, node: int, source: int) -> str:
    return f"{_DARTS}edge_{cell}_{_FIRST[node] + source}"


def _names() -> tuple[str, ...]:
    """ConfigSpace sorts by name, the parameters that depend on no other first."""
    free, dependent = list(_TRAINING), list[str]()
    for cell in CELLS:
        for node, pairs in PAIRS.items():
            edges = [_edge(cell, node, source) for source in range(node)]
            if len(pairs) > 1:
                free.append(_inputs(cell, node))
                dependent += edges
            else:
                free += edges
    return (*sorted(free), *sorted(dependent))


NAMES = _names()
"""The names of the columns of a vector, in the order of the official configuration space."""

WIDTH = len(NAMES)

_PLACE = {name: place for place, name in enumerate(NAMES)}
_EMPTY = np.array([_TRAINING.get(name, NOT_CHOSEN) for name in NAMES])


def vectors(architectures: Sequence[Architecture]) -> npt.NDArray[np.float64]:
    """The vectors of some genotypes, n x 56.

    Source: Siems et al., NAS-Bench-301, and the package ``nasbench301`` 0.3, whose configuration space has operations
    and pairs of inputs in the order of `equipoise.harness.spaces.darts`.
    """
    chosen = np.array(architectures, dtype=np.int64).reshape(len(architectures), len(Darts.decisions))
    made = np.tile(_EMPTY, (len(chosen), 1))
    rows, place = np.arange(len(chosen)), 0
    for inputs, columns in _NODES:
        if inputs is None:
            made[:, columns[0]] = chosen[:, place : place + 2]
            place += 2
            continue
        made[:, inputs] = chosen[:, place]
        first, second = columns[chosen[:, place]].T
        made[rows, first], made[rows, second] = chosen[:, place + 1], chosen[:, place + 2]
        place += 3
    return made


_NODES = [
    (
        _PLACE[_inputs(cell, node)] if len(pairs) > 1 else None,
        np.array([[_PLACE[_edge(cell, node, source)] for source in pair] for pair in pairs]),
    )
    for cell in CELLS
    for node, pairs in PAIRS.items()
]
"""Each node's column of inputs, if it has one, and the columns of the two operations, one row per pair."""
