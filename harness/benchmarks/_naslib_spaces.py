"""NASLib's search spaces in our terms: which of ours each is, and how it wants an architecture written.

Read from NASLib's source (branch Develop, commit 0b51bc18): the classes of ``naslib.search_spaces``, their ``set_spec``
and ``query``, and ``naslib.utils.get_dataset_api``.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from equipoise.harness.benchmarks._transnas import IMAGES, METRICS
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Metric
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import EDGES, NasBench201
from equipoise.harness.spaces.nasbench201 import OPERATIONS as OPERATIONS_201
from equipoise.harness.spaces.nats_sss import CHANNELS, NatsSss
from equipoise.harness.spaces.transnas_macro import TransNasMacro
from equipoise.harness.spaces.transnas_micro import TransNasMicro

__all__ = ["NASLIB_SPACES", "NasLibSpace", "padded"]

EDGES_201 = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
"""In NASLib's order, source by source; ours is target by target."""

ORDER_201 = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")

NODES_101 = 7

ACCURACY = Metric.accuracy()


class NasLibSpace(NamedTuple):
    """A search space of NASLib.

    Attributes:
        cls: Its class in ``naslib.search_spaces``.
        space: The same architectures, here.
        spec: Writes an architecture as its ``set_spec`` wants it.
        metrics: Its data sets, as NASLib calls them, with what its accuracy is.
        tested: Whether its test accuracy is another number than its validation accuracy.
        of_dataset: Whether its constructor takes the data set.
        images: The images behind all its data sets; if empty, the data sets are named after theirs.
    """

    cls: str
    space: SearchSpace
    spec: Callable[[Architecture], Any]
    metrics: Mapping[str, Metric]
    tested: bool
    of_dataset: bool = False
    images: str = ""


def _indices_201(architecture: Architecture) -> list[int]:
    operations = {edge: OPERATIONS_201[option] for edge, option in zip(EDGES, architecture, strict=True)}
    return [ORDER_201.index(operations[edge]) for edge in EDGES_201]


def padded(architecture: Architecture) -> dict[str, Any]:
    """A NAS-Bench-101 cell with seven nodes: those that are not there stand before the output, without edges."""
    matrix, labels = NasBench101().matrix(architecture)
    nodes = len(labels)
    place = [*range(nodes - 1), NODES_101 - 1]
    wide = np.zeros((NODES_101, NODES_101), dtype=np.int8)
    wide[np.ix_(place, place)] = matrix
    return {"matrix": wide, "ops": [*labels[:-1], *["conv3x3-bn-relu"] * (NODES_101 - nodes), "output"]}


def _modules(architecture: Architecture) -> Any:
    digits = [option + 1 if option < 4 else 0 for option in architecture]
    return np.array(digits)


NASLIB_SPACES: Mapping[str, NasLibSpace] = {
    "nasbench101": NasLibSpace("NasBench101SearchSpace", NasBench101(), padded, {"cifar10": ACCURACY}, True),
    "nasbench201": NasLibSpace(
        "NasBench201SearchSpace",
        NasBench201(),
        _indices_201,
        dict.fromkeys(("cifar10", "cifar100", "ImageNet16-120"), ACCURACY),
        False,
    ),
    "natsbenchsize": NasLibSpace(
        "NATSBenchSizeSearchSpace",
        NatsSss(),
        lambda architecture: [int(CHANNELS[option]) for option in architecture],
        dict.fromkeys(("cifar100", "ImageNet16-120"), ACCURACY),
        True,
    ),
    "transbench101_micro": NasLibSpace(
        "TransBench101SearchSpaceMicro", TransNasMicro(), list, METRICS, True, of_dataset=True, images=IMAGES
    ),
    "transbench101_macro": NasLibSpace(
        "TransBench101SearchSpaceMacro", TransNasMacro(), _modules, METRICS, True, of_dataset=True, images=IMAGES
    ),
}
