"""Tables of the NAS-Bench-201 space that this project trained: data sets of `nasbench201`, in the open format."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from equipoise.harness.benchmarks._nasbench201_objectives import SIZES
from equipoise.harness.benchmarks._nasbench201_sizes import cell_sizes
from equipoise.harness.benchmarks._open_table import columns_of, space_of, table_info, table_missing
from equipoise.harness.benchmarks._score_table import stored_scores
from equipoise.harness.benchmarks._trained_table import TrainedTableTask
from equipoise.harness.core.scores import Score
from equipoise.harness.core.task import Noise
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.tables.table import peek

__all__ = ["trained_here"]

_CITATIONS = {
    "fashion14": """@misc{xiao2017fashion,
  title = {{Fashion-MNIST}: a Novel Image Dataset for Benchmarking Machine Learning Algorithms},
  author = {Xiao, Han and Rasul, Kashif and Vollgraf, Roland},
  year = {2017},
  howpublished = {arXiv:1708.07747}
}"""
}

SPACE = NasBench201()
STEPS = 376
"""Training steps of a network: 47 batches of 64 images in each of 8 epochs."""
STORED_SCORES = ("synflow", "jacov", "nwot", "grad_norm", "snip")
"""The columns of the files of scores beside these tables."""
_PRICED = f"computed here on a batch of 64 training images; price: one of the {STEPS} steps of a training"


def trained_here(name: str, path: Path, citation: str, noise: Noise) -> TrainedTableTask:
    """Small networks of all cells, trained on embedded images: every epoch, test errors, and the images to train on.

    The pitfalls are those of the header, the meaning of its seconds, and the figures that `equipoise data summary`
    wrote beside the table, where it did.

    Args:
        name: Of the task.
        path: The table file.
        citation: BibTeX of the space.
        noise: See `Task`.
    """
    info = table_info(name, path)
    written = path.with_suffix(".md")
    figures = written.read_text().splitlines() if written.is_file() else []
    cost = f"cost_seconds: {peek(path)[0].cost}."
    info = replace(
        info,
        citation=f"{citation}\n{_CITATIONS[info.dataset]}",
        pitfalls=(*info.pitfalls, cost, *(line.removeprefix("- ") for line in figures)),
    )
    info = replace(info, objectives=(*SIZES, *info.objectives))
    space, columns, skip = partial(space_of, path), partial(columns_of, path), partial(table_missing, path)
    stored = stored_scores(path.with_name(f"{path.stem}-scores.parquet"), SPACE, STORED_SCORES)
    info = info.deferring(scores=partial(tuple, [Score(name, 1.0 / STEPS, _PRICED) for name in stored]))
    sizes = {measure: partial(cell_sizes, info.dataset, measure) for measure in ("parameters", "flops")}
    return TrainedTableTask(info, space, columns, noise, skip, path, sizes, sizes, stored)
