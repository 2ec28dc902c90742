"""Tables of the NAS-Bench-201 space that were made by training here: data sets of `nasbench201`, in the open format."""

from dataclasses import replace
from functools import partial

from equipoise.harness.benchmarks import nasbench201
from equipoise.harness.benchmarks._open_table import columns_of, space_of, table_info, table_missing
from equipoise.harness.core.task import Noise
from equipoise.harness.tables.table import peek

__all__ = ["made_task"]

_CITATIONS = {
    "fashion14": """@misc{xiao2017fashion,
  title = {{Fashion-MNIST}: a Novel Image Dataset for Benchmarking Machine Learning Algorithms},
  author = {Xiao, Han and Rasul, Kashif and Vollgraf, Roland},
  year = {2017},
  howpublished = {arXiv:1708.07747}
}"""
}


def made_task(dataset: str, noise: Noise) -> nasbench201.TrainedTableTask:
    """Small networks of all cells, trained on embedded images: every epoch, test errors, and the images to train on.

    The pitfalls are those of the header, the meaning of its seconds, and the figures that `equipoise data card` wrote
    beside the table.
    """
    path = nasbench201.MADE[dataset]
    info = table_info(f"nasbench201/{dataset}", path)
    figures = path.with_suffix(".md").read_text().splitlines()
    cost = f"cost_seconds: {peek(path)[0].cost}."
    info = replace(
        info,
        citation=f"{nasbench201.CITATION}\n{_CITATIONS[dataset]}",
        pitfalls=(*info.pitfalls, cost, *(line.removeprefix("- ") for line in figures)),
    )
    return nasbench201.TrainedTableTask(
        info, partial(space_of, path), partial(columns_of, path), noise, partial(table_missing, path), path
    )
