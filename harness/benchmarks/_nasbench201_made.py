"""Tables of the NAS-Bench-201 space that were made by training here: data sets of `nasbench201`, in the open format."""

from functools import cached_property
from pathlib import Path
from typing import Any

from equipoise.harness.benchmarks import nasbench201
from equipoise.harness.benchmarks._open_table import OpenTable

__all__ = ["MadeTask"]

_CITATIONS = {
    "fashion14": """@misc{xiao2017fashion,
  title = {{Fashion-MNIST}: a Novel Image Dataset for Benchmarking Machine Learning Algorithms},
  author = {Xiao, Han and Rasul, Kashif and Vollgraf, Roland},
  year = {2017},
  howpublished = {arXiv:1708.07747}
}"""
}


class MadeTask(OpenTable):
    """Small networks of all cells, trained on embedded images: every epoch, test errors, and the images to train on."""

    benchmark = "nasbench201"
    datasets = tuple(nasbench201.MADE)

    @property
    def path(self) -> Path:
        """Beside this file."""
        return nasbench201.MADE[self.dataset]

    @property
    def citation(self) -> str:  # type: ignore[override]
        """The space and the images."""
        return f"{nasbench201.NasBench201Task.citation}\n{_CITATIONS[self.dataset]}"

    @cached_property
    def pitfalls(self) -> tuple[str, ...]:  # type: ignore[override]
        """Those of the header, what its seconds are, and the figures that `equipoise data card` wrote beside it."""
        figures = self.path.with_suffix(".md").read_text().splitlines()
        return (*super().pitfalls, f"cost_seconds: {self.header.cost}.", *(line.removeprefix("- ") for line in figures))

    def resource(self, need: str) -> Any | None:
        """``images``: those the table was trained on, without the test images; ``recipes``: how."""
        if need not in ("images", "recipes"):
            return None
        return nasbench201.given(need, self.dataset)
