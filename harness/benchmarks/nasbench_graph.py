"""NAS-Bench-Graph from the light tables embedded in the package nas-bench-graph."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._table import TableTask, cached_columns
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Benchmark, Metric, Noise, Objective, TaskInfo
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.harness.data.package import package_file
from equipoise.harness.data.unpickle import NUMPY_SCALARS, read_pickle
from equipoise.harness.spaces.nasbench_graph import LAYERS, LINKS, OPERATIONS, PROTEINS_OPERATIONS, NasBenchGraph

__all__ = ["NasBenchGraphBenchmark"]

_DIGESTS = {
    "arxiv": "7ee21a7653297a806c0ed1be3efe6ecc06acc84e48e942da0bfde0e5d287debe",
    "citeseer": "99c7f79b73372636305bf73fb32a58b63c57bd1871a152dd62ec72d984c8c50f",
    "computers": "fdb3dc0cf405d62322f0ab9614b2083c2a5e6576c2f43e4f2214be64bc62b1b3",
    "cora": "5e69b2f9bb08d8927d9ffd4921f8494a3cea349c9c3a461334cb9dc9e11701a8",
    "cs": "71ae8469930517160b024f52db6000a4897f1aff5d765beb27bb60952ed5bd31",
    "photo": "5511b4dc3f63fa988792177227db7901290fb9b27fc6c02e3036b29e134ed6df",
    "physics": "1e309bafee0b832c8b84fa3c039c36992bc0a910238b128f26b7e9190d7f2aea",
    "proteins": "b9e7fb0902bda44fec32c948e5fde822fb22d38d674c52e43ace5197378f2d21",
    "pubmed": "10b4dcf6cfd3a24f6059f7d541a4a872960b4adac0b3dba26abed1bb9a3d904d",
}
_SHAPES = ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 2), (0, 1, 3), (1, 1, 1), (1, 1, 2), (1, 2, 2), (1, 2, 3))
"""Links of layers 2 to 4 in the order in which the benchmark numbers them; representatives use no others."""

OBJECTIVES = (Objective("latency", "s"), Objective("parameters", ""))
PITFALLS = (
    "latency is what the source stores with every network, in seconds, without a spread: one machine, one time.",
    "The source stores one value per architecture, no seeds, no epochs and no training time: "
    "noise = 'single' and budgets in seconds or epochs are refused.",
    "Differences between good architectures are small: random search is close to every method in accuracy points.",
)
CITATION = """@inproceedings{qin2022nasbenchgraph,
  title = {{NAS-Bench-Graph}: Benchmarking Graph Neural Architecture Search},
  author = {Qin, Yijian and Zhang, Ziwei and Wang, Xin and Zhang, Zeyang and Zhu, Wenwu},
  booktitle = {Advances in Neural Information Processing Systems, Datasets and Benchmarks Track},
  year = {2022}
}"""


class NasBenchGraphBenchmark(Benchmark):
    """26,206 graph neural networks (2,021 on Proteins), each value the mean over three training seeds."""

    name = "nasbench_graph"
    datasets = tuple(_DIGESTS)

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> TableTask:
        """Makes the task of one graph data set; the Proteins table holds five of the nine operations."""
        info = TaskInfo(
            name=f"{self.name}/{dataset}",
            source="Qin, Zhang, Wang, Zhang and Zhu, NAS-Bench-Graph, NeurIPS 2022; light tables of nas-bench-graph "
            "1.4.0: validation and test performance, mean of three seeds",
            licence="Apache-2.0",
            metric=Metric.accuracy("ROC-AUC" if dataset == "proteins" else "accuracy"),
            data_digest=_DIGESTS[dataset],
            citation=CITATION,
            validation_split="valid_perf: the nodes of the validation mask",
            test_split="perf: the nodes of the test mask",
            pitfalls=PITFALLS,
            has_cost=False,
            is_lookup=True,
            objectives=OBJECTIVES,
        )
        space = NasBenchGraph(PROTEINS_OPERATIONS if dataset == "proteins" else OPERATIONS)
        read = partial(_read, dataset, space)
        columns = partial(cached_columns, info.name, _DIGESTS[dataset], read)
        parameters, latency = (partial(_stored, dataset, space, what) for what in ("parameters", "latency"))
        objectives = {"latency": latency, "parameters": parameters}
        return TableTask(info, space, columns, noise, sizes={"parameters": parameters}, objectives=objectives)


def _table(dataset: str) -> dict[int, dict[str, Any]]:
    path = package_file("nas_bench_graph", "nas-bench-graph==1.4.0", f"light/{dataset}.bench", _DIGESTS[dataset])
    table: dict[int, dict[str, Any]] = read_pickle(path, NUMPY_SCALARS)
    return table


def _read(dataset: str, space: NasBenchGraph) -> Columns:
    """Reads the pickle: the benchmark's number of a network to its record."""
    table = _table(dataset)
    records = [table[_number(space, cell)] for cell in space.enumerate()]
    validation = 1.0 - np.array([float(record["valid_perf"]) for record in records])
    test = 1.0 - np.array([float(record["perf"]) for record in records])
    return {"validation": validation[None, :, None], "seconds": np.full((1, len(records)), np.nan), "test": test}


def _stored(dataset: str, space: NasBenchGraph, what: str) -> npt.NDArray[np.float64]:
    """The stored numbers of parameters, which the source gives in millions, or latencies."""

    def build() -> Columns:
        table = _table(dataset)
        records = [table[_number(space, cell)] for cell in space.enumerate()]
        return {
            "parameters": np.array([1e6 * float(record["para"]) for record in records]),
            "latency": np.array([float(record["latency"]) for record in records]),
        }

    return np.asarray(open_columns(f"nasbench_graph/{dataset}/objectives", _DIGESTS[dataset], build)[what])


def _number(space: NasBenchGraph, architecture: Architecture) -> int:
    """The benchmark's own number of a representative: shape, then four decimal digits of operations."""
    number = _SHAPES.index(architecture[:LINKS])
    for option in architecture[LINKS:]:
        number = number * (len(OPERATIONS) + 1) + OPERATIONS.index(space.operations[option])
    assert len(architecture) == LINKS + LAYERS
    return number
